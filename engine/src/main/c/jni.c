/* Java's way in: dev.bellows.engine.kernel.cpu.NativeOps. Addresses arrive as jlong. */
#include "bellows.h"
#include <jni.h>
#include <stdlib.h>

#define ENTRY(RETURN, NAME, ...) \
  JNIEXPORT RETURN JNICALL Java_dev_bellows_engine_kernel_cpu_NativeOps_##NAME(JNIEnv *env, jclass type, __VA_ARGS__)
#define UNUSED (void)env, (void)type
#define IN(A) ((const float *)(A))
#define OUT(A) ((float *)(A))

/* Must run before libgomp loads: it reads OMP_NUM_THREADS once. */
ENTRY(jint, singleThreaded, jint overwrite) {
  UNUSED;
  return setenv("OMP_NUM_THREADS", "1", overwrite);
}

ENTRY(void, unary, jint op, jfloat p, jfloat q, jlong x, jlong y, jlong n) {
  UNUSED;
  bl_unary(op, p, q, IN(x), OUT(y), n);
}

ENTRY(void, binary, jint op, jfloat p, jlong shape, jlong a, jlong b, jlong y) {
  UNUSED;
  bl_binary(op, p, (const int64_t *)shape, IN(a), IN(b), OUT(y));
}

ENTRY(void, biasUnary, jint op, jfloat p, jfloat q, jlong x, jlong bias, jlong y, jlong rows, jlong cols) {
  UNUSED;
  bl_bias_unary(op, p, q, IN(x), IN(bias), OUT(y), rows, cols);
}

ENTRY(void, geluWithSlope, jlong x, jlong y, jlong slope, jlong n) {
  UNUSED;
  bl_gelu_with_slope(IN(x), OUT(y), OUT(slope), n);
}

ENTRY(void, gradColumnSums, jint op, jfloat p, jlong dy, jlong saved, jlong dx, jlong sums, jlong rows, jlong cols) {
  UNUSED;
  bl_grad_column_sums(op, p, IN(dy), IN(saved), OUT(dx), OUT(sums), rows, cols);
}

ENTRY(void, sum, jlong outer, jlong reduced, jlong inner, jfloat scale, jlong x, jlong y) {
  UNUSED;
  bl_sum(outer, reduced, inner, scale, IN(x), OUT(y));
}

ENTRY(void, rowMax, jlong rows, jlong cols, jlong x, jlong y) {
  UNUSED;
  bl_row_max(rows, cols, IN(x), OUT(y));
}

ENTRY(void, rowArgmax, jlong rows, jlong cols, jlong x, jlong y) {
  UNUSED;
  bl_row_argmax(rows, cols, IN(x), (int32_t *)y);
}

ENTRY(jboolean, allFinite, jlong x, jlong n) {
  UNUSED;
  return (jboolean)bl_all_finite(IN(x), n);
}

ENTRY(jlong, firstOutside, jlong x, jlong n, jlong stride, jint limit) {
  UNUSED;
  return bl_first_outside((const int32_t *)x, n, stride, limit);
}

ENTRY(void, metric, jint kind, jlong rows, jlong cols, jlong x, jlong truth, jlong out) {
  UNUSED;
  bl_metric(kind, rows, cols, IN(x), (const void *)truth, (void *)out);
}

ENTRY(void, loss, jint op, jfloat p, jlong rows, jlong cols, jlong scores, jlong truth, jlong weights, jlong out,
      jlong grad) {
  UNUSED;
  bl_loss(op, p, rows, cols, IN(scores), (const void *)truth, IN(weights), (void *)out, OUT(grad));
}

ENTRY(void, classWeights, jint kind, jlong rows, jlong weights, jlong classes, jlong table, jlong out) {
  UNUSED;
  bl_class_weights(kind, rows, IN(weights), (const void *)classes, IN(table), OUT(out));
}

ENTRY(void, softmax, jlong rows, jlong cols, jfloat temperature, jlong x, jlong y) {
  UNUSED;
  bl_softmax(rows, cols, temperature, IN(x), OUT(y));
}

ENTRY(void, logSoftmax, jlong rows, jlong cols, jlong x, jlong y) {
  UNUSED;
  bl_log_softmax(rows, cols, IN(x), OUT(y));
}

