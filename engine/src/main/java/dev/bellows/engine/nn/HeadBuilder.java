package dev.bellows.engine.nn;

import dev.bellows.engine.graph.Graph;
import dev.bellows.engine.graph.Node;
import dev.bellows.engine.nn.loss.LossContext;
import dev.bellows.engine.nn.loss.LossType;
import dev.bellows.engine.tensor.DType;
import dev.bellows.engine.tensor.Shape;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Truth, losses and metric of a network: the last layer's output and every {@link Head}. */
final class HeadBuilder {
  private final Graph graph;
  private final int rows;
  private final NetworkSpec spec;
  private final List<Truth> truths;
  private final List<NetworkGraph.HeadNodes> heads = new ArrayList<>();
  private @Nullable Node labels;
  private @Nullable Node safeLabels;
  private @Nullable Node mask;
  private @Nullable Node target;
  private @Nullable Node weights;
  private @Nullable Node weightSum;
  private @Nullable Node loss;

  HeadBuilder(Graph graph, int rows, NetworkSpec spec) {
    this.graph = graph;
    this.rows = rows;
    this.spec = spec;
    this.truths = spec.truths();
  }

  /**
   * The columns that hold the truth of one head.
   *
   * @param head its name
   * @param loss what is minimised
   * @param outputs classes, or values per row
   * @param labels whether its truth is labels; else targets
   * @param from first of its columns, or -1 when its truth is not a column
   * @param width number of its columns: positions, or values per row
   */
  record Truth(String head, LossSpec loss, int outputs, boolean labels, int from, int width) {
    int to() {
      return from + width;
    }
  }

  /** Adds the inputs that hold truth and row weights. */
  void inputs() {
    int labelWidth = spec.labelWidth();
    if (labelWidth == 1) {
      labels = graph.input("labels", DType.INT32, Shape.of(rows));
    } else if (labelWidth > 1) {
      Shape shape = Shape.of(rows, labelWidth);
      labels = graph.input("labels", DType.INT32, shape);
      safeLabels = graph.input("safe_labels", DType.INT32, shape);
      mask = graph.input("label_mask", DType.FLOAT32, shape);
    }
    if (spec.targetWidth() > 0) {
      target = graph.input("target", DType.FLOAT32, Shape.of(rows, spec.targetWidth()));
    }
    weights = graph.input("weights", DType.FLOAT32, Shape.of(rows));
  }

  /** Adds all losses; {@code named} are the network's inputs and layers. */
  void build(Node output, Map<String, Node> named) {
    Map<String, Node> outputs = new LinkedHashMap<>();
    outputs.put(Head.MAIN, output);
    for (Head head : spec.heads()) {
      outputs.put(head.name(), NetworkBuilder.lookup(named, "head " + head.name(), head.layer()));
    }
    for (Truth truth : truths) {
      Node scores = outputs.get(truth.head());
      if (scores == null) {
        throw new IllegalStateException("no output of head " + truth.head());
      }
      add(truth, scores, named);
    }
    Node rowWeights = weights();
    weightSum =
        spec.heads().isEmpty() ? weightSum : graph.named("weight_sum").reduceSum(rowWeights);
    if (!spec.heads().isEmpty()) {
      Node sum = null;
      for (NetworkGraph.HeadNodes head : heads) {
        Node part = graph.mul(head.loss(), head.weight());
        sum = sum == null ? part : graph.add(sum, part);
      }
      loss = sum;
    } else {
      loss = heads.get(0).loss();
    }
  }

  private void add(Truth truth, Node output, Map<String, Node> named) {
    boolean main = truth.head().equals(Head.MAIN);
    String prefix = main ? "" : truth.head() + ".";
    Node scores = truth.labels() ? lines(output) : flat(output);
    Node values = values(truth, scores, named, false);
    Node effective = effective(prefix, truth, values, main);
    LossType type = truth.loss().kind().type();
    Node sum =
        type.build(
            new LossContext(
                graph, prefix + "loss", scores, values, effective, rows, truth.loss().options()));
    if (main && spec.heads().isEmpty() && weightSum == null) {
      weightSum = graph.named("weight_sum").reduceSum(effective);
    }
    Node metric =
        type.predicts()
            ? metric(prefix, type, scores, values(truth, scores, named, true))
            : graph.named(prefix + "metric").mul(sum, 1);
    heads.add(
        new NetworkGraph.HeadNodes(
            truth.head(),
            output,
            sum,
            metric,
            spec.heads().isEmpty() ? 1 : truth.loss().weight(),
            truth.labels(),
            truth.from(),
            truth.width(),
            truth.loss().labels(truth.outputs())));
  }

