/* Softmax over rows and batch normalisation over columns. */
#include "bellows.h"
#include "bellows_math.h"

void bl_softmax(int64_t rows, int64_t cols, float temperature, const float *x, float *y) {
  for (int64_t r = 0; r < rows; r++) {
    const float *xr = x + r * cols;
    float *yr = y + r * cols;
    float m = row_max(xr, cols);
    INDEPENDENT for (int64_t c = 0; c < cols; c++) { yr[c] = bl_exp((xr[c] - m) / temperature); }
    float inverse = (float)(1.0 / line_sum(yr, cols));
    INDEPENDENT for (int64_t c = 0; c < cols; c++) { yr[c] = yr[c] * inverse; }
  }
}

void bl_log_softmax(int64_t rows, int64_t cols, const float *x, float *y) {
  for (int64_t r = 0; r < rows; r++) {
    const float *xr = x + r * cols;
    float *yr = y + r * cols;
    float m = row_max(xr, cols);
    float shift = bl_log((float)exp_sum(xr, m, cols));
    INDEPENDENT for (int64_t c = 0; c < cols; c++) { yr[c] = (xr[c] - m) - shift; }
  }
}

/* dx = y (dy - sum(dy y)) / temperature */
void bl_softmax_grad(int64_t rows, int64_t cols, float temperature, const float *dy, const float *y, float *dx) {
  for (int64_t r = 0; r < rows; r++) {
    const float *dyr = dy + r * cols, *yr = y + r * cols;
    float *dxr = dx + r * cols;
    float s = (float)line_dot(dyr, yr, cols);
    INDEPENDENT for (int64_t c = 0; c < cols; c++) { dxr[c] = yr[c] * (dyr[c] - s) / temperature; }
  }
}

#define BLOCK 64
#define COLUMN_BLOCKS                                                    \
  for (int64_t c0 = 0; c0 < cols; c0 += BLOCK) {                         \
    const int64_t b = cols - c0 < BLOCK ? cols - c0 : BLOCK;
#define END_BLOCKS }

void bl_batch_mean(int64_t rows, int64_t cols, const float *x, float *mean) {
  COLUMN_BLOCKS
  double sum[BLOCK] = {0};
  for (int64_t r = 0; r < rows; r++) {
    const float *xr = x + r * cols + c0;
    for (int64_t c = 0; c < b; c++) { sum[c] += xr[c]; }
  }
  for (int64_t c = 0; c < b; c++) { mean[c0 + c] = (float)(sum[c] / (double)rows); }
  END_BLOCKS
}

void bl_batch_variance(int64_t rows, int64_t cols, const float *x, float *variance) {
  COLUMN_BLOCKS
  double sum[BLOCK] = {0}, squares[BLOCK] = {0};
  for (int64_t r = 0; r < rows; r++) {
    const float *xr = x + r * cols + c0;
    for (int64_t c = 0; c < b; c++) { sum[c] += xr[c]; }
  }
  for (int64_t c = 0; c < b; c++) { sum[c] = sum[c] / (double)rows; }
  for (int64_t r = 0; r < rows; r++) {
    const float *xr = x + r * cols + c0;
    for (int64_t c = 0; c < b; c++) {
      double d = (double)xr[c] - sum[c];
      squares[c] += d * d;
    }
  }
  for (int64_t c = 0; c < b; c++) { variance[c0 + c] = (float)(squares[c] / (double)rows); }
  END_BLOCKS
}

void bl_batch_norm(int64_t rows, int64_t cols, float epsilon, const float *x, const float *mean,
                   const float *variance, const float *scale, const float *shift, float *y) {
  COLUMN_BLOCKS
  float factor[BLOCK];
  for (int64_t c = 0; c < b; c++) { factor[c] = scale[c0 + c] / sqrtf(variance[c0 + c] + epsilon); }
  for (int64_t r = 0; r < rows; r++) {
    const float *xr = x + r * cols + c0;
    float *yr = y + r * cols + c0;
    INDEPENDENT for (int64_t c = 0; c < b; c++) {
      yr[c] = (xr[c] - mean[c0 + c]) * factor[c] + shift[c0 + c];
    }
  }
  END_BLOCKS
}

/* training: scale/sd (dy - mean(dy) - xhat mean(dy xhat)); else scale/sd dy. */
void bl_batch_norm_grad(int training, int64_t rows, int64_t cols, float epsilon, const float *dy, const float *x,
                        const float *mean, const float *variance, const float *scale, float *dx) {
  COLUMN_BLOCKS
  float rsd[BLOCK], factor[BLOCK], mean_dy[BLOCK], mean_dyx[BLOCK];
  double sum[BLOCK] = {0}, dot[BLOCK] = {0};
  for (int64_t c = 0; c < b; c++) {
    rsd[c] = 1.0f / sqrtf(variance[c0 + c] + epsilon);
    factor[c] = scale[c0 + c] * rsd[c];
    mean_dy[c] = 0.0f;
    mean_dyx[c] = 0.0f;
  }
  if (training) {
    for (int64_t r = 0; r < rows; r++) {
      const float *dyr = dy + r * cols + c0, *xr = x + r * cols + c0;
      for (int64_t c = 0; c < b; c++) {
        sum[c] += dyr[c];
        dot[c] += (double)dyr[c] * (double)((xr[c] - mean[c0 + c]) * rsd[c]);
      }
    }
    for (int64_t c = 0; c < b; c++) {
      mean_dy[c] = (float)(sum[c] / (double)rows);
      mean_dyx[c] = (float)(dot[c] / (double)rows);
    }
  }
  for (int64_t r = 0; r < rows; r++) {
    const float *dyr = dy + r * cols + c0, *xr = x + r * cols + c0;
    float *dxr = dx + r * cols + c0;
    INDEPENDENT for (int64_t c = 0; c < b; c++) {
      float xhat = (xr[c] - mean[c0 + c]) * rsd[c];
      dxr[c] = factor[c] * (dyr[c] - mean_dy[c] - xhat * mean_dyx[c]);
    }
  }
  END_BLOCKS
}

/* sum over rows of dy xhat */
void bl_batch_norm_grad_scale(int64_t rows, int64_t cols, float epsilon, const float *dy, const float *x,
                              const float *mean, const float *variance, float *dscale) {
  COLUMN_BLOCKS
  float rsd[BLOCK];
  double dot[BLOCK] = {0};
  for (int64_t c = 0; c < b; c++) { rsd[c] = 1.0f / sqrtf(variance[c0 + c] + epsilon); }
  for (int64_t r = 0; r < rows; r++) {
    const float *dyr = dy + r * cols + c0, *xr = x + r * cols + c0;
    for (int64_t c = 0; c < b; c++) { dot[c] += (double)dyr[c] * (double)((xr[c] - mean[c0 + c]) * rsd[c]); }
  }
  for (int64_t c = 0; c < b; c++) { dscale[c0 + c] = (float)dot[c]; }
  END_BLOCKS
}
