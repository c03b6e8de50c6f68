package dev.bellows.jobs.block;

import dev.bellows.jobs.source.SeriesShape;
import dev.bellows.jobs.table.SeriesInput;
import java.util.List;

/** What windows of a series are to a network: scaled, in the layout of the model. */
public final class SeriesReader {
  private final SeriesShape shape;
  private final int variables;
  private final int[] targets;
  private final double[] centers;
  private final double[] factors;

  public SeriesReader(SeriesInput input) {
    this.shape = input.shape();
    List<String> names = shape.variables();
    this.variables = names.size();
    this.targets = shape.targets().stream().mapToInt(names::indexOf).toArray();
    this.centers = input.centers().stream().mapToDouble(Double::doubleValue).toArray();
    this.factors = input.factors().stream().mapToDouble(Double::doubleValue).toArray();
  }

  /** What is seen and learnt. */
  public SeriesShape shape() {
    return shape;
  }

  /** Numbers learnt of a row: K targets of H steps. */
  public int targetWidth() {
    return targets.length * shape.horizon();
  }

  private double scaled(Block block, int step, int variable) {
    return (block.series()[step * variables + variable] - centers[variable]) * factors[variable];
  }

  private double base(Block block, int row, int variable) {
    return shape.relative() ? scaled(block, block.starts()[row] + shape.input() - 1, variable) : 0;
  }

  /** Writes the steps seen, [L, C] or [C, L], from {@code at} on. */
  void input(Block block, int row, float[] out, int at) {
    int start = block.starts()[row];
    int length = shape.input();
    for (int c = 0; c < variables; c++) {
      double base = base(block, row, c);
      for (int t = 0; t < length; t++) {
        int to = shape.variablesFirst() ? c * length + t : t * variables + c;
        out[at + to] = (float) (scaled(block, start + t, c) - base);
      }
    }
  }

  /** Writes the steps learnt, [K, H], from {@code at} on. */
  public void target(Block block, int row, float[] out, int at) {
    int first = block.starts()[row] + shape.input();
    int horizon = shape.horizon();
    for (int k = 0; k < targets.length; k++) {
      double base = base(block, row, targets[k]);
      for (int h = 0; h < horizon; h++) {
        out[at + k * horizon + h] = (float) (scaled(block, first + h, targets[k]) - base);
      }
    }
  }

  /** Writes the last seen values of the targets, repeated: [K, H]. */
  public void repeated(Block block, int row, float[] out) {
    int last = block.starts()[row] + shape.input() - 1;
    int horizon = shape.horizon();
    for (int k = 0; k < targets.length; k++) {
      double value = scaled(block, last, targets[k]) - base(block, row, targets[k]);
      for (int h = 0; h < horizon; h++) {
        out[k * horizon + h] = (float) value;
      }
    }
  }

  /** Writes the steps seen of the k-th target, [L]. */
  public void past(Block block, int row, int k, double[] out) {
    int start = block.starts()[row];
    double base = base(block, row, targets[k]);
    for (int t = 0; t < shape.input(); t++) {
      out[t] = scaled(block, start + t, targets[k]) - base;
    }
  }

  /** Targets of a row, K. */
  public int targets() {
    return targets.length;
  }

  /** What the value z of the network for the k-th target of a row means in the unit of the data. */
  public double unscaled(Block block, int row, int k, double z) {
    int variable = targets[k];
    return (z + base(block, row, variable)) / factors[variable] + centers[variable];
  }
}
