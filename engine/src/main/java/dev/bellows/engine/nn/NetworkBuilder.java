package dev.bellows.engine.nn;

import dev.bellows.engine.graph.Gradients;
import dev.bellows.engine.graph.Graph;
import dev.bellows.engine.graph.GraphException;
import dev.bellows.engine.graph.Node;
import dev.bellows.engine.tensor.DType;
import dev.bellows.engine.tensor.Shape;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** One walk over the layers that adds nodes and segments. */
final class NetworkBuilder {
  private final NetworkSpec spec;

  private final int rows;
  private final Mode mode;
  private final Graph graph = new Graph();
  private final List<Segment> segments = new ArrayList<>();
  private final List<Node> parameters = new ArrayList<>();

  /** Per STATE segment name its statistic of the slice. */
  private final Map<String, Node> statistics = new LinkedHashMap<>();

  private int dropouts;

  NetworkBuilder(NetworkSpec spec, int rows, Mode mode) {
    if (rows < 1) {
      throw new NetworkException("rows must be 1 or more, got " + rows);
    }
    this.spec = spec;
    this.rows = rows;
    this.mode = mode;
  }

  NetworkGraph build() {
    InputSpec in = spec.input();
    Node numeric =
        in.numeric() > 0
            ? graph.input("numeric", DType.FLOAT32, Shape.of(rows, in.numeric()))
            : null;
    Node codes =
        in.categorical().isEmpty()
            ? null
            : graph.input("codes", DType.INT32, Shape.of(rows, in.categorical().size()));
    Node sparse = in.sparseWidth() > 0 ? graph.sparseInput("sparse", rows, in.sparseWidth()) : null;
    boolean byLabel = spec.loss().kind().usesLabels();
    Node labels = byLabel ? graph.input("labels", DType.INT32, Shape.of(rows)) : null;
    Node target =
        byLabel ? null : graph.input("target", DType.FLOAT32, Shape.of(rows, spec.outputs()));
    Node weights = graph.input("weights", DType.FLOAT32, Shape.of(rows));

    Node x = dense(numeric, codes);
    for (int i = 0; i < spec.layers().size(); i++) {
      x = layer(i, spec.layers().get(i), x, i == 0 ? sparse : null);
    }
    if (x == null) {
      throw new IllegalStateException("a network without dense input and layers passed the check");
    }
    Node output = x;
    Node truth = labels != null ? labels : target;
    if (truth == null) {
      throw new IllegalStateException("neither labels nor target");
    }
    Node effective = weights;
    float[] classWeights = spec.loss().classWeights();
    if (classWeights.length > 0) {
      double[] factors = new double[classWeights.length];
      for (int i = 0; i < factors.length; i++) {
        factors[i] = classWeights[i];
      }
      effective = graph.named("row_weights").classWeights(weights, truth, factors);
    }
    Node loss = loss(output, truth, effective);
    Node weightSum = graph.named("weight_sum").reduceSum(effective);
    Node metric = metric(output, truth);
    ParameterLayout layout =
        new ParameterLayout(
            segments, segments.isEmpty() ? 0 : segments.get(segments.size() - 1).end());
    List<Node> gradients = mode == Mode.TRAIN ? gradients(loss, weightSum) : List.of();
    return new NetworkGraph(
        graph,
        rows,
        mode,
        layout,
        numeric,
        codes,
        sparse,
        labels,
        target,
        weights,
        output,
        loss,
        weightSum,
        metric,
        List.copyOf(parameters),
        gradients);
  }

  /**
   * Numbers and embeddings side by side: [N, denseWidth]; null when there is only a sparse input.
   */
  private @Nullable Node dense(@Nullable Node numeric, @Nullable Node codes) {
    List<Node> parts = new ArrayList<>();
    if (numeric != null) {
      parts.add(numeric);
    }
    if (codes != null) {
      for (InputSpec.Categorical column : spec.input().categorical()) {
        String name = "embedding." + column.name();
        Shape shape = Shape.of(column.cardinality(), column.embeddingDim());
        Node table =
            parameter(
                name, shape, Initializer.GLOROT, true, column.cardinality(), column.embeddingDim());
        parts.add(
            graph
                .named("rows_of." + name)
                .gatherRows(table, codes, parts.size() - (numeric != null ? 1 : 0)));
      }
    }
    return parts.isEmpty() ? null : graph.concat(1, parts);
  }

