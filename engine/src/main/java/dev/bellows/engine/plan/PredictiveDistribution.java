package dev.bellows.engine.plan;

/**
 * Class probabilities as the mean of many passes that each draw their own dropout masks: a sample
 * of what the posterior over the weights would predict (Y. Gal, Z. Ghahramani, "Dropout as a
 * Bayesian approximation: representing model uncertainty in deep learning", ICML 2016).
 *
 * @param probabilities mean over the passes, [N, K], rows of sum 1
 * @param entropy of {@code probabilities} in nats, [N]: how unsure the prediction is
 * @param information that a label would give on the weights, in nats, [N]: {@code entropy} less the
 *     mean entropy of single passes; large where passes are sure but differ (N. Houlsby et al.,
 *     arXiv 1112.5745, 2011)
 */
public record PredictiveDistribution(
    double[] probabilities, double[] entropy, double[] information) {

  /**
   * Of the rows in a predictor's batch.
   *
   * @param sampler from {@link Predictor#sampling}, of a classifier, with parameters and rows set
   * @param rows N of the batch
   * @param passes 50 is usual; the first is pass 0
   */
  public static PredictiveDistribution of(Predictor sampler, int rows, int passes) {
    if (passes < 1) {
      throw new IllegalArgumentException("passes must be 1 or more, got " + passes);
    }
    int classes = sampler.scores();
    float[] once = new float[rows * classes];
    double[] mean = new double[rows * classes];
    double[] single = new double[rows];
    for (int pass = 0; pass < passes; pass++) {
      sampler.run(pass);
      sampler.probabilities(once);
      for (int i = 0; i < once.length; i++) {
        mean[i] += once[i] / (double) passes;
        single[i / classes] += information(once[i]) / passes;
      }
    }
    double[] entropy = new double[rows];
    for (int i = 0; i < mean.length; i++) {
      entropy[i / classes] += information(mean[i]);
    }
    double[] gained = new double[rows];
    for (int row = 0; row < rows; row++) {
      gained[row] = Math.max(0, entropy[row] - single[row]);
    }
    return new PredictiveDistribution(mean, entropy, gained);
  }

  /** -p ln p, 0 for p = 0. */
  private static double information(double p) {
    return p > 0 ? -p * Math.log(p) : 0;
  }
}
