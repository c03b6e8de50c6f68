package dev.bellows.engine.nn;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Every loss with options away from their defaults. */
public final class LossSamples {
  private LossSamples() {}

  /** Outputs that fit the loss. */
  public static int outputs(LossKind kind) {
    return kind == LossKind.HINGE ? 1 : kind.type().predicts() ? 3 : 6; // pairs and triplets fit 6
  }

  /** The loss for {@link #outputs} outputs and 3 labels. */
  public static LossSpec of(LossKind kind) {
    Map<String, Object> some = new LinkedHashMap<>();
    some.put("label_smoothing", 0.1);
    some.put("huber_delta", 0.7);
    some.put("gamma", 1.5);
    some.put("alpha", 0.4);
    some.put("beta", 0.5);
    some.put("smooth", 0.8);
    some.put("quantile", 0.3);
    some.put("margin", 0.6);
    some.put("classes", 3);
    some.put("temperature", 0.7);
    some.keySet().removeIf(option -> !kind.type().has(option));
    if (kind.usesLabels() && kind.type().has("class_weights")) {
      some.put("class_weights", List.of(1.0, 2.0, 0.5));
    } else if (kind == LossKind.HINGE) {
      some.put("class_weights", List.of(1.0, 3.0));
    }
    return new LossSpec(kind, some);
  }
}
