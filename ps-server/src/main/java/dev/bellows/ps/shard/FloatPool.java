package dev.bellows.ps.shard;

import java.util.ArrayDeque;

/** Arrays of one length that are used again; a budget sees every new one. Not thread-safe. */
public final class FloatPool {
  /** Counts bytes; may refuse. */
  public interface Budget {
    /** No limit. */
    Budget NONE = bytes -> {};

    /**
     * Takes (positive) or gives back (negative) bytes.
     *
     * @throws dev.bellows.ps.protocol.PsException QUOTA when there is no room
     */
    void reserve(long bytes);
  }

  private final int length;
  private final Budget budget;
  private final ArrayDeque<float[]> free = new ArrayDeque<>();
  private int made;

  /**
   * An empty pool.
   *
   * @param length elements of each array
   * @param budget counts the bytes
   */
  public FloatPool(int length, Budget budget) {
    this.length = length;
    this.budget = budget;
  }

  /** Elements of each array. */
  public int length() {
    return length;
  }

  /** Number of arrays made so far and not disposed. */
  public int made() {
    return made;
  }

  /** An array with undefined contents. */
  public float[] take() {
    float[] array = free.pollLast();
    if (array == null) {
      budget.reserve((long) length * Float.BYTES);
      made++;
      array = new float[length];
    }
    return array;
  }

  /** Gives an array back. */
  public void release(float[] array) {
    free.addLast(array);
  }

  /** Forgets all arrays and gives their bytes back to the budget. */
  public void dispose() {
    budget.reserve(-(long) length * Float.BYTES * made);
    made = 0;
    free.clear();
  }
}
