/* Java's way in: dev.bellows.engine.kernel.cpu.NativeConvolution. */
#include "convolution.h"
#include <jni.h>

JNIEXPORT jlong JNICALL Java_dev_bellows_engine_kernel_cpu_NativeConvolution_gradInputSpace(JNIEnv *env, jclass type,
                                                                                            jlong shape) {
  (void)env, (void)type;
  return bl_conv_grad_input_space((const conv_shape *)shape);
}

JNIEXPORT void JNICALL Java_dev_bellows_engine_kernel_cpu_NativeConvolution_gradInput(JNIEnv *env, jclass type,
                                                                                      jlong shape, jlong dy, jlong w,
                                                                                      jlong dx, jlong space) {
  (void)env, (void)type;
  bl_conv_grad_input((const conv_shape *)shape, (const float *)dy, (const float *)w, (float *)dx, (float *)space);
}
