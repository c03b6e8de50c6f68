package dev.bellows.engine.nn;

/** Which of the two graphs of a network is built. */
public enum Mode {
  /** Dropout on, batch norm on the slice's statistics, gradients present. */
  TRAIN,
  /** Dropout off, batch norm on the running statistics, no gradients. */
  EVALUATE
}