  /** [N, P..., K] as lines [N * P, K]. */
  private Node lines(Node x) {
    int classes = x.shape().dim(-1);
    int lines = Math.toIntExact(x.shape().size() / classes);
    return x.shape().rank() == 2 ? x : graph.reshape(x, Shape.of(lines, classes));
  }

  /** [N, ...] as [N, K]. */
  private Node flat(Node x) {
    return graph.reshape(x, Shape.of(rows, Math.toIntExact(x.shape().size() / rows)));
  }

  /**
   * Labels int [M] or target float [N, K] of a head.
   *
   * @param raw whether ignored labels stay below 0
   */
  private Node values(Truth truth, Node scores, Map<String, Node> named, boolean raw) {
    if (truth.loss().kind().type().truth() == LossType.Truth.NONE) {
      return scores;
    }
    if (truth.from() < 0) {
      Node given =
          NetworkBuilder.lookup(named, "target of head " + truth.head(), truth.loss().target());
      Node fixed = given.dtype() == DType.INT32 ? given : graph.stopGradient(given);
      return truth.labels()
          ? graph.reshape(fixed, Shape.of(Math.toIntExact(fixed.shape().size())))
          : graph.reshape(fixed, Shape.of(rows, truth.width()));
    }
    Node all = truth.labels() ? (raw || safeLabels == null ? labels : safeLabels) : target;
    if (all == null) {
      throw new IllegalStateException("no truth for head " + truth.head());
    }
    if (all.shape().rank() == 1) {
      return all;
    }
    Node columns = columns(all, truth);
    return truth.labels() ? graph.reshape(columns, Shape.of(rows * truth.width())) : columns;
  }

  private Node columns(Node all, Truth truth) {
    return truth.from() == 0 && truth.width() == all.shape().dim(1)
        ? all
        : graph.slice(all, 1, truth.from(), truth.to());
  }

  /** Weights [M] of the lines of a head's scores. */
  private Node effective(String prefix, Truth truth, Node values, boolean main) {
    Node effective = weights();
    if (truth.labels() && (truth.width() > 1 || (truth.from() >= 0 && mask != null))) {
      effective = positions(truth, main && truth.loss().classWeights().length == 0);
    }
    float[] classWeights = truth.loss().classWeights();
    if (classWeights.length > 0) {
      double[] factors = new double[classWeights.length];
      for (int i = 0; i < factors.length; i++) {
        factors[i] = classWeights[i];
      }
      effective = graph.named(prefix + "row_weights").classWeights(effective, values, factors);
    }
    return effective;
  }

  /**
   * The row's weight at each position that has a label, else 0; divided by the row's number of
   * labels, so that each row counts 1, unless the loss is per position.
   *
   * @param sums whether the network's weight sum is that of these weights
   */
  private Node positions(Truth truth, boolean sums) {
    Shape column = Shape.of(rows, 1);
    Node valid =
        mask == null || truth.from() < 0
            ? graph.constant(1, Shape.of(rows, truth.width()))
            : columns(mask, truth);
    Node rowWeights = weights();
    if (!truth.loss().perPosition()) {
      Node count = graph.reduceSum(valid, 1);
      Node one = graph.constant(1, Shape.SCALAR);
      if (sums) {
        // Exact, unlike the sum of shares: weight of the rows that have a label.
        weightSum = weightSum(graph.mul(rowWeights, graph.min(count, one)));
      }
      rowWeights = graph.div(rowWeights, graph.max(count, one));
    }
    Node each = graph.mul(valid, graph.reshape(rowWeights, column));
    return graph.reshape(each, Shape.of(rows * truth.width()));
  }

  private @Nullable Node weightSum(Node effective) {
    return spec.heads().isEmpty() ? graph.named("weight_sum").reduceSum(effective) : null;
  }

  private Node metric(String prefix, LossType type, Node scores, Node truth) {
    String name = prefix + "metric";
    if (type.truth() == LossType.Truth.LABELS) {
      return graph.named(name).correct(scores, truth);
    }
    if (type.classifies()) {
      return graph.named(name).correctBinary(scores, truth);
    }
    Node predicted = type.predict(graph, scores);
    return graph.named(name).absoluteError(predicted, truth);
  }

  private static Node present(@Nullable Node node) {
    if (node == null) {
      throw new IllegalStateException("built too early");
    }
    return node;
  }

  @Nullable Node labels() {
    return labels;
  }

  @Nullable Node safeLabels() {
    return safeLabels;
  }

  @Nullable Node mask() {
    return mask;
  }

  @Nullable Node target() {
    return target;
  }

  Node weights() {
    return present(weights);
  }

  Node weightSum() {
    return present(weightSum);
  }

  Node loss() {
    return present(loss);
  }

  List<NetworkGraph.HeadNodes> heads() {
    return List.copyOf(heads);
  }
}