  private Node layer(int index, LayerSpec layer, @Nullable Node x, @Nullable Node sparse) {
    String name = "layer" + index + "." + layer.type().id();
    if (layer.type() == LayerType.DENSE) {
      return denseLayer(name, layer, x, sparse);
    }
    if (x == null) {
      throw new NetworkException(name + " needs a dense input");
    }
    return switch (layer.type()) {
      case ACTIVATION -> activation(name, layer, x);
      case DROPOUT -> {
        int id = dropouts++;
        double rate = layer.number("rate");
        yield mode == Mode.EVALUATE || rate == 0 ? x : graph.named(name).dropout(x, rate, id);
      }
      case BATCH_NORM -> batchNorm(name, layer, x);
      default -> throw new IllegalStateException("layer type " + layer.type());
    };
  }

  /**
   * x W + sparse S + b, then the activation; W [denseIn, units] and S [sparseIn, units] share one
   * fan-in.
   */
  private Node denseLayer(String name, LayerSpec layer, @Nullable Node x, @Nullable Node sparse) {
    int units = layer.units();
    int fanIn = (x == null ? 0 : x.shape().dim(1)) + (sparse == null ? 0 : sparse.shape().dim(1));
    Node sum = null;
    if (x != null) {
      Node weight =
          parameter(
              name + ".weight",
              Shape.of(x.shape().dim(1), units),
              layer.initializer(),
              true,
              fanIn,
              units);
      sum = graph.named(name + ".matmul").matmul(x, weight);
    }
    if (sparse != null) {
      Node weight =
          parameter(
              name + ".sparse_weight",
              Shape.of(sparse.shape().dim(1), units),
              layer.initializer(),
              true,
              fanIn,
              units);
      Node product = graph.named(name + ".sparse_matmul").sparseMatmul(sparse, weight);
      sum = sum == null ? product : graph.add(sum, product);
    }
    if (sum == null) {
      throw new NetworkException(name + " has no input");
    }
    if (layer.flag("bias")) {
      Node bias = parameter(name + ".bias", Shape.of(units), Initializer.ZERO, false, fanIn, units);
      sum = graph.named(name + ".add_bias").add(sum, bias);
    }
    Activation kind = layer.activation();
    return kind == Activation.LINEAR
        ? sum
        : activation(name + "." + kind.id(), LayerSpec.activation(kind), sum);
  }

  private Node activation(String name, LayerSpec layer, Node x) {
    graph.named(name);
    return switch (layer.activation()) {
      case RELU -> graph.relu(x);
      case LEAKY_RELU -> graph.leakyRelu(x, layer.number("alpha"));
      case ELU -> graph.elu(x, layer.number("alpha"));
      case SIGMOID -> graph.sigmoid(x);
      case TANH -> graph.tanh(x);
      case SOFTPLUS -> graph.softplus(x);
      case SWISH ->
          layer.flag("trained")
              ? trainedSwish(name, layer, x)
              : graph.swish(x, layer.number("beta"));
      case MISH -> graph.mish(x);
      case GELU -> graph.gelu(x);
      case SOFTMAX -> graph.softmax(x, layer.number("temperature"));
      case STEP -> graph.step(x);
      default -> {
        graph.named(null);
        yield x;
      }
    };
  }

  /**
   * x sigmoid(beta x) with one trained beta, from its parts so that beta gets its gradient from the
   * table.
   */
  private Node trainedSwish(String name, LayerSpec layer, Node x) {
    graph.named(null);
    double start = layer.number("beta");
    if (start != 0 && start != 1) {
      throw new NetworkException(name + ": a trained beta starts at 0 or 1, got " + start);
    }
    Node beta =
        parameter(
            name + ".beta",
            Shape.of(1),
            start == 1 ? Initializer.ONE : Initializer.ZERO,
            false,
            1,
            1);
    return graph.named(name).mul(x, graph.sigmoid(graph.mul(x, beta)));
  }

