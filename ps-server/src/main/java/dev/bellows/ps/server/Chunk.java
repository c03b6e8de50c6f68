package dev.bellows.ps.server;

import dev.bellows.engine.optim.UpdateRule;
import dev.bellows.ps.protocol.Message;
import dev.bellows.ps.shard.Crc32c;
import dev.bellows.ps.shard.Finite;
import dev.bellows.ps.shard.FloatPool;
import dev.bellows.ps.shard.TreeSum;

/**
 * The part of one chunk that a shard holds: values at its version and at the one before, optimiser
 * slots, and the sum of the step that is being collected. With compression also the view, what
 * workers have of the values.
 */
final class Chunk {
  final int number;
  final int from;
  final int length;
  final float[] values;
  final float[][] slots;
  final TreeSum sum;

  /** Values as workers have them: the view with compression, else {@link #values} themselves. */
  final float[] shown;

  /** Pushes that wait for the next version. */
  final Waiters waiting = new Waiters();

  /** Pulls that wait for it; with compression they get another answer. */
  final Waiters pulls;

  long version;
  boolean loaded;
  boolean viewLoaded;
  boolean hasPrevious;
  int crc;
  final Crc32c.Appended appended;
  private final Message.Values answer = new Message.Values();
  private final float[] previous;

  Chunk(int number, int from, int length, int slots, int slices, FloatPool pool, boolean coded) {
    this.number = number;
    this.from = from;
    this.length = length;
    this.appended = new Crc32c.Appended((long) length * Float.BYTES);
    this.values = new float[length];
    this.shown = coded ? new float[length] : values;
    this.pulls = coded ? new Waiters() : waiting;
    this.previous = new float[length];
    this.slots = new float[slots][length];
    this.sum = new TreeSum(slices, length, pool);
  }

  /** An answer with some of the values, valid until the next one. */
  Message.Values answer(long ofVersion, float[] some) {
    answer.head(ofVersion, 0, from);
    answer.elements(some, 0, length);
    return answer;
  }

  /** Values that workers had one version back. */
  float[] previous() {
    return previous;
  }

  /** 0: values, 1..n: optimiser slots, with compression n + 1: the view. */
  float[] slot(int slot) {
    return slot == 0 ? values : slot <= slots.length ? slots[slot - 1] : shown;
  }

  /** Number of slots that {@link #slot} knows. */
  int slotCount() {
    return 1 + slots.length + (isCoded() ? 1 : 0);
  }

  boolean isCoded() {
    return shown != values;
  }

  /** True when neither a contribution was marked nor the complete sum overflowed. */
  boolean isFinite() {
    return sum.badSlice() < 0
        && sum.scalar(0) >= 0
        && Double.isFinite(sum.scalar(0))
        && Finite.all(sum.sum(), 0, length);
  }

  /** Moves on by one version with the complete sum. */
  void apply(UpdateRule rule, double rate, float clip) {
    keepPrevious();
    rule.apply(version + 1, rate, sum.scalar(0), clip, values, sum.sum(), slots, 0, length, from);
    version++;
    sum.clear();
  }

  /** Moves on by one version without a change. */
  void skip() {
    keepPrevious();
    version++;
    sum.clear();
  }

  private void keepPrevious() {
    System.arraycopy(shown, 0, previous, 0, length);
    hasPrevious = true;
  }
}
