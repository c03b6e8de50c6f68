package dev.bellows.engine.kernel.cpu;

import dev.bellows.engine.kernel.BatchNormBackward;
import dev.bellows.engine.kernel.BatchNormForward;
import dev.bellows.engine.kernel.KernelCall;
import dev.bellows.engine.kernel.Norm;

/** {@link Norm} by our C library. */
final class NativeNorm implements Norm {
  private final SessionMemory memory;

  NativeNorm(SessionMemory memory) {
    this.memory = memory;
  }

  @Override
  public KernelCall bindSoftmax(int rows, int cols, float temperature, long x, long y) {
    return () -> NativeOps.softmax(rows, cols, temperature, x, y);
  }

  @Override
  public KernelCall bindLogSoftmax(int rows, int cols, long x, long y) {
    return () -> NativeOps.logSoftmax(rows, cols, x, y);
  }

  @Override
  public KernelCall bindSoftmaxGrad(
      int rows, int cols, float temperature, long dy, long y, long dx) {
    return () -> NativeOps.softmaxGrad(rows, cols, temperature, dy, y, dx);
  }

  @Override
  public KernelCall bindBatchMean(int rows, int cols, long x, long mean) {
    return () -> NativeOps.batchMean(rows, cols, x, mean);
  }

  @Override
  public KernelCall bindBatchVariance(int rows, int cols, long x, long variance) {
    return () -> NativeOps.batchVariance(rows, cols, x, variance);
  }

  @Override
  public KernelCall bindBatchNorm(
      int rows,
      int cols,
      float epsilon,
      long x,
      long mean,
      long variance,
      long scale,
      long shift,
      long y) {
    return () -> NativeOps.batchNorm(rows, cols, epsilon, x, mean, variance, scale, shift, y);
  }

  @Override
  public KernelCall bindBatchNormGrad(
      boolean training,
      int rows,
      int cols,
      float epsilon,
      long dy,
      long x,
      long mean,
      long variance,
      long scale,
      long dx) {
    return () ->
        NativeOps.batchNormGrad(training, rows, cols, epsilon, dy, x, mean, variance, scale, dx);
  }

  @Override
  public KernelCall bindBatchNormGradScale(
      int rows, int cols, float epsilon, long dy, long x, long mean, long variance, long dscale) {
    return () -> NativeOps.batchNormGradScale(rows, cols, epsilon, dy, x, mean, variance, dscale);
  }

  @Override
  public KernelCall bindBatchNormForward(BatchNormForward operands) {
    return NativeBatchNorm.bind(memory, operands);
  }

  @Override
  public KernelCall bindBatchNormBackward(BatchNormBackward operands) {
    return NativeBatchNorm.bind(memory, operands);
  }
}
