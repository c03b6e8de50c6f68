package dev.bellows.engine.nn;

import dev.bellows.engine.nn.layer.CoreLayers;
import dev.bellows.engine.nn.layer.LayerType;
import dev.bellows.engine.nn.layer.Layers;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * One layer and its options. Options are checked and completed with their defaults when the record
 * is made, so that equal layers have equal records and a stored model does not depend on later
 * defaults.
 *
 * <p>Options of a type are those of its definition in {@code nn.layer}, and for every type {@code
 * name} and {@code inputs} (names of the layers or inputs that it reads, else the layer before).
 *
 * @param type which layer
 * @param options names to Long, Double, Boolean, String or lists of them
 */
public record LayerSpec(LayerType type, Map<String, Object> options) {
  /** Checks and completes the options. */
  public LayerSpec {
    options = type.complete(options);
  }

  /** A layer of any type: {@code LayerSpec.of("conv2d", Map.of("filters", 32, "kernel", 3))}. */
  public static LayerSpec of(String type, Map<String, Object> options) {
    return new LayerSpec(Layers.of(type), options);
  }

  /** A dense layer with bias and automatic initialiser. */
  public static LayerSpec dense(int units, Activation activation) {
    return new LayerSpec(CoreLayers.DENSE, Map.of("units", units, "activation", activation.id()));
  }

  /** A dense layer with bias and a chosen initialiser. */
  public static LayerSpec dense(int units, Activation activation, Initializer initializer) {
    return new LayerSpec(
        CoreLayers.DENSE,
        Map.of("units", units, "activation", activation.id(), "initializer", initializer.id()));
  }

  /** An activation with its default parameters. */
  public static LayerSpec activation(Activation kind) {
    return new LayerSpec(CoreLayers.ACTIVATION, Map.of("kind", kind.id()));
  }

  /** Inverted dropout (N. Srivastava et al., JMLR 2014). */
  public static LayerSpec dropout(double rate) {
    return new LayerSpec(CoreLayers.DROPOUT, Map.of("rate", rate));
  }

  /**
   * Batch normalisation over the rows of a slice (S. Ioffe, C. Szegedy, ICML 2015; statistics per
   * slice rather than per batch as in E. Hoffer et al., "Train longer, generalize better", 2017:
   * ghost batches, which keeps a slice's gradient independent of the other slices).
   */
  public static LayerSpec batchNorm() {
    return new LayerSpec(CoreLayers.BATCH_NORM, Map.of());
  }

  /** The name given, or "". */
  public String name() {
    return options.get("name") instanceof String name ? name : "";
  }

  /** Names of the layers or inputs that it reads; empty for the layer before. */
  public List<String> inputs() {
    return options.get("inputs") instanceof List<?> names
        ? names.stream().map(String::valueOf).toList()
        : List.of();
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
    return new LayerSpec(Layers.of(key), Tree.map(key, json.get(key)));
  }
}
