/* Java's way in: dev.bellows.engine.kernel.cpu.NativeGemm. Addresses arrive as jlong. */
#include "outer_sum.h"
#include <jni.h>

#define ENTRY(NAME, ...) \
  JNIEXPORT void JNICALL Java_dev_bellows_engine_kernel_cpu_NativeGemm_##NAME(JNIEnv *env, jclass type, __VA_ARGS__)

ENTRY(outerSum, jlong parts, jlong a, jlong b, jlong m, jlong n, jlong k, jlong c) {
  (void)env, (void)type;
  bl_outer_sum(parts, (const int64_t *)a, (const int64_t *)b, m, n, k, (float *)c);
}

ENTRY(partSum, jlong parts, jlong x, jlong n, jlong c) {
  (void)env, (void)type;
  bl_part_sum(parts, (const int64_t *)x, n, (float *)c);
}
