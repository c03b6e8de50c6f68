package dev.bellows.engine.kernel;

/** Losses with their gradients, and metric sums. */
public interface Loss {
  /**
   * Bytes of a result of {@link #bind} and {@link #bindMetric}: the sum as float at 0 and as double
   * at 8.
   */
  int RESULT_BYTES = 16;

  /**
   * The loss of a slice and its gradient with respect to the scores (for an upstream gradient of 1)
   * in one pass.
   *
   * @param p the constant of {@link LossOp}: smoothing or delta
   * @param truth labels int [rows] or target float [rows, cols]; labels must be in [0, cols)
   * @param weights float [rows]; a row of weight 0 adds nothing to the sum
   * @param out {@link #RESULT_BYTES} bytes, or 0 when only the gradient is wanted
   * @param gradient float [rows, cols], or 0 when only the loss is wanted
   */
  KernelCall bind(
      LossOp op,
      float p,
      int rows,
      int cols,
      long scores,
      long truth,
      long weights,
      long out,
      long gradient);

  /** The metric's sum over rows; {@code out} has {@link #RESULT_BYTES} bytes. */
  KernelCall bindMetric(MetricOp op, int rows, int cols, long scores, long truth, long out);

  /**
   * out[r] = weights[r] table[class of r].
   *
   * @param labels whether {@code classes} are int; else floats where above 0.5 is class 1
   */
  KernelCall bindClassWeights(
      boolean labels, int rows, long weights, long classes, long table, long out);
}
