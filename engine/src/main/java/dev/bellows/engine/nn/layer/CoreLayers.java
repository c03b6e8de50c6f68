package dev.bellows.engine.nn.layer;

import dev.bellows.engine.graph.Graph;
import dev.bellows.engine.graph.Node;
import dev.bellows.engine.graph.Op;
import dev.bellows.engine.nn.Activation;
import dev.bellows.engine.nn.Initializer;
import dev.bellows.engine.tensor.Shape;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Dense, activation, dropout and batch normalisation. */
public final class CoreLayers {
  /**
   * x W + sparse S + b over the last axis, then the activation: [N, ..., in] to [N, ..., units].
   */
  public static final LayerType DENSE =
      LayerType.named("dense", "Fully connected over the last axis: x W + b.")
          .option(Option.count("units", "Outputs of the layer."))
          .option(CommonOptions.activation(Activation.LINEAR))
          .option(CommonOptions.bias())
          .option(CommonOptions.initializer())
          .body(CoreLayers::dense);

  /** A function of each value, elementwise except softmax (over the last axis). */
  public static final LayerType ACTIVATION =
      LayerType.named("activation", "A function of each value.")
          .option(Option.word("kind", "Function of each value.", Activation.class))
          .option(negativeSlope(0.01).when("kind", "leaky_relu"))
          .option(negativeSlope(1).when("kind", "elu"))
          .option(Option.real("beta", "Beta of x sigmoid(beta x).").or(1).when("kind", "swish"))
          .option(Option.flag("trained", false, "Whether beta is trained.").when("kind", "swish"))
          .option(
              Option.real("temperature", "Larger is softer.")
                  .in(Option.Range.POSITIVE)
                  .or(1)
                  .when("kind", "softmax"))
          .keepsShape()
          .body(CoreLayers::activation);

  /** Inverted dropout (N. Srivastava et al., JMLR 2014). */
  public static final LayerType DROPOUT =
      LayerType.named("dropout", "Zeroes random values in training (Srivastava et al., JMLR 2014).")
          .option(Option.share("rate", "Share of values set to 0; the rest is scaled up."))
          .keepsShape()
          .body(
              c -> {
                Node x = c.input();
                int id = c.dropoutId();
                double rate = c.number("rate");
                return c.draws() && rate > 0 ? c.graph("").dropout(x, rate, id) : x;
              });

  /**
   * Batch normalisation of each value of the last axis over all others, rows of the slice included
   * (S. Ioffe, C. Szegedy, ICML 2015; statistics per slice rather than per batch as in E. Hoffer et
   * al., "Train longer, generalize better", 2017: ghost batches, which keeps a slice's gradient
   * independent of the other slices).
   */
  public static final LayerType BATCH_NORM =
      LayerType.named("batch_norm", "Standardises each channel over the rows of a slice.")
          .option(
              Option.share("momentum", "How much of the running statistics a step keeps.").or(0.9))
          .option(
              Option.real("epsilon", "Added to the variance.").in(Option.Range.POSITIVE).or(1e-5))
          .option(
              Option.word(
                      "scale_start",
                      "Start of the trained scale; zero at the end of a residual branch makes the"
                          + " block start as its shortcut (P. Goyal et al., 2017). Missing: one.",
                      "one",
                      "zero")
                  .optional())
          .keepsShape()
          .body(CoreLayers::batchNorm);

  static final List<LayerType> ALL = List.of(DENSE, ACTIVATION, DROPOUT, BATCH_NORM);

  private CoreLayers() {}

  private static Option negativeSlope(double otherwise) {
    return Option.real("alpha", "Slope or limit below 0.")
        .in(Option.Range.NOT_NEGATIVE)
        .or(otherwise);
  }

  /** W [in, units] and S [sparse in, units] share one fan-in. */
  private static Node dense(LayerContext c) {
    Node x = c.input(0);
    Node sparse = c.sparse();
    int units = c.whole("units");
    Node rows = x == null ? null : rows(c, x);
    int fanIn =
        (rows == null ? 0 : rows.shape().dim(1)) + (sparse == null ? 0 : sparse.shape().dim(1));
    Node sum = null;
    if (rows != null) {
      Shape shape = Shape.of(rows.shape().dim(1), units);
      Node weight = c.parameter("weight", shape, c.initializer(), true, fanIn, units);
      boolean tied = weight.op() == Op.TRANSPOSE;
      sum = c.graph("matmul").matmul(rows, tied ? weight.input(0) : weight, false, tied);
    }
    if (sparse != null) {
      Shape shape = Shape.of(sparse.shape().dim(1), units);
      Node weight = c.parameter("sparse_weight", shape, c.initializer(), true, fanIn, units);
      Node product = c.graph("sparse_matmul").sparseMatmul(sparse, weight);
      sum = sum == null ? product : c.graph().add(sum, product);
    }
    if (sum == null) {
      throw c.wrong("has no input");
    }
    if (c.flag("bias")) {
      Node bias = c.parameter("bias", Shape.of(units), Initializer.ZERO, false, fanIn, units);
      sum = c.graph("add_bias").add(sum, bias);
    }
    return unrows(c, c.activate(sum), x);
  }

