package dev.bellows.engine.kernel;

/**
 * Inverted dropout (N. Srivastava et al., Dropout: a simple way to prevent neural networks from
 * overfitting, JMLR 2014) by counter: the mask is a pure function of a key, so that the gradient is
 * the same kernel on dy.
 */
public interface Dropout {
  /**
   * y[i] = x[i] / (1 - rate) where {@code Philox.uniform(key, i) >= rate}, else 0.
   *
   * @param key address of the 64-bit key, read at each run
   */
  KernelCall bind(float rate, long key, long x, long y, long n);
}
