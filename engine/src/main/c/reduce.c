/* Sums, maxima, checks. */
#include "bellows.h"
#include "bellows_math.h"
#include <string.h>

/* y[o, i] = scale * sum_r x[o, r, i] */
void bl_sum(int64_t outer, int64_t reduced, int64_t inner, float scale, const float *x, float *y) {
  if (inner == 1) {
    for (int64_t o = 0; o < outer; o++) {
      y[o] = (float)(line_sum(x + o * reduced, reduced) * scale);
    }
    return;
  }
  for (int64_t o = 0; o < outer; o++) {
    float *yo = y + o * inner;
    memset(yo, 0, sizeof(float) * inner);
    for (int64_t r = 0; r < reduced; r++) {
      const float *xr = x + (o * reduced + r) * inner;
      INDEPENDENT for (int64_t i = 0; i < inner; i++) { yo[i] = yo[i] + xr[i]; }
    }
    if (scale != 1.0f) {
      for (int64_t i = 0; i < inner; i++) {
        yo[i] = yo[i] * scale;
      }
    }
  }
}

void bl_row_max(int64_t rows, int64_t cols, const float *x, float *y) {
  for (int64_t r = 0; r < rows; r++) {
    y[r] = row_max(x + r * cols, cols);
  }
}

static int64_t arg_max(const float *x, int64_t n) {
  int64_t best = 0;
  for (int64_t i = 1; i < n; i++) {
    best = x[i] > x[best] ? i : best;
  }
  return best;
}

void bl_row_argmax(int64_t rows, int64_t cols, const float *x, int32_t *y) {
  for (int64_t r = 0; r < rows; r++) {
    y[r] = (int32_t)arg_max(x + r * cols, cols);
  }
}

int bl_all_finite(const float *x, int64_t n) {
  uint32_t bad = 0;
  for (int64_t i = 0; i < n; i++) {
    uint32_t e = float_to_bits(x[i]) & 0x7f800000u;
    bad |= (uint32_t)(e == 0x7f800000u);
  }
  return bad == 0;
}

/* Position of the first int outside [0, limit), stepping by stride; -1 when all are inside. */
int64_t bl_first_outside(const int32_t *x, int64_t n, int64_t stride, int32_t limit) {
  uint32_t bad = 0;
  for (int64_t i = 0; i < n; i++) {
    bad |= (uint32_t)((uint32_t)x[i * stride] >= (uint32_t)limit);
  }
  if (!bad) {
    return -1;
  }
  for (int64_t i = 0; i < n; i++) {
    if ((uint32_t)x[i * stride] >= (uint32_t)limit) {
      return i;
    }
  }
  return -1;
}

/* kind 0: correct rows; 1: share of outputs on the right side; 2: mean absolute error. out: float at 0, double at 8. */
void bl_metric(int kind, int64_t rows, int64_t cols, const float *x, const void *truth, void *out) {
  double sum = 0;
  for (int64_t r = 0; r < rows; r++) {
    const float *xr = x + r * cols;
    if (kind == 0) {
      sum += arg_max(xr, cols) == ((const int32_t *)truth)[r];
    } else {
      const float *t = (const float *)truth + r * cols;
      double row = 0;
      for (int64_t c = 0; c < cols; c++) {
        row += kind == 1 ? (double)((xr[c] > 0.0f) == (t[c] > 0.5f)) : fabs((double)xr[c] - (double)t[c]);
      }
      sum += row / (double)cols;
    }
  }
  *(float *)out = (float)sum;
  ((double *)out)[1] = sum;
}
