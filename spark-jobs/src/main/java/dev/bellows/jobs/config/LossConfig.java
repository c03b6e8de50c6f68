package dev.bellows.jobs.config;

import java.io.Serializable;
import java.util.Map;

/**
 * What is minimised.
 *
 * @param kind {@code auto} (softmax cross-entropy for classes, sigmoid cross-entropy for one output
 *     unit of two classes, mse for numbers) or the name of a loss of the engine
 * @param balanced class weights n / (classes * n_class)
 * @param options option values under the engine's names, defaults filled in
 */
public record LossConfig(String kind, boolean balanced, Map<String, Object> options)
    implements Serializable {
  /** Copies the options. */
  public LossConfig {
    options = Map.copyOf(options);
  }

  /** Whether the loss follows from the task. */
  public boolean auto() {
    return kind.equals(LossKeys.AUTO);
  }
}
