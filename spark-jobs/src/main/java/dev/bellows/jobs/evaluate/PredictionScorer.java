package dev.bellows.jobs.evaluate;

import dev.bellows.jobs.block.Block;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Metrics of predictions that were made before, by one or several models: the main output's, over
 * rows that together are measured as one set.
 */
public final class PredictionScorer {
  private final List<String> metrics;
  private final OutputScores all;

  /**
   * An empty set.
   *
   * @param plan of one of the models
   * @param metrics of the main output
   */
  public PredictionScorer(ScorePlan plan, List<String> metrics) {
    this.metrics = List.copyOf(metrics);
    this.all = OutputScores.of(plan.main(), this.metrics, plan.threshold());
  }

  /**
   * Adds what one model said.
   *
   * @param plan of this model
   * @param values [rows, width] as {@link BlockScorer.Sink} got them
   * @param rows which rows of the block
   */
  public void add(ScorePlan plan, float[] values, Block block, int[] rows) {
    OutputScores part = OutputScores.of(plan.main(), metrics, plan.threshold());
    new RowScorer(plan.main(), part, plan.preprocess().series())
        .add(values, block, rows, 0, rows.length);
    all.merge(part);
  }

  /** The metrics by name; NaN where one has no value. */
  public Map<String, Double> figures() {
    return new LinkedHashMap<>(all.figures());
  }
}
