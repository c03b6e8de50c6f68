/*
 * Matrix products of matrices that are in the cache: C [m, n] = A B, or C + A B. Element (i, k) of A stands at
 * a[i * ai + k * ak], rows of B and C are dense and n is a multiple of PANEL, padded with zeros. Every element is one
 * chain of fused multiply-adds over k in order: the same bits for every instruction set.
 */
#ifndef BELLOWS_SMALL_GEMM_H
#define BELLOWS_SMALL_GEMM_H

#include "bellows_math.h"
#include <immintrin.h>

#define PANEL 32

#ifdef __AVX512F__
typedef __m512 vec;
#define VEC 16
#define TILE_ROWS 8
#define vec_load _mm512_loadu_ps
#define vec_store _mm512_storeu_ps
#define vec_all _mm512_set1_ps
#define vec_fma _mm512_fmadd_ps
#define vec_zero _mm512_setzero_ps
#define TILE_COLS 32
#else
typedef __m256 vec;
#define VEC 8
#define TILE_ROWS 4
#define vec_load _mm256_loadu_ps
#define vec_store _mm256_storeu_ps
#define vec_all _mm256_set1_ps
#define vec_fma _mm256_fmadd_ps
#define vec_zero _mm256_setzero_ps
#define TILE_COLS 16
#endif

/* `rows` rows (a constant where it is inlined) of two vectors of columns. */
INLINE void gemm_tile(const int rows, int64_t k, const float *a, int64_t ai, int64_t ak, const float *b, int64_t ldb,
                      float *c, int64_t ldc, int add) {
  vec sum[TILE_ROWS][2];
#pragma GCC unroll 8
  for (int i = 0; i < rows; i++) {
    sum[i][0] = add ? vec_load(c + i * ldc) : vec_zero();
    sum[i][1] = add ? vec_load(c + i * ldc + VEC) : vec_zero();
  }
  for (int64_t p = 0; p < k; p++) {
    const vec b0 = vec_load(b + p * ldb), b1 = vec_load(b + p * ldb + VEC);
#pragma GCC unroll 8
    for (int i = 0; i < rows; i++) {
      const vec left = vec_all(a[i * ai + p * ak]);
      sum[i][0] = vec_fma(left, b0, sum[i][0]);
      sum[i][1] = vec_fma(left, b1, sum[i][1]);
    }
  }
#pragma GCC unroll 8
  for (int i = 0; i < rows; i++) {
    vec_store(c + i * ldc, sum[i][0]);
    vec_store(c + i * ldc + VEC, sum[i][1]);
  }
}

static __attribute__((noinline)) void small_gemm(int64_t m, int64_t n, int64_t k, const float *a, int64_t ai, int64_t ak,
                                                 const float *b, int64_t ldb, float *c, int64_t ldc, int add) {
  for (int64_t j = 0; j < n; j += TILE_COLS) {
    int64_t i = 0;
    for (; i + TILE_ROWS <= m; i += TILE_ROWS) {
      gemm_tile(TILE_ROWS, k, a + i * ai, ai, ak, b + j, ldb, c + i * ldc + j, ldc, add);
    }
    for (; i + 2 <= m; i += 2) { gemm_tile(2, k, a + i * ai, ai, ak, b + j, ldb, c + i * ldc + j, ldc, add); }
    if (i < m) { gemm_tile(1, k, a + i * ai, ai, ak, b + j, ldb, c + i * ldc + j, ldc, add); }
  }
}

#endif