ENTRY(void, softmaxGrad, jlong rows, jlong cols, jfloat temperature, jlong dy, jlong y, jlong dx) {
  UNUSED;
  bl_softmax_grad(rows, cols, temperature, IN(dy), IN(y), OUT(dx));
}

ENTRY(void, batchMean, jlong rows, jlong cols, jlong x, jlong mean) {
  UNUSED;
  bl_batch_mean(rows, cols, IN(x), OUT(mean));
}

ENTRY(void, batchVariance, jlong rows, jlong cols, jlong x, jlong variance) {
  UNUSED;
  bl_batch_variance(rows, cols, IN(x), OUT(variance));
}

ENTRY(void, batchNorm, jlong rows, jlong cols, jfloat epsilon, jlong x, jlong mean, jlong variance, jlong scale,
      jlong shift, jlong y) {
  UNUSED;
  bl_batch_norm(rows, cols, epsilon, IN(x), IN(mean), IN(variance), IN(scale), IN(shift), OUT(y));
}

ENTRY(void, batchNormGrad, jboolean training, jlong rows, jlong cols, jfloat epsilon, jlong dy, jlong x, jlong mean,
      jlong variance, jlong scale, jlong dx) {
  UNUSED;
  bl_batch_norm_grad(training, rows, cols, epsilon, IN(dy), IN(x), IN(mean), IN(variance), IN(scale), OUT(dx));
}

ENTRY(void, batchNormGradScale, jlong rows, jlong cols, jfloat epsilon, jlong dy, jlong x, jlong mean, jlong variance,
      jlong dscale) {
  UNUSED;
  bl_batch_norm_grad_scale(rows, cols, epsilon, IN(dy), IN(x), IN(mean), IN(variance), OUT(dscale));
}

ENTRY(void, csrMatmul, jlong rows, jlong k, jlong csr, jlong w, jlong bias, jlong y) {
  UNUSED;
  bl_csr_matmul(rows, k, (const int64_t *)csr, IN(w), IN(bias), OUT(y));
}

ENTRY(void, csrMatmulTransposed, jlong rows, jlong d, jlong k, jlong csr, jlong dy, jlong dw) {
  UNUSED;
  bl_csr_matmul_transposed(rows, d, k, (const int64_t *)csr, IN(dy), OUT(dw));
}

ENTRY(void, gatherRows, jlong rows, jlong k, jlong table, jlong codes, jlong codeStride, jlong y, jlong yStride) {
  UNUSED;
  bl_gather_rows(rows, k, IN(table), (const int32_t *)codes, codeStride, OUT(y), yStride);
}

ENTRY(void, scatterAddRows, jlong rows, jlong k, jlong v, jlong dy, jlong dyStride, jlong codes, jlong codeStride,
      jlong table) {
  UNUSED;
  bl_scatter_add_rows(rows, k, v, IN(dy), dyStride, (const int32_t *)codes, codeStride, OUT(table));
}

ENTRY(void, copyLines, jlong rows, jlong bytes, jlong x, jlong xStride, jlong y, jlong yStride) {
  UNUSED;
  bl_copy_lines(rows, bytes, (const char *)x, xStride, (char *)y, yStride);
}

ENTRY(void, transpose, jlong rows, jlong cols, jlong x, jlong y) {
  UNUSED;
  bl_transpose(rows, cols, IN(x), OUT(y));
}

ENTRY(void, toBfloat16, jlong n, jlong x, jlong y) {
  UNUSED;
  bl_to_bfloat16(n, (const uint32_t *)x, (uint16_t *)y);
}

ENTRY(void, fromBfloat16, jlong n, jlong x, jlong y) {
  UNUSED;
  bl_from_bfloat16(n, (const uint16_t *)x, (uint32_t *)y);
}

ENTRY(void, draw, jlong key, jint distribution, jlong y, jlong n) {
  (void)env, (void)type;
  bl_draw((uint64_t)key, distribution, OUT(y), n);
}

ENTRY(void, dropout, jlong key, jfloat rate, jfloat scale, jlong x, jlong y, jlong n) {
  UNUSED;
  bl_dropout((uint64_t)key, rate, scale, IN(x), OUT(y), n);
}

