package dev.bellows.engine.kernel;

/**
 * Losses over alignments of sequences (CTC, A. Graves et al., ICML 2006). Addresses are of float32
 * unless said.
 */
public interface Alignment {
  /**
   * Sizes of a batch.
   *
   * @param rows N
   * @param steps T
   * @param classes C, the blank among them
   * @param labels L, most labels of a row
   * @param blank class of the blank
   */
  record CtcShape(int rows, int steps, int classes, int labels, int blank) {}

  /**
   * loss[n] = -ln P(labels of n), P summed over all alignments.
   *
   * @param x log-probabilities [N, T, C]
   * @param labels int32 [N, L]
   * @param lengths int32 [N], steps of each row
   * @param counts int32 [N], labels of each row
   * @param loss [N]; infinite where no alignment fits
   */
  KernelCall bindCtc(CtcShape shape, long x, long labels, long lengths, long counts, long loss);

  /** dx[n, t, c] = -dy[n] P(class c at step t | labels of n); 0 where the loss is infinite. */
  KernelCall bindCtcGrad(
      CtcShape shape, long dy, long x, long labels, long lengths, long counts, long dx);
}
