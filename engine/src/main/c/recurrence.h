/* Recurrent layers. shape: cell, rows, steps, units, reverse, final state; space: floats of NativeRecurrence.spaceFloats. */
#ifndef BELLOWS_RECURRENCE_H
#define BELLOWS_RECURRENCE_H

#include <stdint.h>

void bl_recurrent_forward(const int64_t *shape, const float *x, const float *weights, const float *state,
                          const float *bias, const int32_t *lengths, float *y, float *trace, float *space);
void bl_recurrent_backward(const int64_t *shape, const float *dy, const float *trace, const float *weights,
                           const int32_t *lengths, float *dx, float *dstate, float *space);

#endif
