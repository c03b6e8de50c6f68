package dev.bellows.engine.plan;

import dev.bellows.engine.tensor.Shape;

/**
 * Sees what passes through the layers of a network: {@link SliceTrainer#addHook}, {@link
 * Predictor#addHook}. Layers are called in the order of the description going forward and in the
 * opposite one going backward, after the run that computed all of it. Hooks look; they change
 * nothing.
 */
public interface LayerHook {
  /**
   * What a layer gave.
   *
   * @param layer its name
   * @param shape [N, ...]
   * @param values row-major; the hook may keep them
   */
  default void forward(String layer, Shape shape, float[] values) {}

  /**
   * The gradient of the loss (the sum over the rows) with respect to what a layer gave; only while
   * training.
   *
   * @param layer its name
   * @param shape [N, ...]
   * @param gradient row-major; the hook may keep it
   */
  default void backward(String layer, Shape shape, float[] gradient) {}
}
