/*
 * CSR products, embedding rows, layout. csr points at three addresses: row pointers int [N + 1], columns
 * int, values float; they are read at each call because the buffers grow.
 */
#include "bellows.h"
#include "bellows_math.h"
#include <string.h>

/* y[n, :] = sum_j value_j w[column_j, :] (+ bias) */
void bl_csr_matmul(int64_t rows, int64_t k, const int64_t *csr, const float *w, const float *bias, float *y) {
  const int32_t *pointers = (const int32_t *)csr[0], *columns = (const int32_t *)csr[1];
  const float *values = (const float *)csr[2];
  for (int64_t r = 0; r < rows; r++) {
    float *yr = y + r * k;
    if (bias) {
      memcpy(yr, bias, sizeof(float) * k);
    } else {
      memset(yr, 0, sizeof(float) * k);
    }
    for (int64_t j = pointers[r]; j < pointers[r + 1]; j++) {
      const float v = values[j];
      const float *wr = w + (int64_t)columns[j] * k;
      INDEPENDENT for (int64_t c = 0; c < k; c++) { yr[c] = yr[c] + v * wr[c]; }
    }
  }
}

/* dw [D, k] = transpose of the CSR matrix times dy [N, k] */
void bl_csr_matmul_transposed(int64_t rows, int64_t d, int64_t k, const int64_t *csr, const float *dy, float *dw) {
  const int32_t *pointers = (const int32_t *)csr[0], *columns = (const int32_t *)csr[1];
  const float *values = (const float *)csr[2];
  memset(dw, 0, sizeof(float) * d * k);
  for (int64_t r = 0; r < rows; r++) {
    const float *dyr = dy + r * k;
    for (int64_t j = pointers[r]; j < pointers[r + 1]; j++) {
      const float v = values[j];
      float *wr = dw + (int64_t)columns[j] * k;
      INDEPENDENT for (int64_t c = 0; c < k; c++) { wr[c] = wr[c] + v * dyr[c]; }
    }
  }
}

/* y[n * y_stride ...] = table[codes[n * code_stride], :] */
void bl_gather_rows(int64_t rows, int64_t k, const float *table, const int32_t *codes, int64_t code_stride,
                    float *y, int64_t y_stride) {
  for (int64_t r = 0; r < rows; r++) {
    memcpy(y + r * y_stride, table + (int64_t)codes[r * code_stride] * k, sizeof(float) * k);
  }
}

void bl_scatter_add_rows(int64_t rows, int64_t k, int64_t v, const float *dy, int64_t dy_stride,
                         const int32_t *codes, int64_t code_stride, float *table) {
  memset(table, 0, sizeof(float) * v * k);
  for (int64_t r = 0; r < rows; r++) {
    float *t = table + (int64_t)codes[r * code_stride] * k;
    const float *dyr = dy + r * dy_stride;
    INDEPENDENT for (int64_t c = 0; c < k; c++) { t[c] = t[c] + dyr[c]; }
  }
}

/* Copies `rows` lines of `bytes` bytes. */
void bl_copy_lines(int64_t rows, int64_t bytes, const char *x, int64_t x_stride, char *y, int64_t y_stride) {
  if (bytes == x_stride && bytes == y_stride) {
    memcpy(y, x, (size_t)(rows * bytes));
    return;
  }
  for (int64_t r = 0; r < rows; r++) {
    memcpy(y + r * y_stride, x + r * x_stride, (size_t)bytes);
  }
}

void bl_transpose(int64_t rows, int64_t cols, const float *x, float *y) {
  for (int64_t r0 = 0; r0 < rows; r0 += 16) {
    for (int64_t c0 = 0; c0 < cols; c0 += 16) {
      int64_t r1 = r0 + 16 < rows ? r0 + 16 : rows, c1 = c0 + 16 < cols ? c0 + 16 : cols;
      for (int64_t c = c0; c < c1; c++) {
        for (int64_t r = r0; r < r1; r++) {
          y[c * rows + r] = x[r * cols + c];
        }
      }
    }
  }
}
