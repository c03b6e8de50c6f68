package dev.bellows.engine.nn;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * One layer and its options. Options are checked and completed with their defaults when the record
 * is made, so that equal layers have equal records and a stored model does not depend on later
 * defaults.
 *
 * <table>
 * <caption>Options</caption>
 * <tr><th>layer</th><th>option</th><th>range</th><th>default</th></tr>
 * <tr><td>dense</td><td>units</td><td>1 or more</td><td>required</td></tr>
 * <tr><td></td><td>activation</td><td>{@link Activation}, with its default parameters</td><td>linear</td></tr>
 * <tr><td></td><td>bias</td><td>true, false</td><td>true</td></tr>
 * <tr><td></td><td>initializer</td><td>auto (he for the ReLU family, else glorot) or {@link Initializer}</td><td>auto</td></tr>
 * <tr><td>activation</td><td>kind</td><td>{@link Activation}</td><td>required</td></tr>
 * <tr><td></td><td>alpha</td><td>0 or more; leaky_relu, elu</td><td>0.01; 1</td></tr>
 * <tr><td></td><td>beta, trained</td><td>any number, true or false; swish</td><td>1, false</td></tr>
 * <tr><td></td><td>temperature</td><td>above 0; softmax</td><td>1</td></tr>
 * <tr><td>dropout</td><td>rate</td><td>[0, 1)</td><td>required</td></tr>
 * <tr><td>batch_norm</td><td>momentum</td><td>[0, 1)</td><td>0.9</td></tr>
 * <tr><td></td><td>epsilon</td><td>above 0</td><td>1e-5</td></tr>
 * </table>
 *
 * @param type which layer
 * @param options names to Long, Double, Boolean or String
 */
public record LayerSpec(LayerType type, Map<String, Object> options) {
  /** Word for "chosen by the activation" in option {@code initializer}. */
  static final String AUTO = "auto";

  /** Checks and completes the options. */
  public LayerSpec {
    options = Collections.unmodifiableMap(complete(type, options));
  }

  /** A dense layer with bias and automatic initialiser. */
  public static LayerSpec dense(int units, Activation activation) {
    return new LayerSpec(LayerType.DENSE, Map.of("units", units, "activation", activation.id()));
  }

  /** A dense layer with bias and a chosen initialiser. */
  public static LayerSpec dense(int units, Activation activation, Initializer initializer) {
    return new LayerSpec(
        LayerType.DENSE,
        Map.of("units", units, "activation", activation.id(), "initializer", initializer.id()));
  }

  /** An activation with its default parameters. */
  public static LayerSpec activation(Activation kind) {
    return new LayerSpec(LayerType.ACTIVATION, Map.of("kind", kind.id()));
  }

  /** Inverted dropout (N. Srivastava et al., JMLR 2014). */
  public static LayerSpec dropout(double rate) {
    return new LayerSpec(LayerType.DROPOUT, Map.of("rate", rate));
  }

  /**
   * Batch normalisation over the rows of a slice (S. Ioffe, C. Szegedy, ICML 2015; statistics per
   * slice rather than per batch as in E. Hoffer et al., "Train longer, generalize better", 2017:
   * ghost batches, which keeps a slice's gradient independent of the other slices).
   */
  public static LayerSpec batchNorm() {
    return new LayerSpec(LayerType.BATCH_NORM, Map.of());
  }

