/*
 * Products of a recurrent layer's states with its packed weights, in float32 or of operands rounded to bfloat16.
 * Sums are of float32 and run over k in order (of PAIRS and TILES over pairs of k): a value does not depend on the
 * number of rows.
 */
#ifndef BELLOWS_RECURRENT_PRODUCT_H
#define BELLOWS_RECURRENT_PRODUCT_H

#include "bellows_math.h"
#include <immintrin.h>
#include <string.h>

#ifdef __AVX512F__
#define VL 16
typedef __m512 vec;
#define LOAD _mm512_loadu_ps
#define STORE _mm512_storeu_ps
#define SPREAD _mm512_set1_ps
#define FMA _mm512_fmadd_ps
#define ZERO _mm512_setzero_ps
#define TILE 6
#else
#define VL 8
typedef __m256 vec;
#define LOAD _mm256_loadu_ps
#define STORE _mm256_storeu_ps
#define SPREAD _mm256_set1_ps
#define FMA _mm256_fmadd_ps
#define ZERO _mm256_setzero_ps
#define TILE 3
#endif

#define DEPTH 128   /* rows of a panel that are passed at once */
#define ROWS 48     /* rows of the batch whose tiles are held before the cell's function */

/* NativeRecurrence.UNITS: how products are computed. */
enum {
  SINGLE,      /* float32 */
  ROUNDED,     /* operands of bfloat16, held as float32 */
  PAIRS,       /* operands of bfloat16 by AVX512-BF16, which sums two products at once */
  TILES        /* operands of bfloat16 by AMX */
};

/* A panel holds GATES x WIDTH vectors: WIDTH vectors of units for each gate. Of PAIRS and TILES a vector holds two
 * rows of k, side by side for each unit, and k is filled up with zeros to whole tiles. */
typedef struct {
  int64_t gates, width, k, units, unit;
  void *data;
} packed;

static int64_t panel_units(int64_t width) { return width * VL; }
static int64_t panels(const packed *p) { return (p->units + panel_units(p->width) - 1) / panel_units(p->width); }

/* Element (row i, gate g, unit u) of the source stands at w[i * row + g * gate + u * unit]. */
typedef struct {
  int64_t row, gate, unit;
} strides;

static void fill_single(packed p, const float *w, strides s, float *to) {
  const int64_t pu = panel_units(p.width);
  for (int64_t u0 = 0; u0 < p.units; u0 += pu) {
    const int64_t n = p.units - u0 < pu ? p.units - u0 : pu;
    for (int64_t i = 0; i < p.k; i++) {
      for (int64_t g = 0; g < p.gates; g++, to += pu) {
        const float *from = w + i * s.row + g * s.gate + u0 * s.unit;
        if (s.unit == 1) {
          memcpy(to, from, (size_t)n * sizeof(float));
        } else {
          for (int64_t u = 0; u < n; u++) { to[u] = from[u * s.unit]; }
        }
        for (int64_t u = n; u < pu; u++) { to[u] = 0.0f; }
      }
    }
  }
}

INLINE float widened(uint16_t bits) { return bits_to_float((uint32_t)bits << 16); }

static void fill_rounded(packed p, const uint16_t *w, strides s, float *to) {
  const int64_t pu = panel_units(p.width);
  for (int64_t u0 = 0; u0 < p.units; u0 += pu) {
    const int64_t n = p.units - u0 < pu ? p.units - u0 : pu;
    for (int64_t i = 0; i < p.k; i++) {
      for (int64_t g = 0; g < p.gates; g++, to += pu) {
        const uint16_t *from = w + i * s.row + g * s.gate + u0 * s.unit;
        for (int64_t u = 0; u < pu; u++) { to[u] = u < n ? widened(from[u * s.unit]) : 0.0f; }
      }
    }
  }
}

/* 32 rows of k: the depth of a tile of AMX. */
static int64_t tile_depth(int64_t k) { return (k + 31) / 32 * 32; }

static void fill_pairs(packed p, const uint16_t *w, strides s, uint32_t *to) {
  const int64_t pu = panel_units(p.width), depth = tile_depth(p.k);
  for (int64_t u0 = 0; u0 < p.units; u0 += pu) {
    const int64_t n = p.units - u0 < pu ? p.units - u0 : pu;
    for (int64_t i = 0; i < depth; i += 2) {
      for (int64_t g = 0; g < p.gates; g++, to += pu) {
        const uint16_t *from = w + i * s.row + g * s.gate + u0 * s.unit;
        if (i + 1 < p.k && s.unit == 1) {
          const uint16_t *next = from + s.row;
          INDEPENDENT for (int64_t u = 0; u < n; u++) { to[u] = from[u] | (uint32_t)next[u] << 16; }
        } else if (i + 1 < p.k && s.row == 1) {
          for (int64_t u = 0; u < n; u++) { memcpy(to + u, from + u * s.unit, sizeof(uint32_t)); }
        } else {
          for (int64_t u = 0; u < n; u++) { to[u] = i < p.k ? from[u * s.unit] : 0; }
        }
        for (int64_t u = n; u < pu; u++) { to[u] = 0; }
      }
    }
  }
}

static int64_t packed_size(const packed *p) {
  const int64_t lines = p->unit == PAIRS || p->unit == TILES ? tile_depth(p->k) / 2 : p->k;
  return panels(p) * lines * p->gates * panel_units(p->width);
}

/* The matrix that lies at *space, which moves behind it. */
static packed describe(int64_t unit, int64_t gates, int64_t width, int64_t k, int64_t units, float **space) {
  const packed p = {gates, width, k, units, unit, *space};
  *space += packed_size(&p);
  return p;
}

