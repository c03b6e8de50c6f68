package dev.bellows.ps.checkpoint;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A whole checkpoint in memory: the flat vector, its optimiser slots and the driver's state.
 *
 * <p>It knows nothing of the shards that wrote it: a resumed run cuts it into as many ranges as it
 * likes with {@link #part}.
 */
public final class Checkpoint {

  private final long step;
  private final float[] values;
  private final float[][] slots;
  private final Map<String, @Nullable Object> state;

  private Checkpoint(
      long step, float[] values, float[][] slots, Map<String, @Nullable Object> state) {
    this.step = step;
    this.values = values;
    this.slots = slots;
    this.state = state;
  }

  /** Joins parts that cover {@code [0, length)} once. */
  static Checkpoint join(
      long step,
      int length,
      int slotCount,
      List<ShardPart> parts,
      Map<String, @Nullable Object> state) {
    if (parts.size() == 1 && parts.get(0).values().length == length) {
      return new Checkpoint(step, parts.get(0).values(), parts.get(0).slots(), state);
    }
    float[] values = new float[length];
    float[][] slots = new float[slotCount][length];
    for (ShardPart part : parts) {
      int count = part.values().length;
      System.arraycopy(part.values(), 0, values, part.from(), count);
      for (int s = 0; s < slotCount; s++) {
        System.arraycopy(part.slots()[s], 0, slots[s], part.from(), count);
      }
    }
    return new Checkpoint(step, values, slots, state);
  }

  /** Returns the number of steps that had been applied. */
  public long step() {
    return step;
  }

  /** Returns the length of the flat parameter vector. */
  public int length() {
    return values.length;
  }

  /** Returns the number of optimiser slots. */
  public int slotCount() {
    return slots.length;
  }

  /** Returns all parameter values {@code [length]}; not a copy. */
  public float[] values() {
    return values;
  }

  /** Returns all elements of an optimiser slot {@code [length]}; not a copy. */
  public float[] slot(int slot) {
    return slots[slot];
  }

  /** Returns the driver's {@code state.json} as a tree; whole numbers are Long, others Double. */
  public Map<String, @Nullable Object> state() {
    return Collections.unmodifiableMap(state);
  }

  /** Copies the elements {@code [from, to)} for a shard, whatever shards wrote them. */
  public ShardPart part(int shard, int from, int to) {
    if (from < 0 || to < from || to > values.length) {
      throw new IndexOutOfBoundsException(
          "expected a range inside 0.." + values.length + ", found " + from + ".." + to);
    }
    float[][] slotRanges = new float[slots.length][];
    for (int s = 0; s < slots.length; s++) {
      slotRanges[s] = Arrays.copyOfRange(slots[s], from, to);
    }
    return new ShardPart(shard, from, Arrays.copyOfRange(values, from, to), slotRanges);
  }
}
