package dev.bellows.ps.server;

import dev.bellows.engine.optim.UpdateRule;
import dev.bellows.engine.sample.Philox;
import dev.bellows.ps.protocol.Message;
import dev.bellows.ps.protocol.Operation;
import dev.bellows.ps.protocol.PsErrorCode;
import dev.bellows.ps.protocol.Target;
import dev.bellows.ps.shard.FloatPool;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/**
 * The named operations of a namespace on its range, between steps.
 *
 * <p>Those that change elements happen once per id: the newest id and its answer are remembered, a
 * repetition gets that answer, an older id is refused. Ids therefore grow; a client has one on its
 * way at a time. An operation is no step: a roll-back to an earlier restore point undoes it.
 */
final class Operations {
  private final Target target;
  private final Chunk[] chunks;
  private final Snapshots snapshots;
  private final Replication replication;
  private final Histograms histograms;
  private final boolean bsp;
  private long lastId = -1;
  private Message.@Nullable Operate last;
  private @Nullable Message lastReply;

  /**
   * Nothing done yet.
   *
   * @param create how the namespace was made
   */
  Operations(
      Message.Create create,
      Chunk[] chunks,
      FloatPool.Budget budget,
      Snapshots snapshots,
      Replication replication) {
    this.target = create.target();
    this.bsp = create.consistency().isBsp();
    this.chunks = chunks;
    this.snapshots = snapshots;
    this.replication = replication;
    this.histograms = new Histograms(create.slices(), budget);
  }

  /** An element's new value. */
  private interface Change {
    float of(float value, int index);
  }

  /** The answer of a change that was made already, or null. */
  private @Nullable Message repeated(Message.Operate m) {
    if (!m.operation().changes() || m.id() > lastId) {
      return null;
    }
    Message.Operate before = last;
    if (m.id() < lastId || before == null) {
      throw new Refusal(
          PsErrorCode.STALE_STEP,
          "operation "
              + m.id()
              + " is over: "
              + target
              + " has done operation "
              + lastId
              + " since; ids must grow");
    }
    if (!same(m, before)) {
      throw new Refusal(
          PsErrorCode.CONFLICT, "operation " + m.id() + " was another one: use a larger id");
    }
    return lastReply;
  }

  private static boolean same(Message.Operate a, Message.Operate b) {
    return a.operation() == b.operation()
        && a.step() == b.step()
        && a.slot() == b.slot()
        && a.from() == b.from()
        && a.to() == b.to()
        && Arrays.equals(a.reals(), b.reals())
        && Arrays.equals(a.wholes(), b.wholes());
  }

  /**
   * Does one.
   *
   * @param whole whether all chunks are at the version
   */
  Message handle(Message.Operate m, long version, boolean whole) {
    Operation operation = m.operation();
    if (operation == Operation.ADD_HISTOGRAM) {
      return new Message.OperateReply(
          version, new double[0], new long[] {histograms.add(m.wholes())});
    }
    if (operation == Operation.BEST_SPLIT) {
      long[] w = m.wholes();
      return histograms.best(version, w[0], w[1] != 0, m.reals()[0], m.reals()[1]);
    }
    if (m.from() < 0 || m.to() < m.from()) {
      throw new Refusal(
          PsErrorCode.OUT_OF_RANGE,
          "range must be [from, to) with 0 <= from <= to, found ["
              + m.from()
              + ", "
              + m.to()
              + ")");
    }
    if (!bsp) {
      throw busy(version, "without consistency bsp no moment lies between steps");
    }
    Message before = repeated(m);
    if (before != null) {
      return before;
    }
    if (m.step() != version) {
      throw new Refusal(
          m.step() < version ? PsErrorCode.STALE_STEP : PsErrorCode.STEP_AHEAD,
          version,
          -1,
          operation + " of step " + m.step() + ": " + target + " is at step " + version);
    }
    if (!whole) {
      throw busy(version, "some chunks have finished the step");
    }
    if (!operation.changes()) {
      return operation == Operation.NORM ? squares(m, version) : top(m, version);
    }
    requireQuiet(version);
    long changed = change(m);
    Message reply = new Message.OperateReply(version, new double[0], new long[] {changed});
    lastId = m.id();
    last = m;
    lastReply = reply;
    return reply;
  }

  /** Nothing that was made of the present values may still count. */
  private void requireQuiet(long version) {
    for (Chunk chunk : chunks) {
      if (!chunk.sum.isEmpty()) {
        throw busy(version, "gradients of these values have arrived");
      }
    }
    if (snapshots.holds(version)) {
      throw busy(version, "a snapshot of these values is held: RELEASE it first");
    }
    if (replication.isAttached()) {
      throw busy(version, "a replica is attached: DETACH it first and make it anew afterwards");
    }
  }

