package dev.bellows.engine.kernel;

/**
 * One kernel bound to its addresses, shapes and scratch memory.
 *
 * <p>{@link #run} allocates nothing. A call belongs to the session that bound it and runs on one
 * thread at a time; calls of different sessions run at the same time without disturbing each other.
 */
@FunctionalInterface
public interface KernelCall {
  /** Computes; the operands are read from and the result is written to the bound addresses. */
  void run();
}
