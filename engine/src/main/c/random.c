/*
 * Dropout by Philox4x32-10 (J. K. Salmon et al., Parallel random numbers: as easy as 1, 2, 3, SC 2011):
 * element i is word i % 4 of block i / 4, as in dev.bellows.engine.sample.Philox.
 */
#include "bellows.h"
#include "bellows_math.h"

#define GROUP 16 /* blocks computed side by side */

static void blocks(uint64_t key, uint64_t first, uint32_t *restrict out) {
  uint32_t c0[GROUP], c1[GROUP], c2[GROUP], c3[GROUP];
  uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
  for (int j = 0; j < GROUP; j++) {
    c0[j] = (uint32_t)(first + (uint64_t)j);
    c1[j] = (uint32_t)((first + (uint64_t)j) >> 32);
    c2[j] = 0;
    c3[j] = 0;
  }
  for (int round = 0; round < 10; round++) {
    for (int j = 0; j < GROUP; j++) {
      uint64_t p0 = (uint64_t)0xD2511F53u * c0[j];
      uint64_t p1 = (uint64_t)0xCD9E8D57u * c2[j];
      uint32_t n0 = (uint32_t)(p1 >> 32) ^ c1[j] ^ k0;
      uint32_t n2 = (uint32_t)(p0 >> 32) ^ c3[j] ^ k1;
      c1[j] = (uint32_t)p1;
      c3[j] = (uint32_t)p0;
      c0[j] = n0;
      c2[j] = n2;
    }
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  for (int j = 0; j < GROUP; j++) {
    out[4 * j] = c0[j];
    out[4 * j + 1] = c1[j];
    out[4 * j + 2] = c2[j];
    out[4 * j + 3] = c3[j];
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
