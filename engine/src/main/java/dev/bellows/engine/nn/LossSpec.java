package dev.bellows.engine.nn;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * The loss of a network.
 *
 * @param kind which formula
 * @param labelSmoothing share of the target spread over all classes, in [0, 1); cross-entropies
 *     only (C. Szegedy et al., 2016)
 * @param classWeights factor on the weight of a row by its class, one per class; empty for none.
 *     For losses on a 0/1 target of one output: two values, for 0 and 1
 * @param huberDelta error from which {@link LossKind#HUBER} is linear, above 0
 */
@SuppressWarnings(
    "ArrayRecordComponent") // Copied in and out; equals and hashCode look at its contents.
public record LossSpec(
    LossKind kind, float labelSmoothing, float[] classWeights, float huberDelta) {
  /** Checks ranges and what the kind allows. */
  public LossSpec {
    if (!(labelSmoothing >= 0 && labelSmoothing < 1)) {
      throw new NetworkException("loss.label_smoothing must be in [0, 1), got " + labelSmoothing);
    }
    boolean crossEntropy =
        kind == LossKind.SOFTMAX_CROSS_ENTROPY || kind == LossKind.SIGMOID_CROSS_ENTROPY;
    if (labelSmoothing > 0 && !crossEntropy) {
      throw new NetworkException(
          "loss.label_smoothing is for cross-entropies, not for " + kind.id());
    }
    if (!(huberDelta > 0) || Float.isInfinite(huberDelta)) {
      throw new NetworkException("loss.huber_delta must be a number above 0, got " + huberDelta);
    }
    if (classWeights.length > 0 && !kind.classifies()) {
      throw new NetworkException("loss.class_weights is for classification, not for " + kind.id());
    }
    for (float weight : classWeights) {
      if (!(weight >= 0) || Float.isInfinite(weight)) {
        throw new NetworkException(
            "loss.class_weights must be numbers of 0 or more, got "
                + Arrays.toString(classWeights));
      }
    }
    classWeights = classWeights.clone();
  }

  /** A loss with no smoothing and no class weights; Huber's delta is 1. */
  public static LossSpec of(LossKind kind) {
    return new LossSpec(kind, 0, new float[0], 1);
  }

  /** A copy of the class weights. */
  @Override
  public float[] classWeights() {
    return classWeights.clone();
  }

  /** A tree for JSON; options that the kind does not use are left out. */
  public Map<String, Object> toJson() {
    Map<String, Object> tree = new LinkedHashMap<>();
    tree.put("kind", kind.id());
    if (kind == LossKind.SOFTMAX_CROSS_ENTROPY || kind == LossKind.SIGMOID_CROSS_ENTROPY) {
      tree.put("label_smoothing", exact(labelSmoothing));
    }
    if (classWeights.length > 0) {
      List<Object> weights = new ArrayList<>();
      for (float weight : classWeights) {
        weights.add(exact(weight));
      }
      tree.put("class_weights", weights);
    }
    if (kind == LossKind.HUBER) {
      tree.put("huber_delta", exact(huberDelta));
    }
    return tree;
  }

  /**
   * Reads what {@link #toJson} wrote.
   *
   * @throws NetworkException naming the key that is missing, unknown or of the wrong type
   */
  public static LossSpec fromJson(Map<String, Object> json) {
    Tree tree = new Tree("loss", json);
    LossKind kind = tree.oneOf("kind", LossKind.class);
    float smoothing = (float) tree.number("label_smoothing", 0);
    float delta = (float) tree.number("huber_delta", 1);
    List<Object> list = tree.list("class_weights", List.of());
    float[] weights = new float[list.size()];
    for (int i = 0; i < weights.length; i++) {
      weights[i] = (float) Tree.number("loss.class_weights[" + i + "]", list.get(i));
    }
    tree.done();
    return new LossSpec(kind, smoothing, weights, delta);
  }

  /** The shortest decimal that reads back as the same float. */
  private static double exact(float value) {
    return Double.parseDouble(Float.toString(value));
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof LossSpec that
        && kind == that.kind
        && labelSmoothing == that.labelSmoothing
        && huberDelta == that.huberDelta
        && Arrays.equals(classWeights, that.classWeights);
  }

  @Override
  public int hashCode() {
    return Objects.hash(kind, labelSmoothing, huberDelta, Arrays.hashCode(classWeights));
  }

  @Override
  public String toString() {
    return "LossSpec" + toJson();
  }
}
