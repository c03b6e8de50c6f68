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
 * @param checked whether every kernel is watched for writing outside its result; slow, for tests
 *     and for finding defects
 */
public record PlanOptions(
    boolean fuse, boolean shareMemory, DType products, long memoryLimitBytes, boolean checked) {
  /** Everything on, all in FLOAT32. */
  public static final PlanOptions DEFAULT = new PlanOptions(true, true);

  /** Everything on, products of BFLOAT16 operands. */
  public static final PlanOptions MIXED = new PlanOptions(true, true, DType.BFLOAT16);

  /** Every op on its own, in memory of its own, and watched. */
  public static final PlanOptions CHECKED =
      new PlanOptions(false, false, DType.FLOAT32, Long.MAX_VALUE, true);

  public PlanOptions {
    if (checked && shareMemory) {
      throw new IllegalArgumentException(
          "a checked plan gives every result its own memory: shareMemory must be false");
    }
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
    this(fuse, shareMemory, products, Long.MAX_VALUE, false);
  }

  /** These options with a memory limit. */
  public PlanOptions withMemoryLimit(long bytes) {
    return new PlanOptions(fuse, shareMemory, products, bytes, checked);
  }

  /** Products in FLOAT32. */
  public PlanOptions(boolean fuse, boolean shareMemory) {
    this(fuse, shareMemory, DType.FLOAT32);
  }
}
