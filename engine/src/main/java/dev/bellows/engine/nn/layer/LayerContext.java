package dev.bellows.engine.nn.layer;

import dev.bellows.engine.graph.Graph;
import dev.bellows.engine.graph.Node;
import dev.bellows.engine.nn.Activation;
import dev.bellows.engine.nn.Initializer;
import dev.bellows.engine.nn.Mode;
import dev.bellows.engine.nn.NetworkException;
import dev.bellows.engine.tensor.Shape;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a layer's body sees: its options, its inputs, and a graph, parameters and running statistics
 * to add to. Names of nodes and segments start with {@link #name}.
 */
public abstract class LayerContext {
  private final String label;
  private final String name;
  private final Map<String, Object> options;
  private final List<Node> inputs;
  private final Graph graph;
  private final Mode mode;

  /**
   * A context for one layer.
   *
   * @param label for messages, for example {@code layer 3 (conv2d 'stem')}
   * @param name prefix of node and segment names, for example {@code layer3.conv2d}
   * @param options completed options
   * @param inputs in the order of option {@code inputs}
   */
  protected LayerContext(
      String label,
      String name,
      Map<String, Object> options,
      List<Node> inputs,
      Graph graph,
      Mode mode) {
    this.label = label;
    this.name = name;
    this.options = options;
    this.inputs = List.copyOf(inputs);
    this.graph = graph;
    this.mode = mode;
  }

  /** Prefix of the names of nodes and segments, for example {@code layer3.conv2d}. */
  public final String name() {
    return name;
  }

  /** The graph, to add nodes to. */
  public final Graph graph() {
    return graph;
  }

  /** The graph, its next node named {@code <name>.<suffix>}; only {@code <name>} for "". */
  public final Graph graph(String suffix) {
    return graph.named(suffix.isEmpty() ? name : name + "." + suffix);
  }

  /**
   * Whether the layer's parameters are frozen: a normalisation then uses its running statistics.
   */
  public final boolean frozen() {
    return Boolean.FALSE.equals(options.get("trainable"));
  }

  /** Whether the graph is for training: statistics of the batch. */
  public final boolean training() {
    return mode == Mode.TRAIN;
  }

  /** Whether random numbers are drawn: in training, and when predictions are sampled. */
  public final boolean draws() {
    return mode != Mode.EVALUATE;
  }

  // Inputs.

  /** All inputs, in the order given. */
  public final List<Node> inputs() {
    return inputs;
  }

  /** Input {@code i}, or null when the layer has fewer. */
  public final @Nullable Node input(int i) {
    return i < inputs.size() ? inputs.get(i) : null;
  }

  /** The first input, of any rank from 1 on. */
  public final Node input() {
    if (inputs.isEmpty()) {
      throw wrong(
          "reads numbers or tokens, but only a sparse input stands before it: put a dense layer"
              + " between");
    }
    return inputs.get(0);
  }

  /**
   * The first input, which must have a rank.
   *
   * @param form of a fitting input for messages, for example {@code images [N, H, W, C]}
   */
  public final Node input(int rank, String form) {
    Node x = input();
    return ranked(x, rank, form);
  }

  /** {@code x}, when it has the rank; else an error with what would fit. */
  public final Node ranked(Node x, int rank, String form) {
    int found = x.shape().rank();
    if (found != rank) {
      String fit =
          found > rank && rank == 2
              ? ": put {flatten: {}} before it"
              : ": put {reshape: {shape: [...]}} with "
                  + (rank - 1)
                  + " sizes whose product is "
                  + x.shape().size() / Math.max(1, x.shape().dim(0))
                  + " before it";
      throw wrong("expected " + form + ", found " + text(x.shape()) + fit);
    }
    return x;
  }

  /** The CSR input of the network, for the layer that reads it first; else null. */
  public abstract @Nullable Node sparse();

  /** Number of tokens of an input of tokens; 0 when {@code x} is no such input. */
  public abstract int vocabulary(Node x);

  // Options.

  /** Whether an optional option was given. */
  public final boolean has(String option) {
    return options.containsKey(option);
  }

  /** A whole number. */
  public final int whole(String option) {
    return ((Number) value(option)).intValue();
  }

  /** A number. */
  public final double number(String option) {
    return ((Number) value(option)).doubleValue();
  }

  /** True or false. */
  public final boolean flag(String option) {
    return (Boolean) value(option);
  }

  /** A word. */
  public final String word(String option) {
    return (String) value(option);
  }

  /** Whole numbers: sizes per axis, a shape. */
  public final int[] wholes(String option) {
    return ((List<?>) value(option)).stream().mapToInt(v -> ((Number) v).intValue()).toArray();
  }

  /** A word of an enum. */
  public final <E extends Enum<E>> E word(String option, Class<E> type) {
    return Enum.valueOf(type, word(option).toUpperCase(Locale.ROOT));
  }

  private Object value(String option) {
    Object value = options.get(option);
    if (value == null) {
      throw new IllegalStateException(label + " has no option " + option);
    }
    return value;
  }

  /** Option {@code activation} of {@link CommonOptions#activation}. */
  public final Activation activation() {
    return word("activation", Activation.class);
  }

  /** Option {@code initializer} of {@link CommonOptions#initializer}, {@code auto} resolved. */
  public final Initializer initializer() {
    String id = word("initializer");
    if (!id.equals(CommonOptions.AUTO)) {
      return word("initializer", Initializer.class);
    }
    Activation next = has("activation") ? activation() : Activation.LINEAR;
    return switch (next) {
      case RELU, LEAKY_RELU, ELU, SWISH, MISH, GELU -> Initializer.HE;
      default -> Initializer.GLOROT;
    };
  }

  /** {@code x} through option {@code activation}, named {@code <name>.<activation>}. */
  public final Node activate(Node x) {
    Activation kind = activation();
    return kind == Activation.LINEAR ? x : Activations.apply(graph(kind.id()), kind, x);
  }

  // Parameters and state.

  /**
   * A trained segment {@code <name>.<suffix>} and its node.
   *
   * @param decay whether weight decay and penalties apply: weights yes; biases, scales no
   * @param fanIn number of inputs that meet in one output
   * @param fanOut number of outputs that one input reaches
   */
  public abstract Node parameter(
      String suffix, Shape shape, Initializer init, boolean decay, int fanIn, int fanOut);

  /**
   * Declares the parameter {@code <name>.<suffix>} [rows, width] a table that may be trained row by
   * row. It is read by {@code gatherRows} of the input's own tokens only.
   */
  public abstract void sparse(String suffix);

  /**
   * A running statistic {@code <name>.<suffix>}: value = momentum value + (1 - momentum) statistic
   * of the slice, which a training graph must give with {@link #statistic}.
   */
  public abstract Node state(String suffix, Shape shape, Initializer init, double momentum);

  /** The slice's statistic for {@link #state} of the same suffix, of its shape. */
  public abstract void statistic(String suffix, Node value);

  /** A number that tells the random masks of a network's layers apart: the next one. */
  public abstract int dropoutId();

  /** Inverted dropout where {@link #draws}. Takes a number of {@link #dropoutId} at every rate. */
  public final Node dropout(Node x, double rate) {
    int id = dropoutId();
    return draws() && rate > 0 ? graph.dropout(x, rate, id) : x;
  }

  // Messages.

  /** {@code layer 3 (conv2d): message}. */
  public final NetworkException wrong(String message) {
    return new NetworkException(label + ": " + message);
  }

  /** A shape with its first dimension as N: {@code [N, 28, 28, 1]}. */
  public static String text(Shape shape) {
    StringBuilder text = new StringBuilder("[N");
    for (int i = 1; i < shape.rank(); i++) {
      text.append(", ").append(shape.dim(i));
    }
    return text.append(']').toString();
  }
}
