/* Sixteen channels at once, the last ones of a tensor in part. */
#ifndef BELLOWS_LANES_H
#define BELLOWS_LANES_H

#include "bellows_math.h"

/* Vectors of 16 are passed between inlined functions only. */
#pragma GCC diagnostic ignored "-Wpsabi"

#define LANES_16 16

typedef float lanes __attribute__((vector_size(64), aligned(4)));
typedef int32_t mask __attribute__((vector_size(64), aligned(4)));

#define where(M, V) ((lanes)((mask)(V) & (M)))

INLINE lanes load(const float *p, int64_t n) {
  lanes v = {0};
  if (n == LANES_16) {
    v = *(const lanes *)p;
  } else {
    for (int64_t i = 0; i < n; i++) { v[i] = p[i]; }
  }
  return v;
}

INLINE void store(float *p, lanes v, int64_t n) {
  if (n == LANES_16) {
    *(lanes *)p = v;
  } else {
    for (int64_t i = 0; i < n; i++) { p[i] = v[i]; }
  }
}

#endif
