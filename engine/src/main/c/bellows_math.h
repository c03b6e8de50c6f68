/*
 * Elementary functions in single precision as straight-line code that gcc vectorises.
 *
 * Every function is a fixed sequence of IEEE operations (built with -ffp-contract=off and without
 * -ffast-math), so a value does not depend on the lane, the alignment, the tail of a loop or the
 * instruction set, and dev.bellows.engine.kernel.plain.FloatMath gives the same bits in Java.
 * Polynomials: S. L. Moshier, Cephes Mathematical Library, single precision.
 */
#ifndef BELLOWS_MATH_H
#define BELLOWS_MATH_H

#include <math.h>
#include <stdint.h>

#define INLINE static inline __attribute__((always_inline))

/* Loops whose iterations are independent although x and y may be the same address. */
#define INDEPENDENT _Pragma("GCC ivdep")

INLINE float bits_to_float(uint32_t b) { float f; __builtin_memcpy(&f, &b, 4); return f; }
INLINE uint32_t float_to_bits(float f) { uint32_t b; __builtin_memcpy(&b, &f, 4); return b; }
INLINE float positive(float x) { return bits_to_float(float_to_bits(x) & 0x7fffffffu); }

/* 2^n for -126 <= n <= 127, n given as a whole float. */
INLINE float two_to(float n) { return bits_to_float((uint32_t)((int32_t)n + 127) << 23); }

/* e^r - 1 - r over r^2 on [-ln2/2, ln2/2]. */
INLINE float exp_poly(float r) {
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  return p;
}

INLINE float nearest(float x) { return (x + 12582912.0f) - 12582912.0f; }

INLINE float bl_exp(float x) {
  float c = x > 89.0f ? 89.0f : x;
  c = c < -104.0f ? -104.0f : c;
  c = c == c ? c : 0.0f;
  float n = nearest(c * 1.44269504088896341f);
  float r = c - n * 0.693359375f;
  r = r - n * -2.12194440e-4f;
  float y = exp_poly(r) * (r * r) + r + 1.0f;
  float half = nearest(n * 0.5f);
  y = y * two_to(half) * two_to(n - half);
  return x == x ? y : x;
}

/* e^x - 1, accurate near 0. */
INLINE float bl_expm1(float x) {
  float small = exp_poly(x) * (x * x) + x;
  float large = bl_exp(x) - 1.0f;
  return positive(x) < 0.34f ? small : large;
}

INLINE float bl_log(float x) {
  float scaled = x < 1.17549435e-38f ? x * 33554432.0f : x;
  float bias = x < 1.17549435e-38f ? 25.0f : 0.0f;
  uint32_t b = float_to_bits(scaled);
  float e = (float)((int32_t)(b >> 23) - 126);
  float m = bits_to_float((b & 0x007fffffu) | 0x3f000000u); /* [0.5, 1) */
  int below = m < 0.707106781186547524f;
  e = (below ? e - 1.0f : e) - bias;
  float r = below ? m + m - 1.0f : m - 1.0f;
  float z = r * r;
  float p = 7.0376836292e-2f;
  p = p * r - 1.1514610310e-1f;
  p = p * r + 1.1676998740e-1f;
  p = p * r - 1.2420140846e-1f;
  p = p * r + 1.4249322787e-1f;
  p = p * r - 1.6668057665e-1f;
  p = p * r + 2.0000714765e-1f;
  p = p * r - 2.4999993993e-1f;
  p = p * r + 3.3333331174e-1f;
  float y = r * z * p;
  y = y + e * -2.12194440e-4f;
  y = y - 0.5f * z;
  y = r + y + e * 0.693359375f;
  y = x == INFINITY ? x : y;
  y = x == 0.0f ? -INFINITY : y;
  y = x < 0.0f ? NAN : y;
  return x == x ? y : x;
}

/* ln(1 + u) for u >= 0 (W. Kahan's correction of the rounding of 1 + u). */
INLINE float bl_log1p(float u) {
  float w = 1.0f + u;
  float d = w - 1.0f;
  float y = bl_log(w) * (u / (d == 0.0f ? 1.0f : d));
  return d == 0.0f ? u : y;
}

INLINE float bl_sigmoid(float x) { return 1.0f / (1.0f + bl_exp(-x)); }

INLINE float bl_tanh(float x) {
  float a = positive(x);
  float z = x * x;
  float p = -5.70498872745e-3f;
  p = p * z + 2.06390887954e-2f;
  p = p * z - 5.37397155531e-2f;
  p = p * z + 1.33314422036e-1f;
  p = p * z - 3.33332819422e-1f;
  float small = p * z * x + x;
  float large = 1.0f - 2.0f / (bl_exp(a + a) + 1.0f);
  large = x < 0.0f ? -large : large;
  return a < 0.625f ? small : large;
}

INLINE float bl_softplus(float x) {
  float m = x > 0.0f ? x : 0.0f;
  float y = m + bl_log1p(bl_exp(-positive(x)));
  return x == x ? y : x;
}

/* tanh(softplus(x)) = e (e + 2) / (e (e + 2) + 2), e = e^x. */
INLINE float bl_tanh_softplus(float x) {
  float e = bl_exp(x > 20.0f ? 20.0f : x);
  float w = e * (e + 2.0f);
  return w / (w + 2.0f);
}

/* e^(-x^2 / 2) */
INLINE float bl_gaussian(float x) {
  float q = -0.5f * (x * x);
  q = q < -87.0f ? -87.0f : q;
  float n = nearest(q * 1.44269504088896341f);
  float r = q - n * 0.693359375f;
  r = r - n * -2.12194440e-4f;
  return (exp_poly(r) * (r * r) + r + 1.0f) * two_to(n);
}

