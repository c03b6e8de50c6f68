package dev.bellows.engine.kernel;

/**
 * Recurrent layers over a whole sequence; the formulas stand at {@link
 * dev.bellows.engine.graph.RecurrentCell}. Addresses are of float32 unless said; 0 stands for what
 * is not there.
 */
public interface Recurrence {
  /**
   * Runs all steps.
   *
   * @param x input products [N, T, G H]
   * @param weights [H, G H] of the shape's operand type
   * @param state [S N, H]
   * @param candidateBias [H] or 0
   * @param lengths int32 [N] or 0; a value below 0 counts as 0, one above T as T
   * @param y outputs [N, T, H], then the final state [S N, H] when the shape says so; or 0
   * @param trace blocks [K, N T, H] for the backward pass, or 0
   */
  KernelCall bindForward(
      RecurrentShape shape,
      long x,
      long weights,
      long state,
      long candidateBias,
      long lengths,
      long y,
      long trace);

  /**
   * Back-propagation through time.
   *
   * @param dy gradient of y, laid out like it
   * @param dx gradient of x [N, T, G H], zero beyond a row's length; or 0
   * @param dstate gradient of the initial state [S N, H]; or 0
   */
  KernelCall bindBackward(
      RecurrentShape shape, long dy, long trace, long weights, long lengths, long dx, long dstate);
}