/* w is of float32 for SINGLE, else of bfloat16; offset counts its elements. */
static void fill(packed p, const void *w, int64_t offset, strides s) {
  switch (p.unit) {
    case SINGLE: fill_single(p, (const float *)w + offset, s, (float *)p.data); break;
    case ROUNDED: fill_rounded(p, (const uint16_t *)w + offset, s, (float *)p.data); break;
    default: fill_pairs(p, (const uint16_t *)w + offset, s, (uint32_t *)p.data);
  }
}

/* The left operand of a product: rows of `ld` elements, of float32 or (PAIRS, TILES) bfloat16. */
typedef struct {
  const void *data;
  int64_t ld;
} operand;

INLINE uint16_t to_bfloat16(float x) {
  const uint32_t bits = float_to_bits(x), even = bits + 0x7FFFu + (bits >> 16 & 1);
  return (uint16_t)(((bits & 0x7FFFFFFFu) > 0x7F800000u ? bits | 0x400000u : even) >> 16);
}

/*
 * a [rows, k], rows lda apart, as the left operand of a product with p. space holds rows rounded up to 16 times k
 * rounded up to 32; it is zero where neither rows nor k reach.
 */
static operand left_operand(const packed *p, int64_t rows, const float *a, int64_t lda, float *space) {
  if (p->unit == SINGLE) { return (operand){a, lda}; }
  if (p->unit == ROUNDED) {
    for (int64_t r = 0; r < rows; r++) {
      INDEPENDENT for (int64_t i = 0; i < p->k; i++) { space[r * p->k + i] = widened(to_bfloat16(a[r * lda + i])); }
    }
    return (operand){space, p->k};
  }
  const int64_t ld = tile_depth(p->k);
  uint16_t *to = (uint16_t *)space;
  for (int64_t r = 0; r < rows; r++) {
    INDEPENDENT for (int64_t i = 0; i < p->k; i++) { to[r * ld + i] = to_bfloat16(a[r * lda + i]); }
  }
  return (operand){to, ld};
}

INLINE void tile(const int rows, const int v, int add, int64_t k, const float *a, int64_t lda, const float *b,
                 float *c) {
  vec sum[TILE][4];
#pragma GCC unroll 8
  for (int r = 0; r < rows; r++) {
#pragma GCC unroll 4
    for (int j = 0; j < v; j++) { sum[r][j] = add ? LOAD(c + (r * v + j) * VL) : ZERO(); }
  }
  for (int64_t i = 0; i < k; i++) {
    vec right[4];
#pragma GCC unroll 4
    for (int j = 0; j < v; j++) { right[j] = LOAD(b + (i * v + j) * VL); }
#pragma GCC unroll 8
    for (int r = 0; r < rows; r++) {
      const vec left = SPREAD(a[r * lda + i]);
#pragma GCC unroll 4
      for (int j = 0; j < v; j++) { sum[r][j] = FMA(left, right[j], sum[r][j]); }
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < rows; r++) {
#pragma GCC unroll 4
    for (int j = 0; j < v; j++) { STORE(c + (r * v + j) * VL, sum[r][j]); }
  }
}

#define TILES(V)                                                                                              \
  static void tiles##V(int64_t rows, int add, int64_t k, const float *a, int64_t lda, const float *b, float *c) { \
    switch (rows) {                                                                                           \
      case 1: tile(1, V, add, k, a, lda, b, c); break;                                                        \
      case 2: tile(2, V, add, k, a, lda, b, c); break;                                                        \
      case 3: tile(3, V, add, k, a, lda, b, c); break;                                                        \
      FOUR_TO_SIX(V)                                                                                          \
    }                                                                                                         \
  }
#if TILE == 6
#define FOUR_TO_SIX(V)                                      \
  case 4: tile(4, V, add, k, a, lda, b, c); break;          \
  case 5: tile(5, V, add, k, a, lda, b, c); break;          \
  case 6: tile(6, V, add, k, a, lda, b, c); break;
#else
#define FOUR_TO_SIX(V)
#endif
TILES(3)
TILES(4)

static void product_single(const packed *p, int64_t panel, int64_t rows, const float *a, int64_t lda, float *c) {
  const int64_t v = p->gates * p->width;
  const int64_t parts = (rows + TILE - 1) / TILE;
  for (int64_t k0 = 0; k0 < p->k; k0 += DEPTH) {
    const int64_t k = p->k - k0 < DEPTH ? p->k - k0 : DEPTH;
    const float *b = (const float *)p->data + (panel * p->k + k0) * v * VL;
    for (int64_t part = 0; part < parts; part++) { /* tiles of nearly the same height */
      const int64_t r0 = rows * part / parts, r1 = rows * (part + 1) / parts;
      const float *from = a + r0 * lda + k0;
      float *to = c + r0 * v * VL;
      if (v == 4) {
        tiles4(r1 - r0, k0 > 0, k, from, lda, b, to);
      } else {
        tiles3(r1 - r0, k0 > 0, k, from, lda, b, to);
      }
    }
  }
}

#ifdef __AVX512F__
#include "recurrent_bfloat16.h"
#endif

/* c [rows, V VL] = rows from r0 of a [.., k] times panel number `panel`; c has room for rows rounded up to 16. */
static void product(const packed *p, int64_t panel, int64_t r0, int64_t rows, operand a, float *c) {
#ifdef __AVX512F__
  const uint16_t *from = (const uint16_t *)a.data + r0 * a.ld;
  if (p->unit == TILES) {
    product_tiles(p, panel, rows, from, a.ld, c);
    return;
  }
  if (p->unit == PAIRS) {
    product_pairs(p, panel, rows, from, a.ld, c);
    return;
  }
#endif
  product_single(p, panel, rows, (const float *)a.data + r0 * a.ld, a.ld, c);
}

#endif
