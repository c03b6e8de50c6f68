/* One-input and two-input elementwise kernels; codes are those of UnaryOp and BinaryOp in Java. */
#include "bellows.h"
#include "bellows_math.h"

#define UNARY(CODE, EXPR)                                              \
  case CODE:                                                           \
    INDEPENDENT for (int64_t i = 0; i < n; i++) {                      \
      const float v = x[i];                                            \
      y[i] = (EXPR);                                                   \
    }                                                                  \
    break;

static float power(float v, float p) { return (float)pow((double)v, (double)p); }

void bl_unary(int op, float p, float q, const float *x, float *y, int64_t n) {
  (void)q;
  switch (op) {
    UNARY(0, v)
    UNARY(1, -v)
    UNARY(2, bl_exp(v))
    UNARY(3, bl_log(v))
    UNARY(4, sqrtf(v))
    UNARY(6, positive(v))
    UNARY(7, v > 0.0f ? 1.0f : (v < 0.0f ? -1.0f : v * 0.0f))
    UNARY(8, v < p ? p : (v > q ? q : v))
    UNARY(9, v <= 0.0f ? 0.0f : v)
    UNARY(10, v > 0.0f ? v : p * v)
    UNARY(11, v > 0.0f ? v : p * bl_expm1(v))
    UNARY(12, bl_sigmoid(v))
    UNARY(13, bl_tanh(v))
    UNARY(14, bl_softplus(v))
    UNARY(15, v * bl_sigmoid(p * v))
    UNARY(16, v * bl_tanh_softplus(v))
    UNARY(17, bl_gelu(v))
    UNARY(18, v >= 0.0f ? 1.0f : (v < 0.0f ? 0.0f : v))
    UNARY(19, v * p + q)
    UNARY(20, bl_gelu_slope(v))
    case 5:
      if (p == 2.0f) {
        INDEPENDENT for (int64_t i = 0; i < n; i++) { y[i] = x[i] * x[i]; }
      } else if (p == -1.0f) {
        INDEPENDENT for (int64_t i = 0; i < n; i++) { y[i] = 1.0f / x[i]; }
      } else {
        for (int64_t i = 0; i < n; i++) { y[i] = power(x[i], p); }
      }
      break;
    default:
      break;
  }
}

/* y = op(a, b) over one line; strides are 0 or 1. */
#define BINARY_LINE(EXPR, A, B)                                        \
  INDEPENDENT for (int64_t i = 0; i < n; i++) {                        \
    const float u = A;                                                 \
    const float v = B;                                                 \
    y[i] = (EXPR);                                                     \
  }
#define BINARY(CODE, EXPR)                                             \
  case CODE:                                                           \
    if (as && bs) {                                                    \
      BINARY_LINE(EXPR, a[i], b[i])                                    \
    } else if (as) {                                                   \
      const float b0 = b[0];                                           \
      BINARY_LINE(EXPR, a[i], b0)                                      \
    } else if (bs) {                                                   \
      const float a0 = a[0];                                           \
      BINARY_LINE(EXPR, a0, b[i])                                      \
    } else {                                                           \
      const float a0 = a[0];                                           \
      const float b0 = b[0];                                           \
      BINARY_LINE(EXPR, a0, b0)                                        \
    }                                                                  \
    break;

/* The gradients' operands always have one shape. */
#define DENSE(CODE, EXPR)                                              \
  case CODE:                                                           \
    BINARY_LINE(EXPR, a[i], b[i])                                      \
    break;

/* Gradients of saved values: 0 where the derivative is 0, NaN where the saved value is NaN. */
#define GATED(V, YES, NO) ((V) > 0.0f ? (YES) : ((V) <= 0.0f ? (NO) : (V)))

INLINE float swish_grad(float dy, float x, float beta) {
  float s = bl_sigmoid(beta * x);
  return dy * (s + beta * x * s * (1.0f - s));
}

INLINE float mish_grad(float dy, float x) {
  float t = bl_tanh_softplus(x);
  return dy * (t + x * (1.0f - t * t) * bl_sigmoid(x));
}

static __attribute__((noinline)) void binary_line(int op, float p, const float *a, int64_t as, const float *b, int64_t bs, float *y,
                        int64_t n) {
  switch (op) {
    BINARY(0, u + v)
    BINARY(1, u - v)
    BINARY(2, u * v)
    BINARY(3, u / v)
    BINARY(4, u > v ? u : (u == u ? v : u))
    BINARY(5, u < v ? u : (u == u ? v : u))
    BINARY(6, u > v ? 1.0f : 0.0f)
    DENSE(7, GATED(v, u, 0.0f))
    DENSE(8, GATED(v, u, p * u))
    DENSE(9, GATED(v, u, u * (v + p)))
    DENSE(10, u * v * (1.0f - v))
    DENSE(11, u * (1.0f - v * v))
    DENSE(12, swish_grad(u, v, p))
    DENSE(13, mish_grad(u, v))
    default:
      break;
  }
}

/* shape: dims[4], strides of a [4], strides of b [4]; y is dense. The last strides are 0 or 1. */
void bl_binary(int op, float p, const int64_t *shape, const float *a, const float *b, float *y) {
  const int64_t *d = shape, *as = shape + 4, *bs = shape + 8;
  for (int64_t i = 0; i < d[0]; i++) {
    for (int64_t j = 0; j < d[1]; j++) {
      for (int64_t k = 0; k < d[2]; k++) {
        binary_line(op, p, a + i * as[0] + j * as[1] + k * as[2], as[3],
                    b + i * bs[0] + j * bs[1] + k * bs[2], bs[3], y, d[3]);
        y += d[3];
      }
    }
  }
}

/* y[r, c] = act(x[r, c] + bias[c]) */
void bl_bias_unary(int op, float p, float q, const float *x, const float *bias, float *y, int64_t rows,
                   int64_t cols) {
  for (int64_t r = 0; r < rows; r++) {
    const float *xr = x + r * cols;
    float *yr = y + r * cols;
    INDEPENDENT for (int64_t i = 0; i < cols; i++) { yr[i] = xr[i] + bias[i]; }
    if (op != 0) {
      bl_unary(op, p, q, yr, yr, cols);
    }
  }
}

/* dx = grad(dy, saved), sums[c] = sum over rows of dx[r, c], rows in order. */
void bl_grad_column_sums(int op, float p, const float *dy, const float *saved, float *dx, float *sums,
                         int64_t rows, int64_t cols) {
  for (int64_t c = 0; c < cols; c++) {
    sums[c] = 0.0f;
  }
  for (int64_t r = 0; r < rows; r++) {
    float *dxr = dx + r * cols;
    binary_line(op, p, dy + r * cols, 1, saved + r * cols, 1, dxr, cols);
    INDEPENDENT for (int64_t c = 0; c < cols; c++) { sums[c] = sums[c] + dxr[c]; }
  }
}

/* y = x Phi(x) and its derivative, which may overwrite x: they share what is dear. */
void bl_gelu_with_slope(const float *x, float *y, float *slope, int64_t n) {
  INDEPENDENT for (int64_t i = 0; i < n; i++) {
    const float v = x[i], gaussian = bl_gaussian(v), cdf = bl_normal_cdf(v, gaussian);
    y[i] = v * cdf;
    slope[i] = cdf + v * (0.3989422804014327f * gaussian);
  }
}
