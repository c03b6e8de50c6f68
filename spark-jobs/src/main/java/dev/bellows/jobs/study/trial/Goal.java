package dev.bellows.jobs.study.trial;

/** Whether small or large scores are wanted. */
public enum Goal {
  MINIMIZE,
  MAXIMIZE;

  /** The score as a loss: smaller is better; NaN becomes infinite, which is worst. */
  public double loss(double score) {
    double loss = this == MINIMIZE ? score : -score;
    return Double.isNaN(loss) ? Double.POSITIVE_INFINITY : loss;
  }
}
