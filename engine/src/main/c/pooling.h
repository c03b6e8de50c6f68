/* Pooling of channels-last images; geometry as int64 numbers in the order of pool_shape. */
#ifndef BELLOWS_POOLING_H
#define BELLOWS_POOLING_H

#include <stdint.h>

typedef struct {
  int64_t rows, channels;
  int64_t in[3], out[3], kernel[3], stride[3], dilation[3], low[3];
  int64_t tiles; /* windows cover the input exactly and share nothing */
} pool_shape;

void bl_max_pool(const pool_shape *s, int relu, const float *x, float *y, int32_t *index);
void bl_max_pool_grad(const pool_shape *s, const float *dy, const int32_t *index, const float *positive, float *dx);
void bl_average_pool(const pool_shape *s, int padded, const float *x, float *y);
void bl_average_pool_grad(const pool_shape *s, int padded, const float *dy, float *dx);
void bl_take(int64_t rows, int64_t positions, int64_t places, int64_t channels, const float *x, const int32_t *index,
             float *y);
void bl_put(int64_t rows, int64_t positions, int64_t places, int64_t channels, const float *dy, const int32_t *index,
            float *dx);
/* eight corners and weights per output position */
void bl_resize(int64_t rows, int64_t positions, int64_t places, int64_t channels, const int32_t *corner,
               const float *weight, const float *x, float *y);
void bl_resize_grad(int64_t rows, int64_t positions, int64_t places, int64_t channels, const int32_t *corner,
                    const float *weight, const float *dy, float *dx);
void bl_channel_sum(int64_t rows, int64_t channels, int64_t half, const float *x, float *y);

#endif
