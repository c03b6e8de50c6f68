/* Java's way in: dev.bellows.engine.kernel.cpu.NativeAlignment. Addresses arrive as jlong. */
#include "ctc.h"
#include <jni.h>

#define NAME(N) JNICALL Java_dev_bellows_engine_kernel_cpu_NativeAlignment_##N
#define UNUSED (void)env, (void)type
#define INTS(A) ((const int32_t *)(A))

JNIEXPORT jlong NAME(space)(JNIEnv *env, jclass type, jlong shape) {
  UNUSED;
  return bl_ctc_space((const ctc_shape *)shape);
}

JNIEXPORT void NAME(ctc)(JNIEnv *env, jclass type, jlong shape, jlong x, jlong labels, jlong lengths, jlong counts,
                         jlong loss, jlong space) {
  UNUSED;
  bl_ctc((const ctc_shape *)shape, (const float *)x, INTS(labels), INTS(lengths), INTS(counts), (float *)loss,
         (double *)space);
}

JNIEXPORT void NAME(ctcGrad)(JNIEnv *env, jclass type, jlong shape, jlong dy, jlong x, jlong labels, jlong lengths,
                             jlong counts, jlong dx, jlong space) {
  UNUSED;
  bl_ctc_grad((const ctc_shape *)shape, (const float *)dy, (const float *)x, INTS(labels), INTS(lengths), INTS(counts),
              (float *)dx, (double *)space);
}
