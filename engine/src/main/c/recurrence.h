/*
 * Recurrent layers. shape: cell, rows, steps, units, reverse, final state, unit of the products (recurrent_product.h;
 * weights are of bfloat16 unless it is SINGLE); space: floats of NativeRecurrence.spaceFloats; packed weights: of
 * bl_recurrent_pack, floats of NativeRecurrence.packedFloats.
 */
#ifndef BELLOWS_RECURRENCE_H
#define BELLOWS_RECURRENCE_H

#include <stdint.h>

void bl_recurrent_pack(const int64_t *shape, int backward, const void *weights, float *to);
void bl_recurrent_forward(const int64_t *shape, const float *x, float *weights, const float *state,
                          const float *bias, const int32_t *lengths, float *y, float *trace, float *space);
void bl_recurrent_backward(const int64_t *shape, const float *dy, const float *trace, float *weights,
                           const int32_t *lengths, float *dx, float *dstate, float *space);

/* The fastest unit for products of bfloat16 operands on this machine. */
int bl_recurrent_unit(void);

#endif
