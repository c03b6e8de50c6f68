/*
 * Dropout and random numbers by Philox4x32-10 (J. K. Salmon et al., Parallel random numbers: as easy as 1, 2, 3, SC 2011):
 * element i is word i % 4 of block i / 4, as in dev.bellows.engine.sample.Philox.
 */
#include "bellows.h"
#include "bellows_math.h"
#include <string.h>

#define GROUP 32 /* blocks computed side by side */
#ifdef __AVX512F__
#include <immintrin.h>
#define WORDS 8
#define COUNT ((lanes){0, 1, 2, 3, 4, 5, 6, 7})
#define FIRST_PAIRS ((lanes){0, 8, 1, 9, 2, 10, 3, 11})
#define LAST_PAIRS ((lanes){4, 12, 5, 13, 6, 14, 7, 15})
#define MULTIPLY(A, B) ((lanes)_mm512_mul_epu32((__m512i)(A), _mm512_set1_epi64(B)))
#elif defined(__AVX2__)
#include <immintrin.h>
#define WORDS 4
#define COUNT ((lanes){0, 1, 2, 3})
#define FIRST_PAIRS ((lanes){0, 4, 1, 5})
#define LAST_PAIRS ((lanes){2, 6, 3, 7})
#define MULTIPLY(A, B) ((lanes)_mm256_mul_epu32((__m256i)(A), _mm256_set1_epi64x(B)))
#else
#define WORDS 2
#define COUNT ((lanes){0, 1})
#define FIRST_PAIRS ((lanes){0, 2})
#define LAST_PAIRS ((lanes){1, 3})
#define MULTIPLY(A, B) (((A) & 0xFFFFFFFFu) * (uint64_t)(B))
#endif
#define VECTORS (GROUP / WORDS) /* independent, so that one multiplies while another waits */

/* Words in the low halves of 64-bit lanes, where the multiplier of 32 by 32 bits takes them. */
typedef uint64_t lanes __attribute__((vector_size(8 * WORDS)));

static void blocks(uint64_t key, uint64_t first, uint32_t *restrict out) {
  lanes c0[VECTORS], c1[VECTORS], c2[VECTORS], c3[VECTORS];
  uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
#pragma GCC unroll 8
  for (int v = 0; v < VECTORS; v++) {
    c0[v] = COUNT + (first + (uint64_t)(v * WORDS));
    c1[v] = c0[v] >> 32;
    c2[v] = c3[v] = (lanes){0};
  }
  for (int round = 0; round < 10; round++) {
#pragma GCC unroll 8
    for (int v = 0; v < VECTORS; v++) {
      lanes p0 = MULTIPLY(c0[v], 0xD2511F53u);
      lanes p1 = MULTIPLY(c2[v], 0xCD9E8D57u);
      c0[v] = (p1 >> 32) ^ c1[v] ^ k0; /* the high halves hold rubbish, which MULTIPLY does not read */
      c2[v] = (p0 >> 32) ^ c3[v] ^ k1;
      c1[v] = p1;
      c3[v] = p0;
    }
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
#pragma GCC unroll 8
  for (int v = 0; v < VECTORS; v++) {
    lanes low = (c0[v] & 0xFFFFFFFFu) | c1[v] << 32;
    lanes high = (c2[v] & 0xFFFFFFFFu) | c3[v] << 32;
    lanes pairs[2] = {__builtin_shuffle(low, high, FIRST_PAIRS), __builtin_shuffle(low, high, LAST_PAIRS)};
    memcpy(out + 4 * v * WORDS, pairs, sizeof pairs);
  }
}

/* y[i] = uniform(key, i) >= rate ? x[i] * scale : 0 */
void bl_dropout(uint64_t key, float rate, float scale, const float *x, float *y, int64_t n) {
  uint32_t words[4 * GROUP];
  for (int64_t i0 = 0; i0 < n; i0 += 4 * GROUP) {
    int64_t m = n - i0 < 4 * GROUP ? n - i0 : 4 * GROUP;
    blocks(key, (uint64_t)i0 >> 2, words);
    INDEPENDENT for (int64_t i = 0; i < m; i++) {
      float u = (float)(int32_t)(words[i] >> 8) * 0x1.0p-24f;
      y[i0 + i] = u >= rate ? x[i0 + i] * scale : 0.0f;
    }
  }
}

INLINE float share(uint32_t word) { return ((float)(int32_t)(word >> 9) + 0.5f) * 0x1.0p-23f; }

/* y[i] = element i of the stream of key: 0 uniform, 1 normal, 2 Gumbel (dev.bellows.engine.sample.Distribution) */
void bl_draw(uint64_t key, int32_t distribution, float *y, int64_t n) {
  uint32_t words[4 * GROUP];
  float draws[4 * GROUP];
  for (int64_t i0 = 0; i0 < n; i0 += 4 * GROUP) {
    int64_t m = n - i0 < 4 * GROUP ? n - i0 : 4 * GROUP;
    blocks(key, (uint64_t)i0 >> 2, words);
    if (distribution == 0) {
      for (int i = 0; i < 4 * GROUP; i++) {
        draws[i] = (float)(int32_t)(words[i] >> 8) * 0x1.0p-24f;
      }
    } else if (distribution == 1) {
      for (int i = 0; i < 2 * GROUP; i++) {
        float radius = sqrtf(-2.0f * bl_log(share(words[2 * i])));
        float turns = (float)(int32_t)(words[2 * i + 1] >> 8) * 0x1.0p-24f;
        draws[2 * i] = radius * bl_cos_turns(turns);
        draws[2 * i + 1] = radius * bl_sin_turns(turns);
      }
    } else {
      for (int i = 0; i < 4 * GROUP; i++) {
        draws[i] = -bl_log(-bl_log(share(words[i])));
      }
    }
    memcpy(y + i0, draws, sizeof(float) * (size_t)m);
  }
}
