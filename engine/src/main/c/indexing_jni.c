/* Java's way in: dev.bellows.engine.kernel.cpu.NativeIndexing. Addresses arrive as jlong. */
#include "indexing.h"
#include <jni.h>

#define ENTRY(NAME, ...) \
  JNIEXPORT void JNICALL Java_dev_bellows_engine_kernel_cpu_NativeIndexing_##NAME(JNIEnv *env, jclass type, __VA_ARGS__)
#define UNUSED (void)env, (void)type
#define IN(A) ((const float *)(A))
#define OUT(A) ((float *)(A))
#define INTS(A) ((const int32_t *)(A))
#define LONGS(A) ((const int64_t *)(A))

ENTRY(permute, jlong shape, jlong x, jlong y) {
  UNUSED;
  bl_permute(LONGS(shape), IN(x), OUT(y));
}

ENTRY(pad, jlong shape, jfloat value, jlong x, jlong y) {
  UNUSED;
  bl_pad(LONGS(shape), value, IN(x), OUT(y));
}

ENTRY(unpad, jlong shape, jlong y, jlong x) {
  UNUSED;
  bl_unpad(LONGS(shape), IN(y), OUT(x));
}

ENTRY(gather, jlong outer, jlong size, jlong inner, jlong count, jlong x, jlong indices, jlong y) {
  UNUSED;
  bl_gather(outer, size, inner, count, IN(x), INTS(indices), OUT(y));
}

ENTRY(scatterAdd, jlong outer, jlong size, jlong inner, jlong count, jlong dy, jlong indices, jlong x) {
  UNUSED;
  bl_scatter_add(outer, size, inner, count, IN(dy), INTS(indices), OUT(x));
}

ENTRY(oneHot, jlong count, jlong depth, jlong indices, jlong y) {
  UNUSED;
  bl_one_hot(count, depth, INTS(indices), OUT(y));
}

ENTRY(cumulativeSum, jlong outer, jlong n, jlong inner, jboolean exclusive, jboolean reverse, jlong x, jlong y) {
  UNUSED;
  bl_cumulative_sum(outer, n, inner, exclusive, reverse, IN(x), OUT(y));
}

ENTRY(select, jlong n, jlong mask, jlong a, jlong b, jlong y) {
  UNUSED;
  bl_select(n, IN(mask), IN(a), IN(b), OUT(y));
}

ENTRY(reverseSequence, jlong rows, jlong steps, jlong inner, jlong x, jlong lengths, jlong y) {
  UNUSED;
  bl_reverse_sequence(rows, steps, inner, IN(x), INTS(lengths), OUT(y));
}

ENTRY(sequenceMask, jlong rows, jlong steps, jlong lengths, jlong y) {
  UNUSED;
  bl_sequence_mask(rows, steps, INTS(lengths), OUT(y));
}

ENTRY(windowPlaces, jlong rows, jlong queries, jlong size, jlong reach, jlong centres, jlong y) {
  UNUSED;
  bl_window_places(rows, queries, size, reach, (const float *)centres, (int32_t *)y);
}
