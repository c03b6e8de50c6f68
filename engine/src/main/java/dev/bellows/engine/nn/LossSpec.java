package dev.bellows.engine.nn;

import dev.bellows.engine.tensor.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A loss and its options, checked and completed with their defaults when the record is made.
 *
 * @param kind which formula
 * @param options names to Long, Double, Boolean, String or lists of them: those of the loss's
 *     definition and, for every loss, {@code target} (the input or head whose values are the truth,
 *     for autoencoders and auxiliary heads), {@code weight} (its factor among several losses) and
 *     {@code per} (row or position, for labels per position)
 */
public record LossSpec(LossKind kind, Map<String, Object> options) {
  /** Checks ranges and what the kind allows. */
  public LossSpec {
    Map<String, Object> given = new LinkedHashMap<>(options);
    if (given.get("class_weights") instanceof List<?> list && list.isEmpty()) {
      given.remove("class_weights");
    }
    options = kind.type().complete(given);
  }

  /**
   * A loss with the options that the first losses had.
   *
   * @param labelSmoothing share of the target spread over all classes, in [0, 1); cross-entropies
   *     only (C. Szegedy et al., 2016)
   * @param classWeights factor on the weight of a row by its class, one per class; empty for none.
   *     For losses on a 0/1 target of one output: two values, for 0 and 1
   * @param huberDelta error from which {@link LossKind#HUBER} is linear, above 0
   */
  public LossSpec(LossKind kind, float labelSmoothing, float[] classWeights, float huberDelta) {
    this(kind, options(kind, labelSmoothing, classWeights, huberDelta));
  }

  private static Map<String, Object> options(
      LossKind kind, float labelSmoothing, float[] classWeights, float huberDelta) {
    if (!(labelSmoothing >= 0 && labelSmoothing < 1)) {
      throw new NetworkException("loss.label_smoothing must be in [0, 1), got " + labelSmoothing);
    }
    if (labelSmoothing > 0 && !kind.type().has("label_smoothing")) {
      throw new NetworkException(
          "loss.label_smoothing is for cross-entropies, not for " + kind.id());
    }
    if (!(huberDelta > 0) || Float.isInfinite(huberDelta)) {
      throw new NetworkException("loss.huber_delta must be a number above 0, got " + huberDelta);
    }
    if (classWeights.length > 0 && !kind.classifies()) {
      throw new NetworkException("loss.class_weights is for classification, not for " + kind.id());
    }
    List<Object> weights = new ArrayList<>();
    for (float weight : classWeights) {
      if (!(weight >= 0) || Float.isInfinite(weight)) {
        throw new NetworkException(
            "loss.class_weights must be numbers of 0 or more, got "
                + Arrays.toString(classWeights));
      }
      weights.add(exact(weight));
    }
    Map<String, Object> options = new LinkedHashMap<>();
    if (kind.type().has("label_smoothing")) {
      options.put("label_smoothing", exact(labelSmoothing));
    }
    if (!weights.isEmpty()) {
      options.put("class_weights", weights);
    }
    if (kind.type().has("huber_delta")) {
      options.put("huber_delta", exact(huberDelta));
    }
    return options;
  }

  /** A loss with options: names and values in turn. */
  public static LossSpec of(LossKind kind, Object... options) {
    if (options.length % 2 != 0) {
      throw new NetworkException(
          "loss "
              + kind.id()
              + ": options are names and values in turn, got "
              + Arrays.toString(options));
    }
    Map<String, Object> map = new LinkedHashMap<>();
    for (int i = 0; i < options.length; i += 2) {
      map.put(String.valueOf(options[i]), options[i + 1]);
    }
    return new LossSpec(kind, map);
  }

  /** This loss with one more option. */
  public LossSpec with(String option, Object value) {
    Map<String, Object> more = new LinkedHashMap<>(options);
    more.put(option, value);
    return new LossSpec(kind, more);
  }

  /** Share of the target spread over all classes; 0 for losses without it. */
  public float labelSmoothing() {
    return options.get("label_smoothing") instanceof Number number ? number.floatValue() : 0;
  }

  /** Factors by class; empty for none. */
  public float[] classWeights() {
    List<?> list = options.get("class_weights") instanceof List<?> given ? given : List.of();
    float[] weights = new float[list.size()];
    for (int i = 0; i < weights.length; i++) {
      weights[i] = ((Number) list.get(i)).floatValue();
    }
    return weights;
  }

  /** Error from which Huber's loss is linear; 1 for other losses. */
  public float huberDelta() {
    return options.get("huber_delta") instanceof Number number ? number.floatValue() : 1;
  }

  /** The input or head whose values are the truth; "" for its own. */
  public String target() {
    return options.get("target") instanceof String name ? name : "";
  }

  /** Factor of this loss in the sum of all. */
  public double weight() {
    return options.get("weight") instanceof Number number ? number.doubleValue() : 1;
  }

  /** Whether each labelled position counts 1; else each row does. */
  public boolean perPosition() {
    return "position".equals(options.get("per"));
  }

  /** The outputs of a layer [N, ...] for this loss: its last axis for labels, else all of a row. */
  int outputs(Shape shape) {
    return kind.usesLabels() ? shape.dim(-1) : Math.toIntExact(shape.size() / shape.dim(0));
  }

  /**
   * The number of labels of a loss on labels.
   *
   * @param outputs of the network
   */
  public int labels(int outputs) {
    return kind.type().labels(outputs, options);
  }

  /** A tree for JSON. */
  public Map<String, Object> toJson() {
    Map<String, Object> tree = new LinkedHashMap<>();
    tree.put("kind", kind.id());
    tree.putAll(options);
    return tree;
  }

  /**
   * Reads what {@link #toJson} wrote.
   *
   * @throws NetworkException naming the key that is missing, unknown or of the wrong type
   */
  public static LossSpec fromJson(Map<String, Object> json) {
    LossKind kind = new Tree("loss", json).oneOf("kind", LossKind.class);
    Map<String, Object> options = new LinkedHashMap<>(json);
    options.remove("kind");
    return new LossSpec(kind, options);
  }

  /** The shortest decimal that reads back as the same float. */
  private static double exact(float value) {
    return Double.parseDouble(Float.toString(value));
  }
}
