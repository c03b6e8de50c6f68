/*
 * Products of bfloat16 operands by instructions that only some AVX-512 processors have; recurrent_product.h includes
 * this. Which of them a plan uses is decided in Java, by bl_recurrent_unit. Both treat denormal operands and results
 * as zero.
 */
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAIR_TARGET __attribute__((target("avx512bf16")))
#define TILE_TARGET __attribute__((target("amx-tile,amx-bf16")))

PAIR_TARGET INLINE void pair_tile(const int rows, const int v, int64_t pairs, const uint16_t *a, int64_t lda,
                                  const uint32_t *b, float *c) {
  vec sum[TILE][4];
#pragma GCC unroll 8
  for (int r = 0; r < rows; r++) {
#pragma GCC unroll 4
    for (int j = 0; j < v; j++) { sum[r][j] = ZERO(); }
  }
  for (int64_t i = 0; i < pairs; i++) {
    __m512bh right[4];
#pragma GCC unroll 4
    for (int j = 0; j < v; j++) { right[j] = (__m512bh)_mm512_loadu_si512(b + (i * v + j) * VL); }
#pragma GCC unroll 8
    for (int r = 0; r < rows; r++) {
      int32_t pair;
      memcpy(&pair, a + r * lda + 2 * i, sizeof(pair));
      const __m512bh left = (__m512bh)_mm512_set1_epi32(pair);
#pragma GCC unroll 4
      for (int j = 0; j < v; j++) { sum[r][j] = _mm512_dpbf16_ps(sum[r][j], left, right[j]); }
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < rows; r++) {
#pragma GCC unroll 4
    for (int j = 0; j < v; j++) { STORE(c + (r * v + j) * VL, sum[r][j]); }
  }
}

#define PAIR_TILES(V)                                                                                           \
  PAIR_TARGET static void pair_tiles##V(int64_t rows, int64_t pairs, const uint16_t *a, int64_t lda,            \
                                        const uint32_t *b, float *c) {                                          \
    switch (rows) {                                                                                             \
      case 1: pair_tile(1, V, pairs, a, lda, b, c); break;                                                      \
      case 2: pair_tile(2, V, pairs, a, lda, b, c); break;                                                      \
      case 3: pair_tile(3, V, pairs, a, lda, b, c); break;                                                      \
      case 4: pair_tile(4, V, pairs, a, lda, b, c); break;                                                      \
      case 5: pair_tile(5, V, pairs, a, lda, b, c); break;                                                      \
      case 6: pair_tile(6, V, pairs, a, lda, b, c); break;                                                      \
    }                                                                                                           \
  }
PAIR_TILES(3)
PAIR_TILES(4)

static void product_pairs(const packed *p, int64_t panel, int64_t rows, const uint16_t *a, int64_t lda, float *c) {
  const int64_t v = p->gates * p->width, pairs = tile_depth(p->k) / 2, parts = (rows + TILE - 1) / TILE;
  const uint32_t *b = (const uint32_t *)p->data + panel * pairs * v * VL;
  for (int64_t part = 0; part < parts; part++) {
    const int64_t r0 = rows * part / parts, r1 = rows * (part + 1) / parts;
    const uint16_t *from = a + r0 * lda;
    float *to = c + r0 * v * VL;
    if (v == 4) {
      pair_tiles4(r1 - r0, pairs, from, lda, b, to);
    } else {
      pair_tiles3(r1 - r0, pairs, from, lda, b, to);
    }
  }
}

/* All eight tiles have 16 rows of 64 bytes: 0 to 3 sums, 4 and 5 rows, 6 and 7 columns. */
TILE_TARGET static void tiles_begin(void) {
  struct {
    uint8_t palette, start, reserved[14];
    uint16_t bytes[16];
    uint8_t rows[16];
  } __attribute__((aligned(64))) config;
  memset(&config, 0, sizeof(config));
  config.palette = 1;
  for (int i = 0; i < 8; i++) {
    config.bytes[i] = 64;
    config.rows[i] = 16;
  }
  __asm__ volatile("" ::"r"(&config) : "memory"); /* gcc 12 believes that only 8 bytes are read */
  _tile_loadconfig(&config);
}

