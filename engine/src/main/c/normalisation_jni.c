/* Java's way in: dev.bellows.engine.kernel.cpu.NativeNormalisation. Addresses arrive as jlong. */
#include "normalisation.h"
#include <jni.h>

#define ENTRY(NAME, ...) \
  JNIEXPORT void JNICALL Java_dev_bellows_engine_kernel_cpu_NativeNormalisation_##NAME(JNIEnv *env, jclass type, __VA_ARGS__)
#define IN(A) ((const float *)(A))
#define OUT(A) ((float *)(A))

ENTRY(groupNorm, jlong rows, jlong places, jlong groups, jlong width, jfloat epsilon, jlong x, jlong scale, jlong shift,
      jlong y) {
  (void)env, (void)type;
  bl_group_norm(rows, places, groups, width, epsilon, IN(x), IN(scale), IN(shift), OUT(y));
}

ENTRY(groupNormGrad, jlong rows, jlong places, jlong groups, jlong width, jfloat epsilon, jlong dy, jlong x,
      jlong scale, jlong dx, jlong dscale, jlong dshift) {
  (void)env, (void)type;
  bl_group_norm_grad(rows, places, groups, width, epsilon, IN(dy), IN(x), IN(scale), OUT(dx), OUT(dscale), OUT(dshift));
}
