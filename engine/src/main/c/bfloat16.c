/* Between binary32 and bfloat16, its upper half. On the bits, so that denormals and NaNs are the same on every level. */
#include "bellows.h"

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
