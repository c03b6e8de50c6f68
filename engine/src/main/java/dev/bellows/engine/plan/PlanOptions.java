package dev.bellows.engine.plan;

/**
 * How a plan is made. Neither option may change results beyond rounding; tests switch them off.
 *
 * @param fuse compute several nodes by one kernel where one exists
 * @param shareMemory let tensors that are not alive at the same time share memory, and elementwise
 *     results overwrite an operand that nobody reads afterwards
 */
public record PlanOptions(boolean fuse, boolean shareMemory) {
  /** Everything on. */
  public static final PlanOptions DEFAULT = new PlanOptions(true, true);
}
