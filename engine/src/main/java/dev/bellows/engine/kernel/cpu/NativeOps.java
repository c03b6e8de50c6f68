package dev.bellows.engine.kernel.cpu;

import org.jspecify.annotations.Nullable;

/** The entries of our C library, see {@code engine/src/main/c}. {@link NativeLibrary} loads it. */
final class NativeOps {
  private NativeOps() {}

  static native int singleThreaded(int overwrite);

  static native void unary(int op, float p, float q, long x, long y, long n);

  static native void binary(int op, float p, long shape, long a, long b, long y);

  static native void biasUnary(
      int op, float p, float q, long x, long bias, long y, long rows, long cols);

  static native void geluWithSlope(long x, long y, long slope, long n);

  static native void gradColumnSums(
      int op, float p, long dy, long saved, long dx, long sums, long rows, long cols);

  static native void sum(long outer, long reduced, long inner, float scale, long x, long y);

  static native void rowMax(long rows, long cols, long x, long y);

  static native void rowArgmax(long rows, long cols, long x, long y);

  static native boolean allFinite(long x, long n);

  static native long firstOutside(long x, long n, long stride, int limit);

  static native void metric(int kind, long rows, long cols, long x, long truth, long out);

  static native void loss(
      int op,
      float p,
      long rows,
      long cols,
      long scores,
      long truth,
      long weights,
      long out,
      long grad);

  static native void classWeights(
      int kind, long rows, long weights, long classes, long table, long out);

  static native void softmax(long rows, long cols, float temperature, long x, long y);

  static native void logSoftmax(long rows, long cols, long x, long y);

  static native void softmaxGrad(long rows, long cols, float temperature, long dy, long y, long dx);

  static native void batchMean(long rows, long cols, long x, long mean);

  static native void batchVariance(long rows, long cols, long x, long variance);

  static native void batchNorm(
      long rows,
      long cols,
      float epsilon,
      long x,
      long mean,
      long variance,
      long scale,
      long shift,
      long y);

  static native void batchNormGrad(
      boolean training,
      long rows,
      long cols,
      float epsilon,
      long dy,
      long x,
      long mean,
      long variance,
      long scale,
      long dx);

  static native void batchNormGradScale(
      long rows, long cols, float epsilon, long dy, long x, long mean, long variance, long dscale);

  static native void csrMatmul(long rows, long k, long csr, long w, long bias, long y);

  static native void csrMatmulTransposed(long rows, long d, long k, long csr, long dy, long dw);

  static native void gatherRows(
      long rows, long k, long table, long codes, long codeStride, long y, long yStride);

  static native void scatterAddRows(
      long rows, long k, long v, long dy, long dyStride, long codes, long codeStride, long table);

  static native void copyLines(long rows, long bytes, long x, long xStride, long y, long yStride);

  static native void transpose(long rows, long cols, long x, long y);

  static native void toBfloat16(long n, long x, long y);

  static native void fromBfloat16(long n, long x, long y);

  static native void dropout(long key, float rate, float scale, long x, long y, long n);

  static native void draw(long key, int distribution, long y, long n);

  static native boolean copyChecked(long x, float[] y, long n);

  static native boolean addChain(long x, float[][] chain, int count, long n);

  static native void addArray(float[] x, int offset, float[] sum, long n);

  static native boolean allFiniteArray(float[] x, int offset, long n);

  static native void splitBfloat16(float[] x, int offset, byte[] y, int at, long n);

  static native boolean addBfloat16(byte[] x, int at, float[] sum, int offset, long n);

  static native void adam(
      float[] constants, float[] g, float[] w, float[] m, float[] v, int offset, long n);

  static native void byteRows(
      byte[] x,
      int @Nullable [] order,
      int from,
      int count,
      int width,
      double center,
      double factor,
      long y);
}
