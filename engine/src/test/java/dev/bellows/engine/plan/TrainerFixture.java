package dev.bellows.engine.plan;

import dev.bellows.engine.graph.Node;
import dev.bellows.engine.kernel.reference.ReferenceExecutor;
import dev.bellows.engine.nn.Initializers;
import dev.bellows.engine.nn.InputPart;
import dev.bellows.engine.nn.InputSpec;
import dev.bellows.engine.nn.LossKind;
import dev.bellows.engine.nn.Mode;
import dev.bellows.engine.nn.Network;
import dev.bellows.engine.nn.NetworkGraph;
import dev.bellows.engine.nn.NetworkSpec;
import dev.bellows.engine.nn.ParameterLayout;
import dev.bellows.engine.nn.Segment;
import dev.bellows.engine.nn.loss.LossType;
import dev.bellows.engine.sample.Philox;
import dev.bellows.engine.tensor.Memory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Objects;

/** Synthetic rows for a network, put into a plan's buffers and into the reference alike. */
final class TrainerFixture {
  final NetworkSpec spec;
  final int rows;
  final float[] parameters;
  final float[] numeric;
  final int[] codes;
  final int[] labels;
  final float[] target;
  final float[] weights;
  final int[] pointers;
  final int[] columns;
  final float[] values;

  TrainerFixture(NetworkSpec spec, int rows) {
    this.spec = spec;
    this.rows = rows;
    ParameterLayout layout = Network.layout(spec);
    parameters = Initializers.init(layout, 3);
    for (int i = 0; i < parameters.length; i++) {
      parameters[i] += 0.05f * Philox.uniform(4, i); // biases and running statistics away from 0
    }
    int outputs = spec.outputs();
    numeric = new float[rows * spec.input().numeric()];
    Philox.fillNormal(1, 0, numeric, 0, numeric.length);
    int[] limits = limits(spec.input());
    codes = new int[rows * limits.length];
    for (int i = 0; i < codes.length; i++) {
      codes[i] = (int) (Philox.uniform(2, i) * limits[i % limits.length]);
    }
    int width = spec.labelWidth();
    labels = new int[rows * Math.max(1, width)];
    for (int i = 0; i < labels.length; i++) {
      // Labels of several heads fit the one with the fewest classes; every fourth is missing.
      labels[i] = width > 1 ? i % 4 == 3 ? -1 : i % 2 : i % spec.loss().labels(outputs);
    }
    target = new float[rows * Math.max(1, spec.targetWidth())];
    weights = new float[rows];
    for (int i = 0; i < rows; i++) {
      weights[i] = i == 2 ? 0 : 0.5f + Philox.uniform(5, i);
    }
    for (int i = 0; i < target.length; i++) {
      target[i] = shares(spec) ? i % 2 : Philox.normal(6, i);
    }
    width = spec.input().sparseWidth();
    pointers = new int[rows + 1];
    int perRow = Math.min(width, 4);
    columns = new int[rows * perRow];
    values = new float[rows * perRow];
    for (int r = 0; r < rows && width > 0; r++) {
      for (int j = 0; j < perRow; j++) {
        columns[r * perRow + j] = (r * 7 + j * 3) % width;
        values[r * perRow + j] = Philox.normal(8, r * perRow + j);
      }
      pointers[r + 1] = (r + 1) * perRow;
    }
  }

  /** Whether the truth is 0 or 1. */
  private static boolean shares(NetworkSpec spec) {
    LossKind kind = spec.loss().kind();
    return kind.classifies()
        || kind == LossKind.KULLBACK_LEIBLER
        || kind.type().truth() == LossType.Truth.ROW;
  }

  /** Number of values of each code column. */
  private static int[] limits(InputSpec input) {
    List<Integer> limits = new ArrayList<>();
    input.categorical().forEach(column -> limits.add(column.cardinality()));
    for (InputPart part : input.parts()) {
      if (part.tokens()) {
        limits.addAll(Collections.nCopies(part.size(), part.vocabulary()));
        if (part.lengths()) {
          limits.add(part.size() + 1);
        }
      }
    }
    return limits.stream().mapToInt(Integer::intValue).toArray();
  }

  void fill(BatchBuffers batch) {
    Memory.copyIn(numeric, 0, batch.numeric(), numeric.length);
    Memory.copyIn(codes, 0, batch.codes(), codes.length);
    Memory.copyIn(labels, 0, batch.labels(), labels.length);
    if (batch.target() != 0) {
      Memory.copyIn(target, 0, batch.target(), target.length);
    }
    Memory.copyIn(weights, 0, batch.weights(), rows);
    if (spec.input().sparseWidth() > 0) {
      Memory.copyIn(pointers, 0, batch.csrRowPointers(), pointers.length);
      Memory.copyIn(columns, 0, batch.csrColumns(columns.length), columns.length);
      Memory.copyIn(values, 0, batch.csrValues(values.length), values.length);
    }
    batch.setRows(rows);
  }

  /** The graph with everything bound. */
  ReferenceExecutor reference(NetworkGraph network, long seed, long step, int slice) {
    ReferenceExecutor run = new ReferenceExecutor(network.graph());
    run.dropout(seed, step, slice);
    for (int i = 0; i < network.parameters().size(); i++) {
      Segment s = network.layout().segments().get(i);
      run.bind(
          network.parameters().get(i),
          Arrays.copyOfRange(parameters, s.offset(), s.offset() + s.length()));
    }
    Node node = network.numeric();
    if (node != null) {
      run.bind(node, numeric);
    }
    node = network.codes();
    if (node != null) {
      run.bind(node, codes);
    }
    node = network.labels();
    if (node != null) {
      run.bind(node, labels);
    }
    node = network.safeLabels();
    if (node != null) {
      run.bind(node, Arrays.stream(labels).map(label -> Math.max(0, label)).toArray());
      run.bind(
          Objects.requireNonNull(network.mask()),
          Arrays.stream(labels).mapToDouble(label -> label < 0 ? 0 : 1).toArray());
    }
    node = network.target();
    if (node != null) {
      run.bind(node, target);
    }
    node = network.sparse();
    if (node != null) {
      double[] wide = new double[values.length];
      for (int i = 0; i < wide.length; i++) {
        wide[i] = values[i];
      }
      run.bindSparse(node, pointers, columns, wide);
    }
    run.bind(network.weights(), weights);
    return run;
  }

  NetworkGraph graph(Mode mode) {
    return Network.build(spec, rows, mode);
  }
}
