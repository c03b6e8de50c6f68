package dev.bellows.engine.metric.inference;

import java.util.ArrayList;
import java.util.List;

/**
 * Training and validation scores along one setting, from simple to complex (EVS-09), or along the
 * number of training rows.
 *
 * @param points in the order of the setting
 */
public record ValidationCurve(List<Point> points) {
  /** What a point of the curve says. */
  public enum Verdict {
    /** Worse than the best by more than its standard error, and less well learnt. */
    UNDER,
    /** Within one standard error of the best validation score. */
    FIT,
    /** Worse than the best by more than its standard error, at no lower training score. */
    OVER
  }

  /**
   * Scores at one value, larger is better (negate losses).
   *
   * @param value of the setting
   * @param training scores on the training rows
   * @param validation scores on the validation rows
   */
  public record Point(double value, FoldScores training, FoldScores validation) {
    /** Mean training score less mean validation score. */
    public double gap() {
      return training.mean() - validation.mean();
    }
  }

  /** Copies the points. */
  public ValidationCurve {
    points = List.copyOf(points);
    if (points.isEmpty()) {
      throw new IllegalArgumentException("validation curve: expected one point or more");
    }
  }

  /** Index of the best mean validation score, or -1 when all are NaN. */
  public int best() {
    return Selection.best(points.stream().map(Point::validation).toList(), true);
  }

  /** What each point says; a NaN score is UNDER: nothing was learnt. */
  public List<Verdict> verdicts() {
    int best = best();
    List<Verdict> verdicts = new ArrayList<>();
    for (Point point : points) {
      if (best < 0 || Double.isNaN(point.validation.mean())) {
        verdicts.add(Verdict.UNDER);
        continue;
      }
      Point top = points.get(best);
      boolean near = point.validation.mean() >= top.validation.mean() - top.validation.naiveError();
      boolean learntLess = point.training.mean() < top.training.mean();
      verdicts.add(near ? Verdict.FIT : learntLess ? Verdict.UNDER : Verdict.OVER);
    }
    return verdicts;
  }
}
