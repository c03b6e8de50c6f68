package dev.bellows.engine.plan;

import dev.bellows.engine.graph.Node;
import dev.bellows.engine.kernel.reference.ReferenceExecutor;
import dev.bellows.engine.nn.Initializers;
import dev.bellows.engine.nn.Mode;
import dev.bellows.engine.nn.Network;
import dev.bellows.engine.nn.NetworkGraph;
import dev.bellows.engine.nn.NetworkSpec;
import dev.bellows.engine.nn.ParameterLayout;
import dev.bellows.engine.nn.Segment;
import dev.bellows.engine.sample.Philox;
import dev.bellows.engine.tensor.Memory;
import java.util.Arrays;

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
    int categoricals = spec.input().categorical().size();
    codes = new int[rows * categoricals];
    for (int i = 0; i < codes.length; i++) {
      int cardinality = spec.input().categorical().get(i % categoricals).cardinality();
      codes[i] = (int) (Philox.uniform(2, i) * cardinality);
    }
    labels = new int[rows];
    target = new float[rows * outputs];
    weights = new float[rows];
    for (int i = 0; i < rows; i++) {
      labels[i] = i % outputs;
      weights[i] = i == 2 ? 0 : 0.5f + Philox.uniform(5, i);
    }
    for (int i = 0; i < target.length; i++) {
      target[i] = spec.loss().kind().classifies() ? i % 2 : Philox.normal(6, i);
    }
    int width = spec.input().sparseWidth();
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

  void fill(BatchBuffers batch) {
    Memory.copyIn(numeric, 0, batch.numeric(), numeric.length);
    Memory.copyIn(codes, 0, batch.codes(), codes.length);
    Memory.copyIn(labels, 0, batch.labels(), rows);
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
