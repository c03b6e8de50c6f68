package dev.bellows.jobs.config;

import java.io.Serializable;
import java.util.List;

/**
 * What is trained. LINEAR and LOGISTIC are one dense layer over all inputs.
 *
 * @param type kind of model
 * @param layers layers of a network, input to output; empty for LINEAR and LOGISTIC
 * @param loss what is minimised
 */
public record ModelConfig(Type type, List<LayerConfig> layers, LossConfig loss)
    implements Serializable {

  /** Model types. */
  public enum Type {
    NETWORK,
    LINEAR,
    LOGISTIC
  }
}
