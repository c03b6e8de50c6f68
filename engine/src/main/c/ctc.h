/* Connectionist temporal classification; sizes as in Alignment.CtcShape in Java. */
#ifndef BELLOWS_CTC_H
#define BELLOWS_CTC_H

#include <stdint.h>

typedef struct {
  int64_t rows, steps, classes, labels, blank;
} ctc_shape;

/* Doubles of space that either call needs. */
int64_t bl_ctc_space(const ctc_shape *s);

void bl_ctc(const ctc_shape *s, const float *x, const int32_t *labels, const int32_t *lengths, const int32_t *counts,
            float *loss, double *space);
void bl_ctc_grad(const ctc_shape *s, const float *dy, const float *x, const int32_t *labels, const int32_t *lengths,
                 const int32_t *counts, float *dx, double *space);

#endif
