package dev.bellows.engine.bench;

import dev.bellows.engine.graph.Gradients;
import dev.bellows.engine.graph.Graph;
import dev.bellows.engine.graph.Node;
import dev.bellows.engine.graph.RecurrentCell;
import dev.bellows.engine.graph.Recurrences;
import dev.bellows.engine.kernel.KernelProvider;
import dev.bellows.engine.kernel.Kernels;
import dev.bellows.engine.optim.OptimizerSpec;
import dev.bellows.engine.optim.UpdateRule;
import dev.bellows.engine.optim.UpdateSpec;
import dev.bellows.engine.plan.GraphPlan;
import dev.bellows.engine.plan.PlanDescription;
import dev.bellows.engine.plan.PlanOptions;
import dev.bellows.engine.tensor.Arena;
import dev.bellows.engine.tensor.DType;
import dev.bellows.engine.tensor.Memory;
import dev.bellows.engine.tensor.Shape;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A character model, embedding 64, LSTM 128, 80 characters, 50 steps, Adam: whole training steps,
 * with weights that a formula gives, so that another program can start from the same.
 */
public final class CharLstm implements AutoCloseable {
  public static final int CHARACTERS = 80;
  public static final int STEPS = 50;
  private static final int EMBEDDING = 64;
  private static final int UNITS = 128;
  private static final double RATE = 2e-3;

  private final int rows;
  private final Arena memory;
  private final Kernels kernels;
  private final GraphPlan plan;
  private final UpdateRule rule;
  private final long codes;
  private final long labels;
  private final long flat;
  private final long gradient;
  private final long loss;
  private final float[] values;
  private final float[] gradients;
  private final float[][] slots;
  private long updates;

  public CharLstm(KernelProvider provider, int rows) {
    this(provider, rows, PlanOptions.DEFAULT);
  }

  /** A model with its plan and first weights. */
  public CharLstm(KernelProvider provider, int rows, PlanOptions options) {
    this.rows = rows;
    int positions = rows * STEPS;
    Graph g = new Graph();
    Node codeNode = g.input("codes", DType.INT32, Shape.of(positions, 1));
    Node labelNode = g.input("labels", DType.INT32, Shape.of(positions));
    Node table = g.parameter("embedding", Shape.of(CHARACTERS, EMBEDDING));
    Node weights = g.parameter("weights", Shape.of(EMBEDDING, 4 * UNITS));
    Node recurrent = g.parameter("recurrent", Shape.of(UNITS, 4 * UNITS));
    Node bias = g.parameter("bias", Shape.of(4 * UNITS));
    Node out = g.parameter("out", Shape.of(UNITS, CHARACTERS));
    Node outBias = g.parameter("out_bias", Shape.of(CHARACTERS));
    List<Node> parameters = List.of(table, weights, recurrent, bias, out, outBias);
    Node x = g.add(g.matmul(g.gatherRows(table, codeNode, 0), weights), bias);
    Node h =
        Recurrences.outputs(
            g,
            RecurrentCell.LSTM,
            g.reshape(x, Shape.of(rows, STEPS, 4 * UNITS)),
            recurrent,
            g.constant(0, Shape.of(2 * rows, UNITS)),
            null,
            null,
            false);
    Node scores = g.add(g.matmul(g.reshape(h, Shape.of(positions, UNITS)), out), outBias);
    Node lossNode =
        g.softmaxCrossEntropy(scores, labelNode, g.constant(1, Shape.of(positions)), 0);
    Map<Node, Node> gradientNodes = Gradients.reverse(g, lossNode, parameters);
    int length = 0;
    for (Node parameter : parameters) {
      length += (int) parameter.shape().size();
    }
    this.memory = new Arena(8L * length + 8L * positions + 1024);
    this.codes = memory.take(4L * positions);
    this.labels = memory.take(4L * positions);
    this.flat = memory.take(4L * length);
    this.gradient = memory.take(4L * length);
    Map<Node, Long> sources = new LinkedHashMap<>();
    sources.put(codeNode, codes);
    sources.put(labelNode, labels);
    Map<Node, Long> outputs = new LinkedHashMap<>();
    outputs.put(lossNode, 0L);
    long at = 0;
    for (Node parameter : parameters) {
      sources.put(parameter, flat + 4 * at);
      outputs.put(gradient(gradientNodes, parameter), gradient + 4 * at);
      at += parameter.shape().size();
    }
    this.kernels = provider.open();
    this.plan = GraphPlan.compile(g, sources, outputs, kernels, options);
    this.loss = plan.address(lossNode);
    this.rule =
        new UpdateRule(
            UpdateSpec.plain(OptimizerSpec.of(OptimizerSpec.Kind.ADAM, RATE), length));
    this.values = new float[length];
    this.gradients = new float[length];
    this.slots = new float[rule.slots()][length];
    for (int i = 0; i < length; i++) {
      values[i] = first(i);
    }
  }

  private static Node gradient(Map<Node, Node> all, Node parameter) {
    Node gradient = all.get(parameter);
    if (gradient == null) {
      throw new IllegalStateException("no gradient for " + parameter);
    }
    return gradient;
  }

  /** First value i: a multiplicative hash of i, uniform in (-0.1, 0.1). */
  private static float first(int i) {
    long hash = (i * 2654435761L + 12345) & 0xffffffffL;
    return (float) ((hash / 4294967296.0 - 0.5) * 0.2);
  }

  /** Row r of batch b is an arithmetic sequence modulo 80; the next character is the label. */
  public void fill(int batch) {
    for (int r = 0; r < rows; r++) {
      int stride = 1 + (7 * batch + 3 * r) % 3;
      int start = (31 * batch + 17 * r) % CHARACTERS;
      for (int t = 0; t < STEPS; t++) {
        long at = 4L * ((long) r * STEPS + t);
        Memory.putInt(codes + at, (start + t * stride) % CHARACTERS);
        Memory.putInt(labels + at, (start + (t + 1) * stride) % CHARACTERS);
      }
    }
  }

  /** Forward, backward, Adam; gives the mean loss before the update. */
  public double step() {
    int length = values.length;
    Memory.copyIn(values, 0, flat, length);
    plan.parametersChanged();
    plan.run();
    Memory.copyOut(gradient, gradients, 0, length);
    rule.apply(++updates, RATE, (double) rows * STEPS, 1, values, gradients, slots, 0, length, 0);
    return Memory.getDouble(loss + 8) / ((double) rows * STEPS);
  }

  /** The plan's calls. */
  public List<PlanDescription.Call> described() {
    return plan.described();
  }

  @Override
  public void close() {
    plan.close();
    kernels.close();
    memory.close();
  }
}