  /** All axes but the last as one: [N, ..., D] to [N * ..., D]. */
  static Node rows(LayerContext c, Node x) {
    int rank = x.shape().rank();
    if (rank < 2) {
      throw c.wrong("expected values [N, ..., features], found " + LayerContext.text(x.shape()));
    }
    int width = x.shape().dim(-1);
    return rank == 2
        ? x
        : c.graph().reshape(x, Shape.of(Math.toIntExact(x.shape().size() / width), width));
  }

  /** The inverse of {@link #rows} for a result of any width: [N * ..., K] to [N, ..., K]. */
  static Node unrows(LayerContext c, Node y, @Nullable Node x) {
    if (x == null || x.shape().rank() == 2) {
      return y;
    }
    int[] dims = x.shape().dims();
    dims[dims.length - 1] = y.shape().dim(1);
    return c.graph().reshape(y, Shape.of(dims));
  }

  private static Node activation(LayerContext c) {
    Node x = c.input();
    Activation kind = c.word("kind", Activation.class);
    Graph graph = c.graph("");
    return switch (kind) {
      case LEAKY_RELU -> graph.leakyRelu(x, c.number("alpha"));
      case ELU -> graph.elu(x, c.number("alpha"));
      case SWISH -> c.flag("trained") ? trainedSwish(c, x) : graph.swish(x, c.number("beta"));
      case SOFTMAX -> graph.softmax(x, c.number("temperature"));
      default -> Activations.apply(graph, kind, x);
    };
  }

  /**
   * x sigmoid(beta x) with one trained beta, from its parts so that beta gets its gradient from the
   * table.
   */
  private static Node trainedSwish(LayerContext c, Node x) {
    c.graph().named(null);
    double start = c.number("beta");
    if (start != 0 && start != 1) {
      throw c.wrong("a trained beta starts at 0 or 1, got " + start);
    }
    Initializer init = start == 1 ? Initializer.ONE : Initializer.ZERO;
    Node beta = c.parameter("beta", Shape.of(1), init, false, 1, 1);
    return c.graph("").mul(x, c.graph().sigmoid(c.graph().mul(x, beta)));
  }

  private static Node batchNorm(LayerContext c) {
    Node x = c.input();
    int width = x.shape().dim(-1);
    Shape shape = Shape.of(width);
    boolean zero = c.has("scale_start") && c.word("scale_start").equals("zero");
    Initializer start = zero ? Initializer.ZERO : Initializer.ONE;
    Node scale = c.parameter("scale", shape, start, false, width, width);
    Node shift = c.parameter("shift", shape, Initializer.ZERO, false, width, width);
    double momentum = c.frozen() ? 1 : c.number("momentum");
    Node runningMean = c.state("running_mean", shape, Initializer.ZERO, momentum);
    Node runningVariance = c.state("running_variance", shape, Initializer.ONE, momentum);
    double epsilon = c.number("epsilon");
    if (c.training() && c.frozen()) {
      c.statistic("running_mean", c.graph().constant(0, shape));
      c.statistic("running_variance", c.graph().constant(0, shape));
    }
    if (!c.training() || c.frozen()) {
      return c.graph("").batchNorm(x, runningMean, runningVariance, scale, shift, epsilon, false);
    }
    Node mean = c.graph("mean").batchMean(x);
    Node variance = c.graph("variance").batchVariance(x);
    c.statistic("running_mean", mean);
    // The running variance estimates the population's: the slice's is biased by (N - 1) / N, which
    // matters for small slices.
    long rows = x.shape().size() / width;
    c.statistic("running_variance", c.graph().mul(variance, rows > 1 ? rows / (rows - 1.0) : 1));
    return c.graph("").batchNorm(x, mean, variance, scale, shift, epsilon, true);
  }
}
