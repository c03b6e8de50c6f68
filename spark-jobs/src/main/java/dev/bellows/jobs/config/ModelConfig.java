package dev.bellows.jobs.config;

import java.io.Serializable;
import java.util.List;

/**
 * What is trained. LINEAR and LOGISTIC are one dense layer over all inputs.
 *
 * @param type kind of model
 * @param layers layers of a network, input to output; empty for LINEAR and LOGISTIC
 * @param loss what is minimised
 * @param heads more outputs of a network, each with a loss of its own
 */
public record ModelConfig(
    Type type, List<LayerConfig> layers, LossConfig loss, List<HeadConfig> heads)
    implements Serializable {

  /** Copies the lists. */
  public ModelConfig {
    layers = List.copyOf(layers);
    heads = List.copyOf(heads);
  }

  /** Model types. */
  public enum Type {
    NETWORK,
    LINEAR,
    LOGISTIC
  }
}