TILE_TARGET static void tiles_end(void) { _tile_release(); }

/* 32 rows times two vectors, so that four sums are under way at once. */
TILE_TARGET INLINE void tiles_2x2(int64_t blocks, const uint16_t *a, int64_t lda, const uint32_t *b, int64_t v, float *c) {
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
  for (int64_t i = 0; i < blocks; i++) {
    _tile_loadd(4, a + 32 * i, 2 * lda);
    _tile_loadd(6, b + i * v * 256, v * 64);
    _tile_dpbf16ps(0, 4, 6);
    _tile_loadd(7, b + i * v * 256 + 16, v * 64);
    _tile_dpbf16ps(1, 4, 7);
    _tile_loadd(5, a + 16 * lda + 32 * i, 2 * lda);
    _tile_dpbf16ps(2, 5, 6);
    _tile_dpbf16ps(3, 5, 7);
  }
  _tile_stored(0, c, v * 64);
  _tile_stored(1, c + 16, v * 64);
  _tile_stored(2, c + 16 * v * 16, v * 64);
  _tile_stored(3, c + 16 * v * 16 + 16, v * 64);
}

/* 16 rows times three or four vectors. */
TILE_TARGET INLINE void tiles_1xv(int64_t blocks, const uint16_t *a, int64_t lda, const uint32_t *b, int64_t v, float *c) {
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
  for (int64_t i = 0; i < blocks; i++) {
    const uint32_t *right = b + i * v * 256;
    _tile_loadd(4, a + 32 * i, 2 * lda);
    _tile_loadd(5, right, v * 64);
    _tile_dpbf16ps(0, 4, 5);
    _tile_loadd(6, right + 16, v * 64);
    _tile_dpbf16ps(1, 4, 6);
    _tile_loadd(7, right + 32, v * 64);
    _tile_dpbf16ps(2, 4, 7);
    if (v == 4) {
      _tile_loadd(5, right + 48, v * 64);
      _tile_dpbf16ps(3, 4, 5);
    }
  }
  _tile_stored(0, c, v * 64);
  _tile_stored(1, c + 16, v * 64);
  _tile_stored(2, c + 32, v * 64);
  if (v == 4) { _tile_stored(3, c + 48, v * 64); }
}

TILE_TARGET static void product_tiles(const packed *p, int64_t panel, int64_t rows, const uint16_t *a, int64_t lda, float *c) {
  const int64_t v = p->gates * p->width, depth = tile_depth(p->k), blocks = depth / 32;
  const uint32_t *b = (const uint32_t *)p->data + panel * (depth / 2) * v * VL;
  int64_t r = 0;
  __asm__ volatile("" ::: "memory"); /* gcc does not know that tile loads read memory */
  for (; v == 4 && rows - r > 16; r += 32) {
    tiles_2x2(blocks, a + r * lda, lda, b, v, c + r * v * VL);
    tiles_2x2(blocks, a + r * lda, lda, b + 32, v, c + r * v * VL + 32);
  }
  for (; r < rows; r += 16) { tiles_1xv(blocks, a + r * lda, lda, b, v, c + r * v * VL); }
}

#define PERMISSION 0x1023 /* arch_prctl's ARCH_REQ_XCOMP_PERM */
#define TILE_DATA 18

/* The fastest of ROUNDED, PAIRS and TILES that the processor and the operating system offer. */
static int bfloat16_unit(void) {
  unsigned a, b, c, d;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) { return ROUNDED; }
  const int tiles = (d >> 22 & 1) && (d >> 24 & 1);
  if (tiles && syscall(SYS_arch_prctl, PERMISSION, TILE_DATA) == 0) { return TILES; }
  if (__get_cpuid_count(7, 1, &a, &b, &c, &d) && (a >> 5 & 1)) { return PAIRS; }
  return ROUNDED;
}