  private Node batchNorm(String name, LayerSpec layer, Node x) {
    int width = x.shape().dim(1);
    Shape shape = Shape.of(width);
    Node scale = parameter(name + ".scale", shape, Initializer.ONE, false, width, width);
    Node shift = parameter(name + ".shift", shape, Initializer.ZERO, false, width, width);
    float momentum = (float) layer.number("momentum");
    Node runningMean =
        segment(
            name + ".running_mean",
            shape,
            Segment.Kind.STATE,
            Initializer.ZERO,
            false,
            width,
            width,
            momentum);
    Node runningVariance =
        segment(
            name + ".running_variance",
            shape,
            Segment.Kind.STATE,
            Initializer.ONE,
            false,
            width,
            width,
            momentum);
    double epsilon = layer.number("epsilon");
    if (mode == Mode.EVALUATE) {
      return graph
          .named(name)
          .batchNorm(x, runningMean, runningVariance, scale, shift, epsilon, false);
    }
    Node mean = graph.named(name + ".mean").batchMean(x);
    Node variance = graph.named(name + ".variance").batchVariance(x);
    statistics.put(name + ".running_mean", mean);
    // The running variance estimates the population's: the slice's is biased by (N - 1) / N, which
    // matters for small slices.
    statistics.put(
        name + ".running_variance", graph.mul(variance, rows > 1 ? rows / (rows - 1.0) : 1));
    return graph.named(name).batchNorm(x, mean, variance, scale, shift, epsilon, true);
  }

  private Node loss(Node output, Node truth, Node weights) {
    graph.named("loss");
    LossSpec loss = spec.loss();
    return switch (loss.kind()) {
      case SOFTMAX_CROSS_ENTROPY ->
          graph.softmaxCrossEntropy(output, truth, weights, loss.labelSmoothing());
      case SIGMOID_CROSS_ENTROPY ->
          graph.sigmoidCrossEntropy(output, truth, weights, loss.labelSmoothing());
      case MSE -> graph.mse(output, truth, weights);
      case MAE -> graph.mae(output, truth, weights);
      case HUBER -> graph.huber(output, truth, weights, loss.huberDelta());
      case HINGE -> graph.hinge(output, truth, weights);
    };
  }

  private Node metric(Node output, Node truth) {
    graph.named("metric");
    if (spec.loss().kind().usesLabels()) {
      return graph.correct(output, truth);
    }
    return spec.loss().kind().classifies()
        ? graph.correctBinary(output, truth)
        : graph.absoluteError(output, truth);
  }

  private List<Node> gradients(Node loss, Node weightSum) {
    List<Node> trained = new ArrayList<>();
    for (int i = 0; i < segments.size(); i++) {
      if (segments.get(i).kind() == Segment.Kind.TRAINABLE) {
        trained.add(parameters.get(i));
      }
    }
    Map<Node, Node> byParameter;
    try {
      byParameter = Gradients.reverse(graph, loss, trained);
    } catch (GraphException e) {
      throw new NetworkException("the network can't be trained: " + e.getMessage());
    }
    List<Node> gradients = new ArrayList<>();
    for (int i = 0; i < segments.size(); i++) {
      Node statistic = statistics.get(segments.get(i).name());
      Node gradient =
          statistic == null ? byParameter.get(parameters.get(i)) : graph.mul(statistic, weightSum);
      if (gradient == null) {
        throw new IllegalStateException("no gradient for " + segments.get(i).name());
      }
      gradients.add(gradient);
    }
    return List.copyOf(gradients);
  }

  private Node parameter(
      String name, Shape shape, Initializer init, boolean decay, int fanIn, int fanOut) {
    return segment(name, shape, Segment.Kind.TRAINABLE, init, decay, fanIn, fanOut, 0);
  }

  private Node segment(
      String name,
      Shape shape,
      Segment.Kind kind,
      Initializer init,
      boolean decay,
      int fanIn,
      int fanOut,
      float momentum) {
    int offset = segments.isEmpty() ? 0 : segments.get(segments.size() - 1).end();
    long end = offset + shape.size();
    if (end > Integer.MAX_VALUE - 8) {
      throw new NetworkException(
          "parameter " + name + " " + shape + " makes the network larger than 2^31 values");
    }
    segments.add(
        new Segment(
            name, shape, offset, (int) shape.size(), kind, init, decay, fanIn, fanOut, momentum));
    Node node = graph.parameter(name, shape);
    parameters.add(node);
    return node;
  }
}
