/* Between binary32 and bfloat16, its upper half. On the bits, so that denormals and NaNs are the same on every level. */
#include "bellows.h"
#include "bellows_math.h"

/* To nearest even; NaN stays NaN. */
void bl_to_bfloat16(int64_t n, const uint32_t *restrict x, uint16_t *restrict y) {
  for (int64_t i = 0; i < n; i++) {
    uint32_t bits = x[i];
    uint32_t rounded = bits + 0x7FFFu + (bits >> 16 & 1);
    uint32_t nan = bits | 0x400000u;
    y[i] = (uint16_t)(((bits & 0x7FFFFFFFu) > 0x7F800000u ? nan : rounded) >> 16);
  }
}

void bl_from_bfloat16(int64_t n, const uint16_t *restrict x, uint32_t *restrict y) {
  for (int64_t i = 0; i < n; i++) {
    y[i] = (uint32_t)x[i] << 16;
  }
}

/* Codes lie at any byte of a message. */
typedef uint16_t unaligned_bits __attribute__((aligned(1)));

/* y = x to nearest even, the largest number for what would become infinite; x keeps what y lacks. */
void bl_split_bfloat16(float *x, uint8_t *y, int64_t n) {
  unaligned_bits *to = (unaligned_bits *)y;
  INDEPENDENT for (int64_t i = 0; i < n; i++) {
    const uint32_t bits = float_to_bits(x[i]);
    const uint32_t rounded = (bits & 0x7FFFFFFFu) > 0x7F800000u ? bits : bits + 0x7FFFu + (bits >> 16 & 1);
    const uint32_t upper = (rounded & 0x7F800000u) == 0x7F800000u ? (rounded & 0x80000000u) | 0x7F7F0000u : rounded & 0xFFFF0000u;
    to[i] = (uint16_t)(upper >> 16);
    x[i] = x[i] - bits_to_float(upper);
  }
}

/* sum += x; returns whether all of x are finite */
int bl_add_bfloat16(const uint8_t *x, float *sum, int64_t n) {
  const unaligned_bits *from = (const unaligned_bits *)x;
  uint32_t bad = 0;
  INDEPENDENT for (int64_t i = 0; i < n; i++) {
    const uint32_t bits = (uint32_t)from[i] << 16;
    bad |= (uint32_t)((bits & 0x7F800000u) == 0x7F800000u);
    sum[i] = sum[i] + bits_to_float(bits);
  }
  return bad == 0;
}
