package dev.bellows.engine.kernel.cpu;

import dev.bellows.engine.kernel.KernelCall;
import dev.bellows.engine.kernel.Loss;
import dev.bellows.engine.kernel.LossOp;
import dev.bellows.engine.kernel.MetricOp;

/** {@link Loss} by our C library. */
final class NativeLoss implements Loss {
  @Override
  public KernelCall bind(
      LossOp op,
      float p,
      int rows,
      int cols,
      long scores,
      long truth,
      long weights,
      long out,
      long gradient) {
    int code = op.code();
    return () -> NativeOps.loss(code, p, rows, cols, scores, truth, weights, out, gradient);
  }

  @Override
  public KernelCall bindMetric(MetricOp op, int rows, int cols, long scores, long truth, long out) {
    int code = op.code();
    return () -> NativeOps.metric(code, rows, cols, scores, truth, out);
  }

  @Override
  public KernelCall bindClassWeights(
      boolean labels, int rows, long weights, long classes, long table, long out) {
    int kind = labels ? 0 : 1;
    return () -> NativeOps.classWeights(kind, rows, weights, classes, table, out);
  }
}
