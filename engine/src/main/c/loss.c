/*
 * Losses on raw scores with per-row weights; one pass gives the loss of the slice and, when asked for,
 * its gradient. Codes are those of LossOp in Java. Results: float at out + 0, the same in double at out + 8.
 */
#include "bellows.h"
#include "bellows_math.h"

static double softmax_row(const float *s, int32_t label, float w, float smoothing, int64_t k, float *g) {
  float m = row_max(s, k);
  float sum;
  if (g) {
    INDEPENDENT for (int64_t c = 0; c < k; c++) { g[c] = bl_exp(s[c] - m); }
    sum = (float)line_sum(g, k);
    float inverse = w / sum;
    float off = w * (smoothing / (float)k);
    INDEPENDENT for (int64_t c = 0; c < k; c++) { g[c] = g[c] * inverse - off; }
    g[label] = g[label] - w * (1.0f - smoothing);
  } else {
    sum = (float)exp_sum(s, m, k);
  }
  double logsum = (double)bl_log(sum);
  double loss = logsum - ((double)s[label] - (double)m);
  if (smoothing != 0.0f) {
    double mean = line_sum(s, k) / (double)k - (double)m;
    loss = (1.0 - (double)smoothing) * loss + (double)smoothing * (logsum - mean);
  }
  return w == 0.0f ? 0.0 : (double)w * loss;
}

INLINE float loss_value(int op, float p, float s, float t) {
  float e = s - t;
  switch (op) {
    case 1: {
      float target = (1.0f - p) * t + 0.5f * p;
      return bl_softplus(s) - target * s;
    }
    case 2:
      return e * e;
    case 3:
      return positive(e);
    case 4: {
      float a = positive(e);
      return a <= p ? 0.5f * (e * e) : p * (a - 0.5f * p);
    }
    default: {
      float m = 1.0f - (2.0f * t - 1.0f) * s;
      return m <= 0.0f ? 0.0f : m;
    }
  }
}

INLINE float loss_slope(int op, float p, float s, float t) {
  float e = s - t;
  switch (op) {
    case 1:
      return bl_sigmoid(s) - ((1.0f - p) * t + 0.5f * p);
    case 2:
      return 2.0f * e;
    case 3:
      return e > 0.0f ? 1.0f : (e < 0.0f ? -1.0f : e * 0.0f);
    case 4:
      return e > p ? p : (e < -p ? -p : e);
    default: {
      float y = 2.0f * t - 1.0f;
      float m = y * s;
      return m < 1.0f ? -y : (m >= 1.0f ? 0.0f : m);
    }
  }
}

#define TARGETED(CODE)                                                          \
  case CODE:                                                                    \
    for (int64_t r = 0; r < rows; r++) {                                        \
      const float *s = scores + r * cols, *t = target + r * cols;               \
      double row = 0;                                                           \
      for (int64_t c = 0; c < cols; c++) {                                      \
        row += loss_value(CODE, p, s[c], t[c]);                                 \
      }                                                                         \
      sum += weights[r] == 0.0f ? 0.0 : (double)weights[r] * (row / (double)cols); \
      if (grad) {                                                               \
        float *g = grad + r * cols;                                             \
        float w = weights[r] / (float)cols;                                     \
        INDEPENDENT for (int64_t c = 0; c < cols; c++) {                        \
          g[c] = w * loss_slope(CODE, p, s[c], t[c]);                           \
        }                                                                       \
      }                                                                         \
    }                                                                           \
    break;

void bl_loss(int op, float p, int64_t rows, int64_t cols, const float *scores, const void *truth,
             const float *weights, void *out, float *grad) {
  const float *target = (const float *)truth;
  double sum = 0;
  switch (op) {
    case 0:
      for (int64_t r = 0; r < rows; r++) {
        sum += softmax_row(scores + r * cols, ((const int32_t *)truth)[r], weights[r], p, cols,
                           grad ? grad + r * cols : 0);
      }
      break;
      TARGETED(1)
      TARGETED(2)
      TARGETED(3)
      TARGETED(4)
      TARGETED(5)
    default:
      break;
  }
  if (out) {
    *(float *)out = (float)sum;
    ((double *)out)[1] = sum;
  }
}

/* out[r] = weights[r] * table[class of row r]; classes are int (kind 0) or a 0/1 float (kind 1). */
void bl_class_weights(int kind, int64_t rows, const float *weights, const void *classes, const float *table,
                      float *out) {
  for (int64_t r = 0; r < rows; r++) {
    int32_t c = kind == 0 ? ((const int32_t *)classes)[r] : (((const float *)classes)[r] > 0.5f);
    out[r] = weights[r] * table[c];
  }
}
