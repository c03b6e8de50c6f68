/* Java's way in: dev.bellows.engine.kernel.cpu.NativeRegions. Addresses arrive as jlong. */
#include "roi.h"
#include <jni.h>

#define ENTRY(NAME, ...) \
  JNIEXPORT void JNICALL Java_dev_bellows_engine_kernel_cpu_NativeRegions_##NAME(JNIEnv *env, jclass type, __VA_ARGS__)
#define UNUSED (void)env, (void)type
#define SHAPE(A) ((const roi_shape *)(A))
#define IN(A) ((const float *)(A))

ENTRY(align, jlong shape, jlong x, jlong regions, jlong y) {
  UNUSED;
  bl_roi_align(SHAPE(shape), IN(x), IN(regions), (float *)y);
}

ENTRY(alignGrad, jlong shape, jlong dy, jlong regions, jlong dx) {
  UNUSED;
  bl_roi_align_grad(SHAPE(shape), IN(dy), IN(regions), (float *)dx);
}

ENTRY(poolIndex, jlong shape, jlong x, jlong regions, jlong index) {
  UNUSED;
  bl_roi_pool_index(SHAPE(shape), IN(x), IN(regions), (int32_t *)index);
}
