package dev.bellows.engine.plan;

import dev.bellows.engine.tensor.DType;

/**
 * How a plan is made. The first two may not change results beyond rounding; tests switch them off.
 *
 * @param fuse compute several nodes by one kernel where one exists
 * @param shareMemory let tensors that are not alive at the same time share memory, and elementwise
 *     results overwrite an operand that nobody reads afterwards
 * @param products type of the operands of matrix products and convolutions: FLOAT32, or BFLOAT16
 *     for half the bytes and up to twice (with tile units many times) the arithmetic; sums and
 *     results are FLOAT32 in both
 */
public record PlanOptions(boolean fuse, boolean shareMemory, DType products) {
  /** Everything on, all in FLOAT32. */
  public static final PlanOptions DEFAULT = new PlanOptions(true, true);

  /** Everything on, products of BFLOAT16 operands. */
  public static final PlanOptions MIXED = new PlanOptions(true, true, DType.BFLOAT16);

  public PlanOptions {
    if (products != DType.FLOAT32 && products != DType.BFLOAT16) {
      throw new IllegalArgumentException(
          "products of " + products + ": FLOAT32 and BFLOAT16 are possible");
    }
  }

  /** Products in FLOAT32. */
  public PlanOptions(boolean fuse, boolean shareMemory) {
    this(fuse, shareMemory, DType.FLOAT32);
  }
}
