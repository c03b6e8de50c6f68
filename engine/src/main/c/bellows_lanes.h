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

#ifdef __AVX512F__
#include <immintrin.h>

INLINE __mmask16 first_lanes(int64_t n) { return (__mmask16)((1u << n) - 1u); }

INLINE lanes load(const float *p, int64_t n) {
  return n == LANES_16 ? *(const lanes *)p : (lanes)_mm512_maskz_loadu_ps(first_lanes(n), p);
}

INLINE void store(float *p, lanes v, int64_t n) {
  if (n == LANES_16) {
    *(lanes *)p = v;
  } else {
    _mm512_mask_storeu_ps(p, first_lanes(n), (__m512)v);
  }
}
#else
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

typedef uint32_t lane_bits __attribute__((vector_size(64), aligned(4)));
typedef uint16_t halves __attribute__((vector_size(32), aligned(2)));

/* Rounded to bfloat16 as bl_to_bfloat16 does: to nearest even, NaN stays NaN. */
INLINE void store_rounded(uint16_t *p, lanes v, int64_t n) {
  const lane_bits bits = (lane_bits)v;
  const lane_bits even = bits + 0x7FFFu + (bits >> 16 & 1u);
  const lane_bits nan = (lane_bits)(v != v);
  const halves rounded = __builtin_convertvector(((even & ~nan) | ((bits | 0x400000u) & nan)) >> 16, halves);
  if (n == LANES_16) {
    *(halves *)p = rounded;
  } else {
    for (int64_t i = 0; i < n; i++) { p[i] = rounded[i]; }
  }
}

#endif
