package dev.bellows.engine.kernel;

import dev.bellows.engine.graph.RecurrentCell;
import dev.bellows.engine.tensor.DType;

/**
 * Sizes of a recurrent layer.
 *
 * @param rows N
 * @param steps T
 * @param units H
 * @param reverse steps run from each row's last to its first
 * @param finalState the result ends with the state after each row's last step
 * @param operands type of the recurrent weights: FLOAT32, or BFLOAT16, to which then the left
 *     operands of the recurrent products are rounded, too; sums are FLOAT32 in both
 */
public record RecurrentShape(
    RecurrentCell cell,
    int rows,
    int steps,
    int units,
    boolean reverse,
    boolean finalState,
    DType operands) {
  /** G H, the columns of the input product. */
  public int columns() {
    return cell.gates() * units;
  }

  /** Multiplications and additions of the recurrent products of a forward pass. */
  public long flops() {
    return 2L * rows * steps * units * columns();
  }
}
