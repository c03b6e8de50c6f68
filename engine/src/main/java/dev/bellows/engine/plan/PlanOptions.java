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
 * @param memoryLimitBytes most bytes of one plan's arena; a plan that needs more is refused before
 *     anything is allocated
 */
public record PlanOptions(
    boolean fuse, boolean shareMemory, DType products, long memoryLimitBytes) {
  /** Everything on, all in FLOAT32. */
  public static final PlanOptions DEFAULT = new PlanOptions(true, true);

  /** Everything on, products of BFLOAT16 operands. */
  public static final PlanOptions MIXED = new PlanOptions(true, true, DType.BFLOAT16);

  public PlanOptions {
    if (memoryLimitBytes < 1) {
      throw new IllegalArgumentException(
          "memory limit: expected 1 byte or more, got " + memoryLimitBytes);
    }
    if (products != DType.FLOAT32 && products != DType.BFLOAT16) {
      throw new IllegalArgumentException(
          "products of " + products + ": FLOAT32 and BFLOAT16 are possible");
    }
  }

  /** Without a memory limit. */
  public PlanOptions(boolean fuse, boolean shareMemory, DType products) {
    this(fuse, shareMemory, products, Long.MAX_VALUE);
  }

  /** These options with a memory limit. */
  public PlanOptions withMemoryLimit(long bytes) {
    return new PlanOptions(fuse, shareMemory, products, bytes);
  }

  /** Products in FLOAT32. */
  public PlanOptions(boolean fuse, boolean shareMemory) {
    this(fuse, shareMemory, DType.FLOAT32);
  }
}
