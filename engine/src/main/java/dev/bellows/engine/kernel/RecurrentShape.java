package dev.bellows.engine.kernel;

import dev.bellows.engine.graph.RecurrentCell;

/**
 * Sizes of a recurrent layer.
 *
 * @param rows N
 * @param steps T
 * @param units H
 * @param reverse steps run from each row's last to its first
 * @param finalState the result ends with the state after each row's last step
 */
public record RecurrentShape(
    RecurrentCell cell, int rows, int steps, int units, boolean reverse, boolean finalState) {
  /** G H, the columns of the input product. */
  public int columns() {
    return cell.gates() * units;
  }

  /** Multiplications and additions of the recurrent products of a forward pass. */
  public long flops() {
    return 2L * rows * steps * units * columns();
  }
}
