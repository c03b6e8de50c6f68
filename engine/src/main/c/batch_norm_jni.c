/* Java's way in: dev.bellows.engine.kernel.cpu.NativeBatchNorm. */
#include "batch_norm.h"
#include <jni.h>

JNIEXPORT void JNICALL Java_dev_bellows_engine_kernel_cpu_NativeBatchNorm_forward(JNIEnv *env, jclass type,
                                                                                  jlong operands) {
  (void)env, (void)type;
  bl_batch_norm_forward((const bn_forward *)operands);
}

JNIEXPORT void JNICALL Java_dev_bellows_engine_kernel_cpu_NativeBatchNorm_backward(JNIEnv *env, jclass type,
                                                                                   jlong operands) {
  (void)env, (void)type;
  bl_batch_norm_backward((const bn_backward *)operands);
}
