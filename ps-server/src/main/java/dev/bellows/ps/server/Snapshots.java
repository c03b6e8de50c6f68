package dev.bellows.ps.server;

import dev.bellows.ps.protocol.Floats;
import dev.bellows.ps.protocol.Message;
import dev.bellows.ps.protocol.PsErrorCode;
import dev.bellows.ps.protocol.Target;
import dev.bellows.ps.shard.FloatPool;
import org.jspecify.annotations.Nullable;

/**
 * The one snapshot of a namespace: a copy of values and slots at a version, taken chunk by chunk as
 * each reaches it, while steps go on.
 */
final class Snapshots {
  private final Target target;
  private final Chunk[] chunks;
  private final FloatPool.Budget budget;
  private final Deferred deferred;
  private final long[] counters;
  private @Nullable Copy copy;

  Snapshots(
      Target target, Chunk[] chunks, FloatPool.Budget budget, Deferred deferred, long[] counters) {
    this.target = target;
    this.chunks = chunks;
    this.budget = budget;
    this.deferred = deferred;
    this.counters = counters;
  }

  /**
   * Answers SNAPSHOT now or when the copy is whole. {@code oldest} is the smallest version of which
   * no chunk has moved on.
   */
  void take(long connection, long request, long step, long oldest, Effects out) {
    Copy wanted = copy;
    if (wanted == null || wanted.step != step) {
      if (step < oldest) {
        throw new Refusal(
            PsErrorCode.STALE_STEP,
            step,
            -1,
            "snapshot of step "
                + step
                + " is not possible any more: "
                + target
                + " has passed it; ask for step "
                + oldest
                + " or later");
      }
      if (wanted != null && step < wanted.step) {
        // a late copy of an earlier request must not push the newer snapshot out
        throw new Refusal(
            PsErrorCode.STALE_STEP,
            step,
            -1,
            "snapshot of step "
                + step
                + " was asked for after that of step "
                + wanted.step
                + " in "
                + target);
      }
      drop(out);
      budget.reserve(bytes());
      wanted = new Copy(step, chunks.length);
      copy = wanted;
      for (Chunk chunk : chunks) {
        reached(chunk, out);
      }
    }
    if (wanted.isWhole()) {
      out.send(connection, request, new Message.Done(step));
    } else {
      deferred.wait(wanted.waiting, connection, request);
    }
  }

  /** A chunk stands at a new version. */
  void reached(Chunk chunk, Effects out) {
    Copy into = copy;
    if (into == null || into.step != chunk.version) {
      return;
    }
    into.fill(chunk.number - chunks[0].number, chunk);
    if (into.isWhole()) {
      counters[Counter.SNAPSHOTS.id()]++;
      deferred.answer(into.waiting, new Message.Done(into.step), out);
    }
  }

  Message get(long step, int slot, Chunk chunk) {
    Copy held = copy;
    float[] values =
        held == null || held.step != step ? null : held.get(chunk.number - chunks[0].number, slot);
    if (values == null) {
      throw new Refusal(
          PsErrorCode.NO_SUCH_SNAPSHOT,
          "no snapshot of step " + step + " in " + target + ": send SNAPSHOT first");
    }
    return new Message.Values(step, slot, chunk.from, Floats.of(values));
  }

  /** Whether the copy is, or will be, one of this version. */
  boolean holds(long step) {
    return copy != null && copy.step == step;
  }

  void release(long step, Effects out) {
    if (copy != null && copy.step == step) {
      drop(out);
    }
  }

  private void drop(Effects out) {
    Copy old = copy;
    if (old == null) {
      return;
    }
    copy = null;
    budget.reserve(-bytes());
    fail(
        old,
        Refusal.failure(
            PsErrorCode.NO_SUCH_SNAPSHOT,
            old.step,
            -1,
            "snapshot of step " + old.step + " was given up"),
        out);
  }

  /** Answers those who wait for a copy that will not come. */
  void failWaiting(Message answer, Effects out) {
    if (copy != null) {
      fail(copy, answer, out);
    }
  }

  private void fail(Copy held, Message answer, Effects out) {
    deferred.answer(held.waiting, answer, out);
  }

  void forget(long connection) {
    if (copy != null) {
      deferred.forget(copy.waiting, connection);
    }
  }

  private long bytes() {
    long floats = 0;
    for (Chunk chunk : chunks) {
      floats += (long) chunk.length * chunk.slotCount();
    }
    return floats * Float.BYTES;
  }

  /** A copy that is being filled. */
  private static final class Copy {
    private final long step;
    private final Waiters waiting = new Waiters();
    private final float[] @Nullable [][] data;
    private int filled;

    Copy(long step, int chunks) {
      this.step = step;
      this.data = new float[chunks][][];
    }

    boolean isWhole() {
      return filled == data.length;
    }

    void fill(int index, Chunk chunk) {
      if (data[index] != null) {
        return;
      }
      float[][] slots = new float[chunk.slotCount()][];
      for (int slot = 0; slot < slots.length; slot++) {
        slots[slot] = chunk.slot(slot).clone();
      }
      data[index] = slots;
      filled++;
    }

    float @Nullable [] get(int index, int slot) {
      float[][] slots = data[index];
      return slots == null ? null : slots[slot];
    }
  }
}
