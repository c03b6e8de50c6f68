#ifndef BELLOWS_NORMALISATION_H
#define BELLOWS_NORMALISATION_H

#include <stdint.h>

void bl_group_norm(int64_t rows, int64_t places, int64_t groups, int64_t width, float epsilon, const float *x,
                   const float *scale, const float *shift, float *y);

/* scale may be null when dx is; dx, dscale, dshift are null where they are not wanted. */
void bl_group_norm_grad(int64_t rows, int64_t places, int64_t groups, int64_t width, float epsilon, const float *dy,
                        const float *x, const float *scale, float *dx, float *dscale, float *dshift);

#endif