/*
 * Phi(x), the normal distribution function, from the gaussian of x: erfc(z) = t P(t) e^(-z^2), t = 1 / (1 + 0.44 z),
 * P fitted by least squares to a relative error of 1.9e-7 for z in [0, 10] (form of C. Hastings, Approximations for
 * digital computers, 1955).
 */
INLINE float bl_normal_cdf(float x, float gaussian) {
  float z = positive(x) * 0.70710678118654752f;
  float t = 1.0f / (1.0f + 0.44f * z);
  float p = 0.0712234676f;
  p = p * t - 0.277948022f;
  p = p * t + 0.296687484f;
  p = p * t - 0.0201806501f;
  p = p * t + 0.215812221f;
  p = p * t + 0.217313558f;
  p = p * t + 0.248871177f;
  p = p * t + 0.24822095f;
  float half = 0.5f * (t * p * gaussian);
  return x < 0.0f ? half : 1.0f - half;
}

INLINE float bl_gelu(float x) { return x * bl_normal_cdf(x, bl_gaussian(x)); }

/* Phi(x) + x phi(x) */
INLINE float bl_gelu_slope(float x) {
  float gaussian = bl_gaussian(x);
  return bl_normal_cdf(x, gaussian) + x * (0.3989422804014327f * gaussian);
}

/*
 * Sums along a line in eight double lanes, element i in lane i % 8, joined in one order: the result is rounded
 * once, and the order is the same for every instruction set. A line may be added in pieces of a multiple of 8.
 */
#define LANES 8

INLINE void add_to_lanes(double *lane, const float *x, int64_t n) {
  int64_t i = 0;
  for (; i + LANES <= n; i += LANES) {
    for (int j = 0; j < LANES; j++) {
      lane[j] += x[i + j];
    }
  }
  for (int j = 0; i < n; i++, j++) {
    lane[j] += x[i];
  }
}

INLINE double join_lanes(const double *lane) {
  return ((lane[0] + lane[4]) + (lane[2] + lane[6])) + ((lane[1] + lane[5]) + (lane[3] + lane[7]));
}

INLINE double line_sum(const float *x, int64_t n) {
  double lane[LANES] = {0};
  add_to_lanes(lane, x, n);
  return join_lanes(lane);
}

/* Sum of the products of two lines. */
INLINE double line_dot(const float *x, const float *y, int64_t n) {
  double lane[LANES] = {0};
  int64_t i = 0;
  for (; i + LANES <= n; i += LANES) {
    for (int j = 0; j < LANES; j++) {
      lane[j] += (double)x[i + j] * (double)y[i + j];
    }
  }
  for (int j = 0; i < n; i++, j++) {
    lane[j] += (double)x[i] * (double)y[i];
  }
  return join_lanes(lane);
}

/* sum of e^(x - m) */
INLINE double exp_sum(const float *x, float m, int64_t n) {
  double lane[LANES] = {0};
  float e[64];
  for (int64_t i0 = 0; i0 < n; i0 += 64) {
    int64_t b = n - i0 < 64 ? n - i0 : 64;
    INDEPENDENT for (int64_t i = 0; i < b; i++) { e[i] = bl_exp(x[i0 + i] - m); }
    add_to_lanes(lane, e, b);
  }
  return join_lanes(lane);
}

/* The largest of n values, NaN when one is NaN; the order does not matter. */
INLINE float row_max(const float *x, int64_t n) {
  float m = -INFINITY;
  uint32_t nan = 0;
  int64_t i = 0;
  if (n >= 32) {
    float lane[16];
    for (int j = 0; j < 16; j++) {
      lane[j] = x[j];
      nan |= (uint32_t)(x[j] != x[j]);
    }
    for (i = 16; i + 16 <= n; i += 16) {
      for (int j = 0; j < 16; j++) {
        lane[j] = x[i + j] > lane[j] ? x[i + j] : lane[j];
        nan |= (uint32_t)(x[i + j] != x[i + j]);
      }
    }
    for (int j = 0; j < 16; j++) {
      m = lane[j] > m ? lane[j] : m;
    }
  }
  for (; i < n; i++) {
    m = x[i] > m ? x[i] : m;
    nan |= (uint32_t)(x[i] != x[i]);
  }
  return nan ? NAN : m;
}

/* sin(r) and cos(r) on [-pi/4, pi/4]. */
INLINE float sin_poly(float r) {
  float z = r * r;
  float p = -1.9515295891e-4f;
  p = p * z + 8.3321608736e-3f;
  p = p * z - 1.6666654611e-1f;
  return p * z * r + r;
}

INLINE float cos_poly(float r) {
  float z = r * r;
  float p = 2.443315711809948e-5f;
  p = p * z - 1.388731625493765e-3f;
  p = p * z + 4.166664568298827e-2f;
  return p * z * z - 0.5f * z + 1.0f;
}

/* sin(2 pi v) and cos(2 pi v) for 0 <= v < 1. */
INLINE float bl_sin_turns(float v) {
  float quarter = nearest(v * 4.0f);
  float r = (v - quarter * 0.25f) * 6.28318530717958648f;
  int32_t k = (int32_t)quarter & 3;
  float y = (k & 1) == 0 ? sin_poly(r) : cos_poly(r);
  return k >= 2 ? -y : y;
}

INLINE float bl_cos_turns(float v) {
  float quarter = nearest(v * 4.0f);
  float r = (v - quarter * 0.25f) * 6.28318530717958648f;
  int32_t k = (int32_t)quarter & 3;
  float y = (k & 1) == 0 ? cos_poly(r) : sin_poly(r);
  return k == 1 || k == 2 ? -y : y;
}

#endif
