/* Convolutions that oneDNN does badly; geometry as int64 numbers in the order of conv_shape. */
#ifndef BELLOWS_CONVOLUTION_H
#define BELLOWS_CONVOLUTION_H

#include <stdint.h>

typedef struct {
  int64_t rows, channels, outputs;
  int64_t in[2], out[2], kernel[2], stride[2], low[2];
} conv_shape;

/* Floats of space that bl_conv_grad_input needs. */
int64_t bl_conv_grad_input_space(const conv_shape *s);
void bl_conv_grad_input(const conv_shape *s, const float *dy, const float *w, float *dx, float *space);

#endif
