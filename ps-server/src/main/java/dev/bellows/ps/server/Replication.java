package dev.bellows.ps.server;

import dev.bellows.ps.protocol.Floats;
import dev.bellows.ps.protocol.Message;
import dev.bellows.ps.protocol.Peer;
import dev.bellows.ps.protocol.Target;
import dev.bellows.ps.shard.FloatPool;
import dev.bellows.ps.shard.TreeSum;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The primary's side of a chain of two (R. van Renesse, F. Schneider, "Chain replication for
 * supporting high throughput and availability", OSDI 2004): forwards the sum of every finished
 * chunk, and hides the version that it leads to until the replica has it.
 *
 * <p>The lag is zero: no answer shows a version that the replica lacks. With a lag of one step a
 * promoted replica could be two versions behind another shard, and the previous version that shards
 * keep would not be enough for tasks to go on. Chunks are forwarded one by one while others are
 * still summed, so that the wait hides behind the transfer of a step.
 *
 * <p>At most one step of a chunk is on its way, because nobody can compute the next one. Its sum is
 * kept until it is acknowledged: one more array per chunk.
 */
final class Replication {
  /** Id of the sender of forwarded contributions; no task has it. */
  static final long CLIENT = -1;

  private static final long RESEND_NANOS = 2_000_000_000L;
  private static final int MAX_DOUBLINGS = 5;

  private final Chunk[] chunks;
  private final FloatPool pool;
  private final long[] counters;
  private final boolean twoPhase;
  private final BiConsumer<Chunk, Effects> shown;
  private final float[] @Nullable [] held;
  private final double[][] scalars;
  private final int[] bad;
  private final long[] steps;
  private Target target;
  private @Nullable Peer peer;
  private long from;
  private long firstId;
  private long commitStep = -1;
  private boolean commitApply;
  private float commitScale;
  private int hidden;
  private long sentNanos;
  private int attempts;

  /**
   * A chain without a replica.
   *
   * @param shown is told of every chunk whose newest version may be shown from now on
   */
  Replication(
      Target target,
      Chunk[] chunks,
      FloatPool pool,
      long[] counters,
      boolean twoPhase,
      BiConsumer<Chunk, Effects> shown) {
    this.target = target;
    this.chunks = chunks;
    this.pool = pool;
    this.counters = counters;
    this.twoPhase = twoPhase;
    this.shown = shown;
    this.held = new float[chunks.length][];
    this.scalars = new double[chunks.length][Message.SCALARS];
    this.bad = new int[chunks.length];
    this.steps = new long[chunks.length];
  }

  /** Whether there is a replica. */
  boolean isAttached() {
    return peer != null;
  }

  /** Whether the replica is there. */
  boolean isAt(Peer server) {
    return server.equals(peer);
  }

  /** Number of request ids that {@link #attach} needs. */
  int ids() {
    return chunks.length + 1;
  }

  /** Whether this replica is attached from this version on already. */
  boolean isAttached(Peer to, long version) {
    return to.equals(peer) && from == version;
  }

  /**
   * Forwards steps from {@code version} on to a replica, in place of the one before.
   *
   * @param ids first of {@link #ids} request ids of its own, so that late answers of another
   *     replica don't count
   */
  void attach(Peer to, long version, long ids, Effects out) {
    detach(out);
    peer = to;
    from = version;
    firstId = ids;
  }

  /** Goes on without a replica; everything may be shown. */
  void detach(Effects out) {
    peer = null;
    for (int i = 0; i < chunks.length; i++) {
      show(i, out);
    }
  }

  /** The namespace has a new incarnation: what is on its way goes out again under it. */
  void advanced(Target to, Effects out) {
    target = to;
    resend(out);
  }

  /** Whether the newest version of a chunk must not be shown yet. */
  boolean hides(Chunk chunk) {
    return held[index(chunk)] != null;
  }

  /** Forwards the complete sum of a chunk that is about to move on. */
  void forward(Chunk chunk, long now, Effects out) {
    if (peer == null || chunk.version < from) {
      return;
    }
    int i = index(chunk);
    TreeSum sum = chunk.sum;
    float[] copy = pool.take();
    System.arraycopy(sum.sum(), 0, copy, 0, chunk.length);
    held[i] = copy;
    for (int s = 0; s < Message.SCALARS; s++) {
      scalars[i][s] = sum.scalar(s);
    }
    bad[i] = sum.badSlice();
    steps[i] = chunk.version;
    hidden++;
    counters[Counter.HIDDEN.id()] = hidden;
    sentNanos = now;
    attempts = 0;
    send(i, out);
  }

  /** Two phases: forwards what was agreed after the sums. */
  void commit(long step, boolean apply, float scale, Effects out) {
    if (hidden > 0) {
      commitStep = step;
      commitApply = apply;
      commitScale = scale;
      sendCommit(out);
    }
  }

  /** Sends again what is not acknowledged. */
  void resend(Effects out) {
    for (int i = 0; i < chunks.length; i++) {
      if (held[i] != null) {
        counters[Counter.FORWARDS_REPEATED.id()]++;
        send(i, out);
      }
    }
    if (hidden > 0 && twoPhase) {
      sendCommit(out);
    }
  }

  /** Sends again when the replica has been silent for long. */
  void tick(long now, Effects out) {
    if (hidden > 0 && now - sentNanos > RESEND_NANOS << Math.min(MAX_DOUBLINGS, attempts)) {
      sentNanos = now;
      attempts++;
      resend(out);
    }
  }

  /** A connection to this server is there (again). */
  void connected(Peer to, Effects out) {
    if (isAt(to)) {
      resend(out);
    }
  }

  /**
   * An answer of a replica. Refusals are ignored: the replica is being loaded, or promoted, and the
   * driver decides what comes next.
   */
  void answered(long id, Message answer, Effects out) {
    long i = id - firstId;
    if (peer == null || i < 0 || i >= ids() || !(answer instanceof Message.Done done)) {
      return;
    }
    int first = i == chunks.length ? 0 : (int) i;
    int end = i == chunks.length ? chunks.length : first + 1;
    for (int c = first; c < end; c++) {
      if (done.step() > steps[c]) {
        show(c, out);
      }
    }
  }

  private void show(int i, Effects out) {
    float[] sum = held[i];
    if (sum == null) {
      return;
    }
    held[i] = null;
    pool.release(sum);
    hidden--;
    counters[Counter.HIDDEN.id()] = hidden;
    shown.accept(chunks[i], out);
  }

  private void send(int i, Effects out) {
    Peer to = peer;
    float[] sum = held[i];
    if (to == null || sum == null) {
      return;
    }
    counters[Counter.FORWARDS.id()]++;
    Chunk chunk = chunks[i];
    out.forward(
        to,
        firstId + i,
        new Message.Push(
            target,
            CLIENT,
            steps[i],
            chunk.sum.levels(),
            0,
            chunk.number,
            false,
            bad[i],
            scalars[i][0],
            scalars[i][1],
            scalars[i][2],
            scalars[i][3],
            new Floats(sum, 0, chunk.length)));
  }

  private void sendCommit(Effects out) {
    Peer to = peer;
    if (to != null) {
      out.forward(
          to,
          firstId + chunks.length,
          new Message.Commit(target, commitStep, commitApply, commitScale));
    }
  }

  private int index(Chunk chunk) {
    return chunk.number - chunks[0].number;
  }
}