  private Refusal busy(long version, String why) {
    return new Refusal(
        PsErrorCode.CONFLICT,
        version,
        -1,
        target + " can't do this at step " + version + ": " + why);
  }

  private long change(Message.Operate m) {
    return switch (m.operation()) {
      case SCALE -> {
        double factor = finite("factor", m.reals()[0]);
        yield change(m, (value, index) -> (float) (value * factor));
      }
      case CLIP -> {
        float low = (float) finite("low", m.reals()[0]);
        float high = (float) finite("high", m.reals()[1]);
        if (low > high) {
          throw bad("low must not be above high, found " + low + " and " + high);
        }
        yield change(m, (value, index) -> Math.min(Math.max(value, low), high));
      }
      case ADD_NOISE -> {
        double deviation = finite("deviation", m.reals()[0]);
        long seed = m.wholes()[0];
        yield change(m, (value, index) -> (float) (value + deviation * Philox.normal(seed, index)));
      }
      default -> throw bad(m.operation() + " changes nothing");
    };
  }

  /** Changes all elements of the range that are here, or none; returns how many differ. */
  private long change(Message.Operate m, Change change) {
    float[][] made = new float[chunks.length][];
    long changed = 0;
    for (int c = 0; c < chunks.length; c++) {
      Chunk chunk = chunks[c];
      float[] old = chunk.slot(m.slot());
      int first = Math.max(m.from(), chunk.from) - chunk.from;
      int end = Math.min(m.to(), chunk.from + chunk.length) - chunk.from;
      if (first >= end) {
        continue;
      }
      float[] next = old.clone();
      for (int i = first; i < end; i++) {
        next[i] = change.of(old[i], chunk.from + i);
        if (!Float.isFinite(next[i])) {
          throw new Refusal(
              PsErrorCode.OUT_OF_RANGE,
              m.operation() + " makes element " + (chunk.from + i) + " of " + target + " infinite");
        }
        changed += next[i] == old[i] ? 0 : 1;
      }
      made[c] = next;
    }
    for (int c = 0; c < chunks.length; c++) {
      if (made[c] != null) {
        System.arraycopy(made[c], 0, chunks[c].slot(m.slot()), 0, chunks[c].length);
      }
    }
    return changed;
  }

  private Message squares(Message.Operate m, long version) {
    List<Double> all = new ArrayList<>();
    for (Chunk chunk : chunks) {
      float[] values = chunk.slot(m.slot());
      for (int block = 0; block < chunk.length; block += UpdateRule.BLOCK) {
        int first = Math.max(m.from() - chunk.from, block);
        int end = Math.min(Math.min(m.to() - chunk.from, chunk.length), block + UpdateRule.BLOCK);
        double sum = 0;
        for (int i = first; i < end; i++) {
          sum += (double) values[i] * values[i];
        }
        all.add(sum);
      }
    }
    return new Message.OperateReply(
        version, all.stream().mapToDouble(Double::doubleValue).toArray(), new long[0]);
  }

  private record Element(long index, float value) {}

  /** Largest magnitude first, of equal ones the smallest index. */
  private static final Comparator<Element> BY_MAGNITUDE =
      Comparator.comparingDouble((Element e) -> -Math.abs(e.value()))
          .thenComparingLong(Element::index);

  private Message top(Message.Operate m, long version) {
    long k = m.wholes()[0];
    if (k < 1 || k > Operation.MAX_K) {
      throw new Refusal(
          PsErrorCode.OUT_OF_RANGE, "k must be in 1.." + Operation.MAX_K + ", found " + k);
    }
    PriorityQueue<Element> best = new PriorityQueue<>(BY_MAGNITUDE.reversed());
    for (Chunk chunk : chunks) {
      float[] values = chunk.slot(m.slot());
      int end = Math.min(m.to() - chunk.from, chunk.length);
      for (int i = Math.max(m.from() - chunk.from, 0); i < end; i++) {
        Element smallest = best.size() < k ? null : best.peek();
        if (smallest == null || Math.abs(values[i]) > Math.abs(smallest.value())) {
          if (smallest != null) {
            best.remove();
          }
          best.add(new Element(chunk.from + (long) i, values[i]));
        }
      }
    }
    Element[] sorted = best.toArray(new Element[0]);
    Arrays.sort(sorted, BY_MAGNITUDE);
    double[] values = new double[sorted.length];
    long[] indices = new long[sorted.length];
    for (int i = 0; i < sorted.length; i++) {
      values[i] = sorted[i].value();
      indices[i] = sorted[i].index();
    }
    return new Message.OperateReply(version, values, indices);
  }

  private static double finite(String what, double value) {
    if (!Double.isFinite(value)) {
      throw bad(what + " must be finite, found " + value);
    }
    return value;
  }

  private static Refusal bad(String why) {
    return new Refusal(PsErrorCode.BAD_REQUEST, why);
  }
}
