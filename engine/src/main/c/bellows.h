/* The kernels that jni.c exports. Pointers are off-heap, or pinned arrays for vector.c; shapes are counts of elements, strides too. */
#ifndef BELLOWS_H
#define BELLOWS_H

#include <stdint.h>

void bl_unary(int op, float p, float q, const float *x, float *y, int64_t n);
void bl_binary(int op, float p, const int64_t *shape, const float *a, const float *b, float *y);
void bl_bias_unary(int op, float p, float q, const float *x, const float *bias, float *y, int64_t rows,
                   int64_t cols);
void bl_gelu_with_slope(const float *x, float *y, float *slope, int64_t n);
void bl_grad_column_sums(int op, float p, const float *dy, const float *saved, float *dx, float *sums,
                         int64_t rows, int64_t cols);

void bl_sum(int64_t outer, int64_t reduced, int64_t inner, float scale, const float *x, float *y);
void bl_row_max(int64_t rows, int64_t cols, const float *x, float *y);
void bl_row_argmax(int64_t rows, int64_t cols, const float *x, int32_t *y);
int bl_all_finite(const float *x, int64_t n);
int64_t bl_first_outside(const int32_t *x, int64_t n, int64_t stride, int32_t limit);

void bl_metric(int kind, int64_t rows, int64_t cols, const float *x, const void *truth, void *out);
void bl_loss(int op, float p, int64_t rows, int64_t cols, const float *scores, const void *truth,
             const float *weights, void *out, float *grad);
void bl_class_weights(int kind, int64_t rows, const float *weights, const void *classes, const float *table,
                      float *out);

void bl_softmax(int64_t rows, int64_t cols, float temperature, const float *x, float *y);
void bl_log_softmax(int64_t rows, int64_t cols, const float *x, float *y);
void bl_softmax_grad(int64_t rows, int64_t cols, float temperature, const float *dy, const float *y, float *dx);
void bl_batch_mean(int64_t rows, int64_t cols, const float *x, float *mean);
void bl_batch_variance(int64_t rows, int64_t cols, const float *x, float *variance);
void bl_batch_norm(int64_t rows, int64_t cols, float epsilon, const float *x, const float *mean,
                   const float *variance, const float *scale, const float *shift, float *y);
void bl_batch_norm_grad(int training, int64_t rows, int64_t cols, float epsilon, const float *dy, const float *x,
                        const float *mean, const float *variance, const float *scale, float *dx);
void bl_batch_norm_grad_scale(int64_t rows, int64_t cols, float epsilon, const float *dy, const float *x,
                              const float *mean, const float *variance, float *dscale);

void bl_csr_matmul(int64_t rows, int64_t k, const int64_t *csr, const float *w, const float *bias, float *y);
void bl_csr_matmul_transposed(int64_t rows, int64_t d, int64_t k, const int64_t *csr, const float *dy, float *dw);
void bl_gather_rows(int64_t rows, int64_t k, const float *table, const int32_t *codes, int64_t code_stride,
                    float *y, int64_t y_stride);
void bl_scatter_add_rows(int64_t rows, int64_t k, int64_t v, const float *dy, int64_t dy_stride,
                         const int32_t *codes, int64_t code_stride, float *table);
void bl_copy_lines(int64_t rows, int64_t bytes, const char *x, int64_t x_stride, char *y, int64_t y_stride);
void bl_transpose(int64_t rows, int64_t cols, const float *x, float *y);
void bl_to_bfloat16(int64_t n, const uint32_t *x, uint16_t *y);
void bl_from_bfloat16(int64_t n, const uint16_t *x, uint32_t *y);
void bl_split_bfloat16(float *x, uint8_t *y, int64_t n);
int bl_add_bfloat16(const uint8_t *x, float *sum, int64_t n);

int bl_copy_checked(const float *x, float *y, int64_t n);
int bl_add_chain(const float *x, float *const *chain, int count, int64_t n);
void bl_add(const float *x, float *sum, int64_t n);
void bl_byte_rows(const uint8_t *x, const int32_t *order, int64_t first, int64_t count, int64_t width, double center,
                  double factor, float *y);
void bl_adam(const float *constants, const float *g, float *w, float *m, float *v, int64_t n);

void bl_draw(uint64_t key, int32_t distribution, float *y, int64_t n);
void bl_dropout(uint64_t key, float rate, float scale, const float *x, float *y, int64_t n);

#endif