  private static Map<String, Object> complete(LayerType type, Map<String, Object> given) {
    Tree tree = new Tree(type.id(), given);
    Map<String, Object> all = new LinkedHashMap<>();
    switch (type) {
      case DENSE -> {
        all.put("units", (long) above("dense.units", tree.whole("units"), 0));
        all.put("activation", tree.oneOf("activation", Activation.class, Activation.LINEAR).id());
        all.put("bias", tree.flag("bias", true));
        String initializer = tree.text("initializer", AUTO);
        all.put(
            "initializer",
            initializer.equals(AUTO)
                ? AUTO
                : tree.oneOf("initializer", Initializer.class, Initializer.ZERO).id());
      }
      case ACTIVATION -> activation(tree, all);
      case DROPOUT -> all.put("rate", share("dropout.rate", tree.number("rate")));
      case BATCH_NORM -> {
        all.put("momentum", share("batch_norm.momentum", tree.number("momentum", 0.9)));
        all.put("epsilon", above("batch_norm.epsilon", tree.number("epsilon", 1e-5), 0));
      }
    }
    tree.done();
    return all;
  }

  private static void activation(Tree tree, Map<String, Object> all) {
    Activation kind = tree.oneOf("kind", Activation.class);
    all.put("kind", kind.id());
    switch (kind) {
      case LEAKY_RELU, ELU -> {
        double alpha = tree.number("alpha", kind == Activation.ELU ? 1 : 0.01);
        if (alpha < 0) {
          throw new NetworkException("activation.alpha must be 0 or more, got " + alpha);
        }
        all.put("alpha", alpha);
      }
      case SWISH -> {
        all.put("beta", tree.number("beta", 1));
        all.put("trained", tree.flag("trained", false));
      }
      case SOFTMAX ->
          all.put("temperature", above("activation.temperature", tree.number("temperature", 1), 0));
      default -> {}
    }
  }

  private static int above(String where, int value, int bound) {
    if (value <= bound) {
      throw new NetworkException(where + " must be above " + bound + ", got " + value);
    }
    return value;
  }

  private static double above(String where, double value, double bound) {
    if (!(value > bound)) {
      throw new NetworkException(where + " must be above " + bound + ", got " + value);
    }
    return value;
  }

  private static double share(String where, double value) {
    if (!(value >= 0 && value < 1)) {
      throw new NetworkException(where + " must be in [0, 1), got " + value);
    }
    return value;
  }

  int units() {
    return ((Number) value("units")).intValue();
  }

  double number(String option) {
    return ((Number) value(option)).doubleValue();
  }

  boolean flag(String option) {
    return (Boolean) value(option);
  }

  /** The activation of a dense or activation layer. */
  Activation activation() {
    return Activation.valueOf(
        String.valueOf(value(type == LayerType.DENSE ? "activation" : "kind"))
            .toUpperCase(Locale.ROOT));
  }

  /** The initialiser of a dense layer's weight, {@code auto} resolved. */
  Initializer initializer() {
    String id = (String) value("initializer");
    if (!id.equals(AUTO)) {
      return Initializer.valueOf(id.toUpperCase(Locale.ROOT));
    }
    return switch (activation()) {
      case RELU, LEAKY_RELU, ELU, SWISH, MISH, GELU -> Initializer.HE;
      default -> Initializer.GLOROT;
    };
  }

  private Object value(String option) {
    Object value = options.get(option);
    if (value == null) {
      throw new IllegalStateException("layer " + type.id() + " has no option " + option);
    }
    return value;
  }

  /** {@code {"dense": {"units": 128, ...}}}, the same form as in a configuration file. */
  public Map<String, Object> toJson() {
    Map<String, Object> tree = new LinkedHashMap<>();
    tree.put(type.id(), new LinkedHashMap<>(options));
    return tree;
  }

  /**
   * Reads what {@link #toJson} wrote, or a layer of a configuration file.
   *
   * @throws NetworkException naming the layer and option that is missing, unknown or of the wrong
   *     type
   */
  public static LayerSpec fromJson(Map<String, Object> json) {
    if (json.size() != 1) {
      throw new NetworkException(
          "a layer is a mapping of one key, its type, to its options; got the keys "
              + json.keySet());
    }
    String key = json.keySet().iterator().next();
    LayerType type = Tree.oneOf("layer", LayerType.class, key);
    return new LayerSpec(type, Tree.map(key, json.get(key)));
  }
}