/* Java arrays are pinned only for the length of one short loop: a collection waits at most that long. */
static float *pin(JNIEnv *env, jfloatArray array) {
  return (*env)->GetPrimitiveArrayCritical(env, array, NULL);
}

static void unpin(JNIEnv *env, jfloatArray array, float *values) {
  (*env)->ReleasePrimitiveArrayCritical(env, array, values, 0);
}

ENTRY(jboolean, copyChecked, jlong x, jfloatArray y, jlong n) {
  (void)type;
  float *to = pin(env, y);
  int finite = bl_copy_checked(IN(x), to, n);
  unpin(env, y, to);
  return (jboolean)finite;
}

#define MAX_CHAIN 16

ENTRY(jboolean, addChain, jlong x, jobjectArray chain, jint count, jlong n) {
  (void)type;
  jfloatArray arrays[MAX_CHAIN];
  float *values[MAX_CHAIN] = {0};
  for (int k = 0; k < count; k++) {
    arrays[k] = (*env)->GetObjectArrayElement(env, chain, k);
  }
  for (int k = 0; k < count; k++) {
    values[k] = pin(env, arrays[k]);
  }
  int finite = bl_add_chain(IN(x), values, count, n);
  for (int k = count - 1; k >= 0; k--) {
    unpin(env, arrays[k], values[k]);
  }
  return (jboolean)finite;
}

ENTRY(void, addArray, jfloatArray x, jint offset, jfloatArray sum, jlong n) {
  (void)type;
  float *from = pin(env, x);
  float *to = pin(env, sum);
  bl_add(from + offset, to, n);
  unpin(env, sum, to);
  unpin(env, x, from);
}

ENTRY(jboolean, allFiniteArray, jfloatArray x, jint offset, jlong n) {
  (void)type;
  float *from = pin(env, x);
  int finite = bl_all_finite(from + offset, n);
  unpin(env, x, from);
  return (jboolean)finite;
}

ENTRY(void, splitBfloat16, jfloatArray x, jint offset, jbyteArray y, jint at, jlong n) {
  (void)type;
  float *from = pin(env, x);
  uint8_t *to = (*env)->GetPrimitiveArrayCritical(env, y, NULL);
  bl_split_bfloat16(from + offset, to + at, n);
  (*env)->ReleasePrimitiveArrayCritical(env, y, to, 0);
  unpin(env, x, from);
}

ENTRY(jboolean, addBfloat16, jbyteArray x, jint at, jfloatArray sum, jint offset, jlong n) {
  (void)type;
  uint8_t *from = (*env)->GetPrimitiveArrayCritical(env, x, NULL);
  float *to = pin(env, sum);
  int finite = bl_add_bfloat16(from + at, to + offset, n);
  unpin(env, sum, to);
  (*env)->ReleasePrimitiveArrayCritical(env, x, from, JNI_ABORT);
  return (jboolean)finite;
}

ENTRY(void, adam, jfloatArray constants, jfloatArray g, jfloatArray w, jfloatArray m, jfloatArray v, jint offset,
      jlong n) {
  (void)type;
  float *c = pin(env, constants), *pg = pin(env, g), *pw = pin(env, w), *pm = pin(env, m), *pv = pin(env, v);
  bl_adam(c, pg + offset, pw + offset, pm + offset, pv + offset, n);
  unpin(env, v, pv);
  unpin(env, m, pm);
  unpin(env, w, pw);
  unpin(env, g, pg);
  unpin(env, constants, c);
}

ENTRY(void, byteRows, jbyteArray x, jintArray order, jint from, jint count, jint width, jdouble center, jdouble factor,
      jlong y) {
  (void)type;
  void *bytes = (*env)->GetPrimitiveArrayCritical(env, x, NULL);
  int32_t *rows = order ? (*env)->GetPrimitiveArrayCritical(env, order, NULL) : NULL;
  bl_byte_rows(bytes, rows ? rows + from : NULL, from, count, width, center, factor, OUT(y));
  if (rows) {
    (*env)->ReleasePrimitiveArrayCritical(env, order, rows, JNI_ABORT);
  }
  (*env)->ReleasePrimitiveArrayCritical(env, x, bytes, JNI_ABORT);
}
