#ifndef BELLOWS_ATTENTION_H
#define BELLOWS_ATTENTION_H

#include <stdint.h>

/* As stored by NativeAttention in Java; strides are those from one position to the next. */
typedef struct {
  int64_t rows, queries, keys, heads, width, value_width, causal;
  int64_t q_stride, k_stride, v_stride;    /* of the operands */
  int64_t dq_stride, dk_stride, dv_stride; /* of their gradients */
} attention_shape;

/* Floats of scratch memory that either call needs. */
int64_t bl_attention_scratch(const attention_shape *shape);

/* lengths may be null: every key is seen. y is dense. */
void bl_attention(const attention_shape *shape, float scale, const float *q, const float *k, const float *v,
                  const int32_t *lengths, float *y, float *scratch);

/* dq, dk, dv are null where they are not wanted. */
void bl_attention_grad(const attention_shape *shape, float scale, const float *q, const float *k, const float *v,
                       const int32_t *lengths, const float *dy, float *dq, float *dk, float *dv, float *scratch);

#endif
