/*
 * The gradient of an image of few channels. A line of the kernel is a run of kernel width times channels neighbours in
 * a channels-last image: per line of output pixels one product in cache gives the runs of all kernel lines, which are
 * then added where they belong, in order.
 */
#include "convolution.h"
#include "small_gemm.h"
#include <string.h>

static int64_t run_of(const conv_shape *s) { return s->kernel[1] * s->channels; }

/* A run in whole panels. */
static int64_t padded_run(const conv_shape *s) { return (run_of(s) + PANEL - 1) / PANEL * PANEL; }

INLINE void add_panel(float *to, const float *values) {
  for (int i = 0; i < PANEL; i += VEC) {
    vec_store(to + i, vec_load(to + i) + vec_load(values + i));
  }
}

/* Adds a run that begins at `first` of a line, what of it is inside. */
INLINE void add_run(float *to, int64_t line, int64_t first, const float *values, int64_t run, int64_t padded) {
  if (first >= 0 && first + padded <= line) { /* the zeros behind the run change nothing */
    for (int64_t i = 0; i < padded; i += PANEL) { add_panel(to + first + i, values + i); }
  } else {
    const int64_t from = first < 0 ? -first : 0, end = first + run > line ? line - first : run;
    for (int64_t i = from; i < end; i++) { to[first + i] += values[i]; }
  }
}

int64_t bl_conv_grad_input_space(const conv_shape *s) {
  return s->kernel[0] * padded_run(s) * (s->outputs + s->out[1]);
}

void bl_conv_grad_input(const conv_shape *s, const float *dy, const float *w, float *dx, float *space) {
  const int64_t run = run_of(s), padded = padded_run(s), width = s->kernel[0] * padded;
  float *packed = space, *runs = space + s->outputs * width;
  memset(packed, 0, (size_t)(s->outputs * width) * 4);
  for (int64_t kh = 0; kh < s->kernel[0]; kh++) {
    for (int64_t i = 0; i < run; i++) {
      for (int64_t o = 0; o < s->outputs; o++) {
        packed[o * width + kh * padded + i] = w[(kh * run + i) * s->outputs + o];
      }
    }
  }
  const int64_t line = s->in[1] * s->channels;
  memset(dx, 0, (size_t)(s->rows * s->in[0] * line) * 4);
  for (int64_t r = 0; r < s->rows; r++) {
    for (int64_t oh = 0; oh < s->out[0]; oh++) {
      small_gemm(s->out[1], width, s->outputs, dy + (r * s->out[0] + oh) * s->out[1] * s->outputs, s->outputs, 1, packed,
                 width, runs, width, 0);
      /* Lines inside: neighbouring runs overlap, and reading what was just written waits for the write. */
      for (int64_t ow = 0; ow < s->out[1]; ow++) {
        const int64_t first = (ow * s->stride[1] - s->low[1]) * s->channels;
        for (int64_t kh = 0; kh < s->kernel[0]; kh++) {
          const int64_t h = oh * s->stride[0] + kh - s->low[0];
          if (h >= 0 && h < s->in[0]) {
            add_run(dx + (r * s->in[0] + h) * line, line, first, runs + ow * width + kh * padded, run, padded);
          }
        }
      }
    }
  }
}
