package dev.bellows.engine.nn;

/** Which graph of a network is built. */
public enum Mode {
  /** Dropout on, batch norm on the slice's statistics, gradients present. */
  TRAIN,
  /** Dropout off, batch norm on the running statistics, no gradients. */
  EVALUATE,
  /** As {@link #EVALUATE}, with dropout and every other draw of random numbers as in training. */
  SAMPLE
}
