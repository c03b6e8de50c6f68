package dev.bellows.engine.nn;

import java.util.Locale;

/**
 * How the first values of a segment are drawn; n_in and n_out are the segment's fan-in and fan-out.
 */
public enum Initializer {
  /** All 0. */
  ZERO,
  /** All 1. */
  ONE,
  /** 0.01 times a standard normal: breaks symmetry, but deep activations collapse. */
  SMALL_RANDOM,
  /**
   * Normal with standard deviation sqrt(1 / n_in), for tanh (fan-in form of X. Glorot, Y. Bengio,
   * AISTATS 2010).
   */
  XAVIER,
  /** Uniform in +-sqrt(6 / (n_in + n_out)) (the form of that paper). */
  GLOROT,
  /** Normal with standard deviation sqrt(2 / n_in), for ReLU (K. He et al., ICCV 2015). */
  HE,
  /**
   * Rows orthonormal, from normal draws (A. Saxe et al., ICLR 2014). Where the columns are a
   * multiple of the rows, each square block is orthogonal, as the gates of a recurrent layer need;
   * where rows are more than columns, the columns are orthonormal.
   */
  ORTHOGONAL,
  /**
   * For the bias [4 units] of an LSTM: 1 for the forget gates (the second quarter), else 0 (R.
   * Jozefowicz et al., ICML 2015).
   */
  FORGET_GATE;

  /** The name in files, for example {@code small_random}. */
  public String id() {
    return name().toLowerCase(Locale.ROOT);
  }
}
