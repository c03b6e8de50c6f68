package dev.bellows.jobs.evaluate;

import dev.bellows.engine.metric.MetricSet;
import dev.bellows.engine.metric.SpanScores;
import dev.bellows.jobs.block.Block;
import dev.bellows.jobs.block.SeriesReader;
import dev.bellows.jobs.table.SeriesInput;
import org.jspecify.annotations.Nullable;

/** Hands rows of one output to its metrics in their orientation and unit. */
final class RowScorer {
  private final OutputPlan output;
  private final @Nullable SeriesReader series;
  private final MetricSet metrics;
  private final @Nullable SpanScores spans;
  private final int classes;
  private final int values;
  private final int positions;
  private final boolean swapped;
  private final boolean margin;
  private final double[] scales;
  private final double[] offsets;
  private final float[] row;
  private final float[] target;
  private final int[] truth;
  private final int[] found;

  RowScorer(OutputPlan output, OutputScores scores, @Nullable SeriesInput series) {
    this.series = series == null ? null : new SeriesReader(series);
    this.output = output;
    this.metrics = scores.metrics();
    this.spans = scores.spans();
    this.classes = output.classes().size();
    this.values = output.values();
    this.swapped = output.swapped();
    this.margin = output.margin();
    this.positions = output.positions();
    this.scales = new double[values];
    this.offsets = new double[values];
    this.target = new float[values];
    this.row = new float[values];
    this.truth = new int[positions];
    this.found = new int[positions];
    output.units(scales, offsets);
  }

  /**
   * Adds rows of a block.
   *
   * @param predicted [count, positions, values]
   * @param rows which rows of the block; null for all
   * @param from first of these
   */
  void add(float[] predicted, Block block, int @Nullable [] rows, int from, int count) {
    for (int i = 0; i < count; i++) {
      int in = rows == null ? from + i : rows[from + i];
      if (classes == 0) {
        numbers(predicted, i, block, in);
      } else {
        labels(predicted, i * positions, block, in);
      }
    }
  }

  private void numbers(float[] predicted, int at, Block block, int in) {
    SeriesReader steps = series;
    if (steps != null) {
      System.arraycopy(predicted, at * values, row, 0, values);
      steps.target(block, in, target, 0);
      metrics.add(row, 0, target, block.weight(in));
      return;
    }
    int base = in * block.targetWidth() + output.from();
    for (int k = 0; k < values; k++) {
      row[k] = (float) (predicted[at * values + k] * scales[k] + offsets[k]);
      target[k] = block.target()[base + k];
    }
    metrics.add(row, 0, target, block.weight(in));
  }

  private void labels(float[] predicted, int at, Block block, int in) {
    int base = in * block.labelWidth() + output.from();
    for (int p = 0; p < positions; p++) {
      int label = block.label(base + p);
      if (label >= 0) { // -1: none, or a class that training did not show
        System.arraycopy(predicted, (at + p) * values, row, 0, values);
        orient();
        metrics.add(row, values, 0, swapped ? 1 - label : label, block.weight(in));
      }
    }
    if (spans != null) {
      spans(spans, predicted, at, block, in);
    }
  }

  /** The tags of a row as spans; a tag that training did not show is missed. */
  private void spans(SpanScores counts, float[] predicted, int at, Block block, int in) {
    int first = output.bounded() ? 1 : 0;
    int end = output.labelled(block, in) - first;
    for (int p = first; p < end; p++) {
      truth[p - first] = block.labels()[in * block.labelWidth() + output.from() + p];
      int best = 0;
      for (int k = 1; k < values; k++) {
        best = predicted[(at + p) * values + k] > predicted[(at + p) * values + best] ? k : best;
      }
      found[p - first] = best;
    }
    counts.add(truth, found, Math.max(0, end - first));
  }

  private void orient() {
    if (margin) { // monotone and 0.5 at margin 0; not a calibrated probability
      row[0] = (float) (1 / (1 + StrictMath.exp(-row[0])));
    }
    if (swapped && values == 1) {
      row[0] = 1 - row[0];
    } else if (swapped) {
      float first = row[0];
      row[0] = row[1];
      row[1] = first;
    }
  }
}
