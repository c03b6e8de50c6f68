/*
 * Each part's product is one chain of fused multiply-adds over k in order, and the parts are added as a binary tree,
 * ((0 + 1) + (2 + 3)) + ...: the same bits for every instruction set, and those of the parts computed one by one and added
 * afterwards. The tree of a tile is kept beside its registers, so that no gradient of a single part goes through memory:
 * for a dense layer of 784 x 256 and parts of 16 rows writing and adding those costs as much as the arithmetic.
 */
#include "outer_sum.h"
#include "bellows_math.h"
#include <immintrin.h>

#define MAX_LEVELS 4 /* of the tree below its last sum: 16 parts */
#define ROWS 6

#ifdef __AVX512F__
typedef __m512 vec;
typedef __mmask16 vec_mask;
#define VEC 16
#define VECS 4
#define vec_all _mm512_set1_ps
#define vec_zero _mm512_setzero_ps
#define vec_add _mm512_add_ps
#define vec_fma _mm512_fmadd_ps
#define vec_load _mm512_loadu_ps
#define vec_store _mm512_storeu_ps
#define vec_load_part(P, M) _mm512_maskz_loadu_ps(M, P)
#define vec_store_part(P, M, V) _mm512_mask_storeu_ps(P, M, V)
INLINE vec_mask first_of(int64_t n) { return (vec_mask)((1u << n) - 1u); }
#else
typedef __m256 vec;
typedef __m256i vec_mask;
#define VEC 8
#define VECS 2
#define vec_all _mm256_set1_ps
#define vec_zero _mm256_setzero_ps
#define vec_add _mm256_add_ps
#define vec_fma _mm256_fmadd_ps
#define vec_load _mm256_loadu_ps
#define vec_store _mm256_storeu_ps
#define vec_load_part(P, M) _mm256_maskload_ps(P, M)
#define vec_store_part(P, M, V) _mm256_maskstore_ps(P, M, V)
INLINE vec_mask first_of(int64_t n) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
#endif

typedef struct {
  int64_t parts;
  const int64_t *a, *b;
  int64_t m, n, k;
  float *c;
} outer;

/* The tile of `rows` x `vecs` vectors at (i, j); the last vector counts as far as `last` says. Constants are inlined. */
INLINE void outer_tile(const outer *o, const int rows, const int vecs, const int whole, vec_mask last, int64_t i, int64_t j) {
  vec waiting[MAX_LEVELS][ROWS][VECS];
  for (int64_t g = 0; g < o->parts; g++) {
    const float *a = (const float *)o->a[g] + i, *b = (const float *)o->b[g] + j;
    vec sum[ROWS][VECS];
#pragma GCC unroll 8
    for (int r = 0; r < rows; r++) {
#pragma GCC unroll 4
      for (int v = 0; v < vecs; v++) { sum[r][v] = vec_zero(); }
    }
    for (int64_t p = 0; p < o->k; p++, a += o->m, b += o->n) {
      vec right[VECS];
#pragma GCC unroll 4
      for (int v = 0; v < vecs; v++) {
        right[v] = v < vecs - 1 || whole ? vec_load(b + v * VEC) : vec_load_part(b + v * VEC, last);
      }
#pragma GCC unroll 8
      for (int r = 0; r < rows; r++) {
        const vec left = vec_all(a[r]);
#pragma GCC unroll 4
        for (int v = 0; v < vecs; v++) { sum[r][v] = vec_fma(left, right[v], sum[r][v]); }
      }
    }
    int level = 0;
    for (int64_t left = g; left & 1; left >>= 1, level++) { /* the subtrees that end here */
#pragma GCC unroll 8
      for (int r = 0; r < rows; r++) {
#pragma GCC unroll 4
        for (int v = 0; v < vecs; v++) { sum[r][v] = vec_add(waiting[level][r][v], sum[r][v]); }
      }
    }
    if (g < o->parts - 1) {
#pragma GCC unroll 8
      for (int r = 0; r < rows; r++) {
#pragma GCC unroll 4
        for (int v = 0; v < vecs; v++) { waiting[level][r][v] = sum[r][v]; }
      }
    } else {
#pragma GCC unroll 8
      for (int r = 0; r < rows; r++) {
        float *c = o->c + (i + r) * o->n + j;
#pragma GCC unroll 4
        for (int v = 0; v < vecs; v++) {
          if (v < vecs - 1 || whole) {
            vec_store(c + v * VEC, sum[r][v]);
          } else {
            vec_store_part(c + v * VEC, last, sum[r][v]);
          }
        }
      }
    }
  }
}

INLINE void outer_columns(const outer *o, const int vecs, const int whole, int64_t j) {
  const vec_mask last = first_of(whole ? VEC : o->n - j - (vecs - 1) * VEC);
  int64_t i = 0;
  for (; i + ROWS <= o->m; i += ROWS) { outer_tile(o, ROWS, vecs, whole, last, i, j); }
  for (; i < o->m; i++) { outer_tile(o, 1, vecs, whole, last, i, j); }
}

void bl_outer_sum(int64_t parts, const int64_t *a, const int64_t *b, int64_t m, int64_t n, int64_t k, float *c) {
  const outer o = {parts, a, b, m, n, k, c};
  int64_t j = 0;
  for (; j + VECS * VEC <= n; j += VECS * VEC) { outer_columns(&o, VECS, 1, j); }
  for (; j + VEC <= n; j += VEC) { outer_columns(&o, 1, 1, j); }
  if (j < n) { outer_columns(&o, 1, 0, j); }
}

INLINE vec part_sum(int64_t parts, const int64_t *x, int64_t at, const int whole, vec_mask last) {
  vec waiting[MAX_LEVELS], sum = vec_zero();
  for (int64_t g = 0; g < parts; g++) {
    const float *from = (const float *)x[g] + at;
    sum = whole ? vec_load(from) : vec_load_part(from, last);
    int level = 0;
    for (int64_t left = g; left & 1; left >>= 1, level++) { sum = vec_add(waiting[level], sum); }
    if (g < parts - 1) { waiting[level] = sum; }
  }
  return sum;
}

void bl_part_sum(int64_t parts, const int64_t *x, int64_t n, float *c) {
  const vec_mask last = first_of(n % VEC);
  int64_t i = 0;
  for (; i + VEC <= n; i += VEC) { vec_store(c + i, part_sum(parts, x, i, 1, last)); }
  if (i < n) { vec_store_part(c + i, last, part_sum(parts, x, i, 0, last)); }
}
