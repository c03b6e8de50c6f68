package dev.bellows.ps.server;

import dev.bellows.engine.optim.UpdateRule;
import dev.bellows.ps.protocol.Consistency;
import dev.bellows.ps.protocol.Floats;
import dev.bellows.ps.protocol.Message;
import dev.bellows.ps.protocol.PsErrorCode;
import dev.bellows.ps.protocol.Target;
import dev.bellows.ps.shard.Finite;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongToDoubleFunction;

/**
 * Steps that overlap: a contribution is applied when it comes, as the share of the batch that its
 * slices are, and the next parameters wait for the slowest slice as far as {@link Consistency}
 * asks. A contribution counts once, by the clocks of its slices. The version of a chunk is the
 * number of steps that all slices have finished.
 */
final class RelaxedSteps {
  private final Namespace owner;
  private final Target target;
  private final Consistency consistency;
  private final int slices;
  private final Chunk[] chunks;
  private final UpdateRule rule;
  private final LongToDoubleFunction rate;
  private final Snapshots snapshots;
  private final StepLedger ledger;
  private final long[] counters;
  private final ChunkClocks[] clocks;
  private final ClockWaiters[] waiting;
  private final float[] gradient;

  /** Sums over the contributions of unfinished steps: weight, loss, metric, rows. */
  private final Map<Long, double[]> open = new LinkedHashMap<>();

  private long version;

  RelaxedSteps(
      Namespace owner,
      Message.Create create,
      Chunk[] chunks,
      UpdateRule rule,
      LongToDoubleFunction rate,
      Snapshots snapshots,
      StepLedger ledger) {
    this.owner = owner;
    this.target = create.target();
    this.consistency = create.consistency();
    this.slices = create.slices();
    this.chunks = chunks;
    this.rule = rule;
    this.rate = rate;
    this.snapshots = snapshots;
    this.ledger = ledger;
    this.counters = owner.counters;
    this.clocks = new ChunkClocks[chunks.length];
    this.waiting = new ClockWaiters[chunks.length];
    int longest = 0;
    for (int i = 0; i < chunks.length; i++) {
      clocks[i] = new ChunkClocks(slices);
      waiting[i] = new ClockWaiters();
      longest = Math.max(longest, chunks[i].length);
    }
    this.gradient = new float[longest];
  }

  void begin(long step) {
    version = step;
    for (ChunkClocks chunk : clocks) {
      chunk.begin(step);
    }
  }

  /** Steps that all slices have finished in all chunks. */
  long version() {
    return version;
  }

  /** The step that a client works on that has these slices. */
  long version(int sliceFrom, int sliceTo) {
    if (sliceFrom >= sliceTo) {
      return version;
    }
    long lowest = Long.MAX_VALUE;
    for (ChunkClocks chunk : clocks) {
      lowest = Math.min(lowest, chunk.lowest(sliceFrom, sliceTo));
    }
    return lowest;
  }

  /** Largest step that one of the slices has begun in some chunk. */
  long newest(int sliceFrom, int sliceTo) {
    long highest = version;
    for (ChunkClocks chunk : clocks) {
      if (sliceFrom < sliceTo) {
        highest = Math.max(highest, chunk.highest(sliceFrom, sliceTo));
      }
    }
    return highest;
  }

  /** Largest version of a chunk. */
  long newestVersion() {
    long newest = version;
    for (ChunkClocks chunk : clocks) {
      newest = Math.max(newest, chunk.finished());
    }
    return newest;
  }

  void markMissing(long[] mask) {
    for (ChunkClocks chunk : clocks) {
      chunk.markMissing(version, mask);
    }
  }

