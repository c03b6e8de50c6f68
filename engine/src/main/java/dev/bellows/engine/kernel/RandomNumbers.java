package dev.bellows.engine.kernel;

import dev.bellows.engine.sample.Distribution;

/**
 * Random numbers by counter, and inverted dropout (N. Srivastava et al., Dropout: a simple way to
 * prevent neural networks from overfitting, JMLR 2014) by counter: the mask is a pure function of a
 * key, so that the gradient is the same kernel on dy.
 */
public interface RandomNumbers {
  /**
   * y[i] = x[i] / (1 - rate) where {@code Philox.uniform(key, i) >= rate}, else 0.
   *
   * @param key address of the 64-bit key, read at each run
   */
  KernelCall bindDropout(float rate, long key, long x, long y, long n);

  /**
   * y[i] = element i of the stream of a key, formula in {@link Distribution}.
   *
   * @param key address of the 64-bit key, read at each run
   */
  KernelCall bindDraw(Distribution distribution, long key, long y, long n);
}
