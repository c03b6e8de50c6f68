/* Operands of batch normalisation: 8 bytes each, written by dev.bellows.engine.kernel.cpu.NativeBatchNorm. */
#ifndef BELLOWS_BATCH_NORM_H
#define BELLOWS_BATCH_NORM_H

#include <stdint.h>

typedef struct {
  int64_t rows, channels, relu;
  double epsilon;
  const float *x, *skip; /* skip: null for none */
  const float *scale, *shift;
  float *mean, *variance;
  float *y;          /* null when only the rounded one is read */
  uint16_t *rounded; /* y in bfloat16: null for none */
} bn_forward;

enum { BN_NO_MASK, BN_MASK_FROM_Y, BN_MASK_FROM_X };

typedef struct {
  int64_t rows, channels;
  double epsilon;
  const float *dy, *more; /* two gradients to add, or more null */
  const float *y;         /* output of relu: null for none */
  const float *shift;     /* without y: relu's output is made again from x; null for no relu */
  const float *x, *mean, *variance, *scale;
  float *masked; /* the gradient before normalisation: null when nobody reads it */
  float *dx;     /* null when only the rounded one is read */
  float *dscale, *dshift;
  uint16_t *rounded; /* dx in bfloat16: null for none */
} bn_backward;

void bl_batch_norm_forward(const bn_forward *f);
void bl_batch_norm_backward(const bn_backward *b);

#endif