  /**
   * Takes a contribution.
   *
   * @return false when it or its sum is not finite: nothing was applied
   */
  boolean push(Chunk chunk, Message.Push m, Effects out) {
    int at = chunk.number - chunks[0].number;
    ChunkClocks clock = clocks[at];
    int from = m.index() << m.level();
    int to = Math.min(slices, (m.index() + 1) << m.level());
    long lowest = clock.lowest(from, to);
    if (m.step() > lowest) {
      throw new Refusal(
          PsErrorCode.STEP_AHEAD,
          lowest,
          from,
          "step "
              + m.step()
              + " of slices "
              + from
              + ".."
              + (to - 1)
              + " is ahead: "
              + target
              + " waits for their step "
              + lowest
              + "; it was restored, roll back");
    }
    if (clock.highest(from, to) > m.step()) {
      if (lowest == m.step()) {
        throw new Refusal(
            PsErrorCode.CONFLICT,
            m.step(),
            from,
            "slices " + from + ".." + (to - 1) + " were taken over in part; roll back");
      }
      counters[Counter.PUSHES_DUPLICATE.id()]++;
      return true;
    }
    if (!apply(chunk, clock, m, (double) (to - from) / slices)) {
      return false;
    }
    counters[Counter.PUSHES_ACCEPTED.id()]++;
    if (at == 0) {
      double[] sums = open.computeIfAbsent(m.step(), step -> new double[Message.SCALARS]);
      sums[0] += m.weight();
      sums[1] += m.loss();
      sums[2] += m.metric();
      sums[3] += m.rows();
    }
    long before = clock.finished();
    clock.advance(from, to);
    if (clock.finished() > before) {
      moveOn(chunk, clock, out);
    }
    return true;
  }

  private boolean apply(Chunk chunk, ChunkClocks clock, Message.Push m, double share) {
    Floats values = m.values();
    System.arraycopy(values.array(), values.offset(), gradient, 0, chunk.length);
    if (m.badSlice() >= 0
        || !(m.weight() >= 0)
        || !Double.isFinite(m.weight())
        || !Finite.all(gradient, 0, chunk.length)) {
      return false;
    }
    double late = clock.staleness(m.client());
    double damp = consistency.damps() ? 1 / Math.max(1, late) : 1;
    rule.apply(
        clock.updates() + 1,
        rate.applyAsDouble(m.step()) * share * damp,
        m.weight(),
        1f,
        chunk.values,
        gradient,
        chunk.slots,
        0,
        chunk.length,
        chunk.from);
    return true;
  }

  private void moveOn(Chunk chunk, ChunkClocks clock, Effects out) {
    while (chunk.version < clock.finished()) {
      chunk.version++;
      snapshots.reached(chunk, out);
    }
    long lowest = Long.MAX_VALUE;
    for (ChunkClocks any : clocks) {
      lowest = Math.min(lowest, any.finished());
    }
    while (version < lowest) {
      double[] sums = open.remove(version);
      if (sums != null) {
        ledger.record(version, sums[0], sums[1], sums[2], sums[3], true);
      }
      version++;
      counters[Counter.STEPS_APPLIED.id()]++;
      owner.finished(version);
    }
    ClockWaiters waiters = waiting[chunk.number - chunks[0].number];
    for (ClockWaiters.Waiter waiter : waiters.ready(consistency, clock.finished())) {
      counters[Counter.WAITING.id()]--;
      send(chunk, clock, waiter, out);
    }
  }

  /** Sends the values for a step, now or when it may start. */
  void values(Chunk chunk, long connection, long request, long client, long step, Effects out) {
    int at = chunk.number - chunks[0].number;
    ClockWaiters.Waiter waiter = new ClockWaiters.Waiter(connection, request, client, step);
    if (consistency.mayStart(step, clocks[at].finished())) {
      send(chunk, clocks[at], waiter, out);
    } else if (waiting[at].add(waiter)) {
      counters[Counter.WAITING.id()]++;
    }
  }

  private void send(Chunk chunk, ChunkClocks clock, ClockWaiters.Waiter to, Effects out) {
    clock.sent(to.client());
    int lead = Counter.LEAD_MAX.id();
    counters[lead] = Math.max(counters[lead], to.step() - clock.finished());
    counters[Counter.CHUNKS_SENT.id()]++;
    out.send(to.connection(), to.request(), chunk.answer(to.step(), chunk.values));
  }

  /** Gives all who wait an answer: it is over. */
  void failWaiting(Message answer, Effects out) {
    for (ClockWaiters waiters : waiting) {
      for (ClockWaiters.Waiter waiter : waiters.takeAll()) {
        counters[Counter.WAITING.id()]--;
        out.send(waiter.connection(), waiter.request(), answer);
      }
    }
  }

  /** Forgets the requests of a connection that is gone. */
  void forget(long connection) {
    for (ClockWaiters waiters : waiting) {
      counters[Counter.WAITING.id()] -= waiters.forget(connection);
    }
  }
}
