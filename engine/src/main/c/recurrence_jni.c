/* Java's way in: dev.bellows.engine.kernel.cpu.NativeRecurrence. Addresses arrive as jlong. */
#include "recurrence.h"
#include <jni.h>

#define ENTRY(NAME, ...) \
  JNIEXPORT void JNICALL Java_dev_bellows_engine_kernel_cpu_NativeRecurrence_##NAME(JNIEnv *env, jclass type, __VA_ARGS__)
#define UNUSED (void)env, (void)type

ENTRY(pack, jlong shape, jboolean backward, jlong weights, jlong to) {
  UNUSED;
  bl_recurrent_pack((const int64_t *)shape, backward, (const void *)weights, (float *)to);
}

ENTRY(forward, jlong shape, jlong x, jlong weights, jlong state, jlong bias, jlong lengths, jlong y, jlong trace,
      jlong space) {
  UNUSED;
  bl_recurrent_forward((const int64_t *)shape, (const float *)x, (float *)weights, (const float *)state,
                       (const float *)bias, (const int32_t *)lengths, (float *)y, (float *)trace, (float *)space);
}

ENTRY(backward, jlong shape, jlong dy, jlong trace, jlong weights, jlong lengths, jlong dx, jlong dstate, jlong space) {
  UNUSED;
  bl_recurrent_backward((const int64_t *)shape, (const float *)dy, (const float *)trace, (float *)weights,
                        (const int32_t *)lengths, (float *)dx, (float *)dstate, (float *)space);
}

JNIEXPORT jint JNICALL Java_dev_bellows_engine_kernel_cpu_NativeRecurrence_unit(JNIEnv *env, jclass type) {
  UNUSED;
  return bl_recurrent_unit();
}
