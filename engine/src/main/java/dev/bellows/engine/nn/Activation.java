package dev.bellows.engine.nn;

import java.util.Locale;

/**
 * Activation functions of a layer, elementwise except {@link #SOFTMAX}; formulas in {@link
 * dev.bellows.engine.graph.Op}.
 */
public enum Activation {
  /** No activation. */
  LINEAR,
  RELU,
  /** Slope {@code alpha} below 0 (A. Maas et al., 2013); default 0.01. */
  LEAKY_RELU,
  /** D. Clevert et al., 2016; {@code alpha} 1 by default. */
  ELU,
  SIGMOID,
  TANH,
  SOFTPLUS,
  /**
   * x sigmoid(beta x) (P. Ramachandran et al., 2017); {@code beta} 1 is SiLU and may be trained.
   */
  SWISH,
  /** D. Misra, 2019. */
  MISH,
  /** The exact form with the error function (D. Hendrycks, K. Gimpel, 2016). */
  GELU,
  /** Over the outputs of a row, with {@code temperature}. */
  SOFTMAX,
  /** 1 from 0 upwards, else 0; has no gradient, so a network that holds it can't be trained. */
  STEP;

  /** The name in files, for example {@code leaky_relu}. */
  public String id() {
    return name().toLowerCase(Locale.ROOT);
  }
}
