package dev.bellows.ps.checkpoint;

/**
 * What one shard contributes: the elements {@code [from, from + values.length)} of the flat
 * parameter vector and of every optimiser slot.
 *
 * @param shard number of the shard, from 0; names the file
 * @param from first element in the flat vector
 * @param values parameter values, one float per element
 * @param slots optimiser slots, each as long as {@code values}; no slots for plain SGD
 */
@SuppressWarnings("ArrayRecordComponent") // plain carrier, compared by no one
public record ShardPart(int shard, int from, float[] values, float[][] slots) {

  /** Checks that every slot is as long as the values. */
  public ShardPart {
    if (shard < 0 || from < 0) {
      throw new IllegalArgumentException(
          "shard and first element must not be negative, found shard " + shard + " from " + from);
    }
    for (int s = 0; s < slots.length; s++) {
      if (slots[s].length != values.length) {
        throw new IllegalArgumentException(
            "slot "
                + s
                + " of shard "
                + shard
                + " has "
                + slots[s].length
                + " elements, expected "
                + values.length);
      }
    }
  }

  /** Returns one past the last element in the flat vector. */
  public int to() {
    return from + values.length;
  }
}
