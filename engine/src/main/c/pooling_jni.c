/* Java's way in: dev.bellows.engine.kernel.cpu.NativePooling. Addresses arrive as jlong. */
#include "pooling.h"
#include <jni.h>

#define ENTRY(NAME, ...) \
  JNIEXPORT void JNICALL Java_dev_bellows_engine_kernel_cpu_NativePooling_##NAME(JNIEnv *env, jclass type, __VA_ARGS__)
#define UNUSED (void)env, (void)type
#define SHAPE(A) ((const pool_shape *)(A))
#define IN(A) ((const float *)(A))
#define INTS(A) ((const int32_t *)(A))
#define OUT(A) ((float *)(A))

ENTRY(max, jlong shape, jboolean relu, jlong x, jlong y, jlong index) {
  UNUSED;
  bl_max_pool(SHAPE(shape), relu, IN(x), OUT(y), (int32_t *)index);
}

ENTRY(maxGrad, jlong shape, jlong dy, jlong index, jlong positive, jlong dx) {
  UNUSED;
  bl_max_pool_grad(SHAPE(shape), IN(dy), INTS(index), IN(positive), OUT(dx));
}

ENTRY(average, jlong shape, jboolean padded, jlong x, jlong y) {
  UNUSED;
  bl_average_pool(SHAPE(shape), padded, IN(x), OUT(y));
}

ENTRY(averageGrad, jlong shape, jboolean padded, jlong dy, jlong dx) {
  UNUSED;
  bl_average_pool_grad(SHAPE(shape), padded, IN(dy), OUT(dx));
}

ENTRY(take, jlong rows, jlong positions, jlong places, jlong channels, jlong x, jlong index, jlong y) {
  UNUSED;
  bl_take(rows, positions, places, channels, IN(x), INTS(index), OUT(y));
}

ENTRY(put, jlong rows, jlong positions, jlong places, jlong channels, jlong dy, jlong index, jlong dx) {
  UNUSED;
  bl_put(rows, positions, places, channels, IN(dy), INTS(index), OUT(dx));
}

ENTRY(resize, jlong rows, jlong positions, jlong places, jlong channels, jlong corner, jlong weight, jlong x,
      jlong y) {
  UNUSED;
  bl_resize(rows, positions, places, channels, INTS(corner), IN(weight), IN(x), OUT(y));
}

ENTRY(resizeGrad, jlong rows, jlong positions, jlong places, jlong channels, jlong corner, jlong weight, jlong dy,
      jlong dx) {
  UNUSED;
  bl_resize_grad(rows, positions, places, channels, INTS(corner), IN(weight), IN(dy), OUT(dx));
}

ENTRY(channelSum, jlong rows, jlong channels, jlong half, jlong x, jlong y) {
  UNUSED;
  bl_channel_sum(rows, channels, half, IN(x), OUT(y));
}
