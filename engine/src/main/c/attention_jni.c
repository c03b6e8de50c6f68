/* Java's way in: dev.bellows.engine.kernel.cpu.NativeAttention. Addresses arrive as jlong. */
#include "attention.h"
#include <jni.h>

#define ENTRY(RETURN, NAME, ...) \
  JNIEXPORT RETURN JNICALL Java_dev_bellows_engine_kernel_cpu_NativeAttention_##NAME(JNIEnv *env, jclass type, __VA_ARGS__)
#define UNUSED (void)env, (void)type
#define SHAPE(A) ((const attention_shape *)(A))
#define IN(A) ((const float *)(A))
#define OUT(A) ((float *)(A))

ENTRY(jlong, scratchFloats, jlong shape) {
  UNUSED;
  return bl_attention_scratch(SHAPE(shape));
}

ENTRY(void, attention, jlong shape, jfloat scale, jlong q, jlong k, jlong v, jlong lengths, jlong y, jlong scratch) {
  UNUSED;
  bl_attention(SHAPE(shape), scale, IN(q), IN(k), IN(v), (const int32_t *)lengths, OUT(y), OUT(scratch));
}

ENTRY(void, attentionGrad, jlong shape, jfloat scale, jlong q, jlong k, jlong v, jlong lengths, jlong dy, jlong dq,
      jlong dk, jlong dv, jlong scratch) {
  UNUSED;
  bl_attention_grad(SHAPE(shape), scale, IN(q), IN(k), IN(v), (const int32_t *)lengths, IN(dy), OUT(dq), OUT(dk),
                    OUT(dv), OUT(scratch));
}
