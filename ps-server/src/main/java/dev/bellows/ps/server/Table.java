package dev.bellows.ps.server;

import dev.bellows.engine.optim.UpdateRule;
import dev.bellows.engine.optim.UpdateSpec;
import dev.bellows.ps.protocol.Floats;
import dev.bellows.ps.protocol.Message;
import dev.bellows.ps.protocol.Message.State;
import dev.bellows.ps.protocol.PsErrorCode;
import dev.bellows.ps.protocol.PsException;
import dev.bellows.ps.protocol.RowMessage;
import dev.bellows.ps.protocol.TableSpec;
import dev.bellows.ps.protocol.Target;
import dev.bellows.ps.shard.FloatPool;
import dev.bellows.ps.shard.RowMap;
import dev.bellows.ps.shard.RowStart;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The buckets of one sparse table that one shard holds: LOADING, then RUNNING, or over for good
 * when a step was not finite or a bucket is full. Buckets are at {@code oldest()} or one further.
 */
final class Table {
  final Target target;
  final long[] counters = new long[Counter.values().length];
  long seenNanos;

  private final RowMessage.CreateTable create;
  private final TableSpec spec;
  private final UpdateSpec update;
  private final UpdateRule rule;
  private final RowBucket[] buckets;
  private final int bucketLimit;
  private final int maxWaiting;
  private final FloatPool.Budget budget;
  private final List<Waiting> waiting = new ArrayList<>();
  private @Nullable TableSnapshot snapshot;
  private Message.@Nullable Failure over;
  private State state = State.LOADING;
  private float[] answer = new float[0];

  /** A pull that waits for the next version. */
  private record Waiting(long connection, long request, RowMessage.PullRows pull) {}

  Table(
      RowMessage.CreateTable create,
      UpdateSpec update,
      FloatPool.Budget serverBudget,
      int maxWaiting) {
    this.create = create;
    this.target = create.target();
    this.spec = create.spec();
    this.update = update;
    this.rule = new UpdateRule(update);
    this.maxWaiting = maxWaiting;
    this.bucketLimit = RowMap.bucketLimit(spec.maxRows(), spec.buckets());
    this.budget =
        bytes -> {
          serverBudget.reserve(bytes);
          counters[Counter.BYTES.id()] += bytes;
        };
    RowStart start = new RowStart(RowStart.Kind.ofWire(spec.start()), spec.scale(), spec.seed());
    this.buckets = new RowBucket[create.to() - create.from()];
    try {
      for (int i = 0; i < buckets.length; i++) {
        buckets[i] =
            new RowBucket(
                create.from() + i, spec.width(), rule.slots(), spec.slices(), start, budget);
      }
    } catch (RuntimeException | OutOfMemoryError e) {
      budget.reserve(-counters[Counter.BYTES.id()]);
      throw e;
    }
  }

  /** True when a repeated CREATE_TABLE asks for the same. */
  boolean madeBy(RowMessage.CreateTable again) {
    return again.from() == create.from() && again.to() == create.to() && again.spec().sameAs(spec);
  }

  /** Smallest version of a bucket. */
  long oldest() {
    long oldest = Long.MAX_VALUE;
    for (RowBucket bucket : buckets) {
      oldest = Math.min(oldest, bucket.version);
    }
    return oldest;
  }

  private long newest() {
    long newest = 0;
    for (RowBucket bucket : buckets) {
      newest = Math.max(newest, bucket.version);
    }
    return newest;
  }

  void put(RowMessage.PutRows m) {
    require(State.LOADING);
    int stride = buckets[0].rows.stride();
    long[] keys = m.keys();
    if (m.updates().length != keys.length
        || m.rows().length() != Math.multiplyFull(keys.length, stride)) {
      throw new Refusal(
          PsErrorCode.OUT_OF_RANGE,
          keys.length
              + " rows of "
              + stride
              + " elements, found "
              + m.updates().length
              + " numbers of updates and "
              + m.rows().length()
              + " elements");
    }
    for (int i = 0; i < keys.length; i++) {
      bucket(keys[i]);
      if (m.updates()[i] < 0 || m.updates()[i] > Integer.MAX_VALUE) {
        throw new Refusal(
            PsErrorCode.OUT_OF_RANGE,
            "updates of key " + keys[i] + " must be in 0..2^31-1, found " + m.updates()[i]);
      }
    }
    for (int i = 0; i < keys.length; i++) {
      RowBucket bucket = bucket(keys[i]);
      if (bucket.rows.size() >= bucketLimit && bucket.rows.find(keys[i]) < 0) {
        throw new Refusal(PsErrorCode.QUOTA, full(bucket, bucket.rows.size() + 1));
      }
      bucket.rows.put(
          keys[i], (int) m.updates()[i], m.rows().array(), m.rows().offset() + i * stride);
    }
  }

  Message seal(long step) {
    if (state == State.RUNNING && step >= 0 && step <= oldest()) {
      return new Message.Done(oldest()); // repeated
    }
    require(State.LOADING);
    if (step < 0) {
      throw new Refusal(PsErrorCode.OUT_OF_RANGE, "step must be >= 0, found " + step);
    }
    for (RowBucket bucket : buckets) {
      bucket.version = step;
    }
    state = State.RUNNING;
    return new Message.Done(step);
  }

  Message status() {
    long[] missing = new long[(spec.slices() + 63) >>> 6];
    for (RowBucket bucket : buckets) {
      if (state == State.RUNNING && bucket.version == oldest()) {
        bucket.sum.markMissing(missing);
      }
    }
    return new Message.StatusReply(
        state,
        target.incarnation(),
        oldest(),
        newest(),
        spec.slices(),
        missing,
        over == null ? -1 : over.slice(),
        false,
        0,
        List.of(),
        counters.clone());
  }

  void push(long connection, long request, RowMessage.PushRows m, Effects out) {
    require(State.RUNNING);
    check(m);
    for (int number = m.from(); number < m.to(); number++) {
      RowBucket bucket = buckets[number - create.from()];
      if (m.step() != bucket.version - 1) {
        requireStep(m.step(), bucket.version);
      }
    }
    long before = oldest();
    int key = 0;
    for (int number = m.from(); number < m.to() && over == null; number++) {
      int end = key;
      while (end < m.keys().length
          && RowMap.bucket(RowMap.hash(m.keys()[end]), spec.buckets()) == number) {
        end++;
      }
      RowBucket bucket = buckets[number - create.from()];
      if (bucket.version == m.step()) {
        add(bucket, m, key, end, out);
      } else {
        count(Counter.PUSHES_DUPLICATE);
      }
      key = end;
    }
    counters[Counter.STEPS_APPLIED.id()] += oldest() - before;
    wake(out);
    Message.Failure failed = over;
    out.send(connection, request, failed == null ? new Message.Done(oldest()) : failed);
  }

  private void add(RowBucket bucket, RowMessage.PushRows m, int from, int to, Effects out) {
    boolean added =
        bucket.sum.add(
            m.level(),
            m.index(),
            m.keys(),
            from,
            to,
            m.values().array(),
            m.values().offset() + from * spec.width(),
            m.weight(),
            m.badSlice());
    count(added ? Counter.PUSHES_ACCEPTED : Counter.PUSHES_DUPLICATE);
    if (!added || !bucket.sum.isComplete()) {
      return;
    }
    long step = bucket.version;
    boolean finite = bucket.isFinite();
    int rows = bucket.rows.size() + (finite ? bucket.missing() : 0);
    if (!finite) {
      int slice = bucket.sum.badSlice();
      String who = slice >= 0 ? "a gradient or loss of slice " + slice : "the sum of gradients";
      end(PsErrorCode.DIVERGED, step, slice, who + " is not finite; it was not applied", out);
    } else if (rows > bucketLimit) {
      end(PsErrorCode.QUOTA, step, -1, full(bucket, rows), out);
    } else {
      try {
        bucket.apply(rule, update.rate(step, spec.stepsPerEpoch(), spec.totalSteps()));
      } catch (PsException e) { // no memory: nothing has changed, but the sum can't be taken
        end(e.code(), step, -1, String.valueOf(e.getMessage()), out);
        return;
      }
      copy(bucket, out);
    }
  }

  /** Copies a bucket for the snapshot; when there is no memory the snapshot fails, not the step. */
  private void copy(RowBucket bucket, Effects out) {
    TableSnapshot held = snapshot;
    if (held == null) {
      return;
    }
    try {
      held.reached(bucket);
    } catch (PsException e) {
      held.waiting.answer(
          Refusal.failure(e.code(), held.step, -1, String.valueOf(e.getMessage())), out);
      held.dispose();
      snapshot = null;
    }
  }

  private String full(RowBucket bucket, int rows) {
    return "bucket "
        + bucket.number
        + " of table "
        + create.table()
        + " needs "
        + rows
        + " rows, the limit of a table of "
        + spec.maxRows()
        + " rows in "
        + spec.buckets()
        + " buckets is "
        + bucketLimit
        + ": raise max_rows, or hash the keys to fewer";
  }

  /** No step is taken any more. */
  private void end(PsErrorCode code, long step, int slice, String why, Effects out) {
    over = Refusal.failure(code, step, slice, "step " + step + " of " + target + ": " + why);
    state = State.DIVERGED;
    failWaiting(over, out);
  }

  void pull(long connection, long request, RowMessage.PullRows m, Effects out) {
    require(State.RUNNING);
    if (Math.multiplyFull(m.keys().length, spec.width()) > RowMap.PIECE && m.keys().length > 1) {
      throw new Refusal(
          PsErrorCode.OUT_OF_RANGE,
          "at most " + RowMap.PIECE + " elements at once, found " + m.keys().length + " rows");
    }
    for (long key : m.keys()) {
      bucket(key);
    }
    if (m.version() == oldest() + 1) {
      for (Waiting held : waiting) {
        if (held.connection == connection && held.request == request) {
          return; // sent again
        }
      }
      if (waiting.size() >= maxWaiting) {
        throw new Refusal(
            PsErrorCode.QUOTA, target + " has " + maxWaiting + " waiting requests, its limit");
      }
      RowMessage.PullRows kept =
          new RowMessage.PullRows(m.target(), m.table(), m.version(), m.keys().clone());
      waiting.add(new Waiting(connection, request, kept));
      counters[Counter.WAITING.id()]++;
      return;
    }
    requireReadable(m.version());
    out.send(connection, request, values(m));
  }

  /** A version that all buckets have, now or one step ago. */
  private void requireReadable(long wanted) {
    if (wanted > oldest()) {
      requireStep(wanted, oldest());
    }
    for (RowBucket bucket : buckets) {
      if (wanted < bucket.version - (bucket.hasPrevious() ? 1 : 0)) {
        requireStep(wanted, bucket.version);
      }
    }
  }

  private Message values(RowMessage.PullRows m) {
    int length = m.keys().length * spec.width();
    if (answer.length < length) {
      answer = new float[length];
    }
    for (int i = 0; i < m.keys().length; i++) {
      bucket(m.keys()[i]).read(m.keys()[i], m.version(), answer, i * spec.width());
    }
    count(Counter.CHUNKS_SENT);
    return new Message.Values(m.version(), 0, 0, new Floats(answer, 0, length));
  }

  /** Answers what waited for versions that are there now. */
  private void wake(Effects out) {
    wakeSnapshot(out);
    if (waiting.isEmpty()) {
      return;
    }
    long oldest = oldest();
    List<Waiting> ready = new ArrayList<>();
    waiting.removeIf(w -> w.pull.version() <= oldest && ready.add(w));
    counters[Counter.WAITING.id()] -= ready.size();
    for (Waiting w : ready) {
      out.send(w.connection, w.request, values(w.pull));
    }
  }

  private void wakeSnapshot(Effects out) {
    if (snapshot != null && snapshot.isWhole()) {
      snapshot.waiting.answer(new Message.Done(snapshot.step), out);
    }
  }

  void snapshot(long connection, long request, long step, Effects out) {
    require(State.RUNNING);
    TableSnapshot held = snapshot;
    if (held == null || held.step != step) {
      if (step < newest()) {
        throw new Refusal(
            PsErrorCode.STALE_STEP,
            newest(),
            -1,
            "a snapshot of step " + step + ": " + target + " has passed it, at " + newest());
      }
      release(held == null ? -1 : held.step, out);
      held = new TableSnapshot(step, create.from(), buckets.length, budget);
      snapshot = held;
      held.waiting.add(connection, request);
      for (RowBucket bucket : buckets) {
        copy(bucket, out);
      }
    } else {
      held.waiting.add(connection, request);
    }
    wakeSnapshot(out);
  }

  Message page(RowMessage.GetRows m) {
    TableSnapshot held = snapshot;
    if (held == null || held.step != m.step() || !held.isWhole()) {
      throw new Refusal(
          PsErrorCode.NO_SUCH_SNAPSHOT, target + " holds no snapshot of step " + m.step());
    }
    return held.page(m);
  }

  Message release(long step, Effects out) {
    TableSnapshot held = snapshot;
    if (held != null && held.step == step) {
      held.waiting.answer(
          Refusal.failure(PsErrorCode.NO_SUCH_SNAPSHOT, step, -1, "the snapshot was released"),
          out);
      held.dispose();
      snapshot = null;
    }
    return new Message.Done(step);
  }

  private void failWaiting(Message failure, Effects out) {
    for (Waiting w : waiting) {
      out.send(w.connection, w.request, failure);
    }
    waiting.clear();
    counters[Counter.WAITING.id()] = 0;
    if (snapshot != null) {
      snapshot.waiting.answer(failure, out);
    }
  }

  void forget(long connection) {
    waiting.removeIf(w -> w.connection == connection);
    counters[Counter.WAITING.id()] = waiting.size();
    if (snapshot != null) {
      snapshot.waiting.forget(connection);
    }
  }

  /** Ends the table: what waits fails, memory goes back to the server. */
  void dispose(Message failure, Effects out) {
    failWaiting(failure, out);
    if (snapshot != null) {
      release(snapshot.step, out);
    }
    for (RowBucket bucket : buckets) {
      bucket.dispose();
    }
  }

  private void check(RowMessage.PushRows m) {
    int width = spec.width();
    if (!buckets[0].sum.contains(m.level(), m.index())
        || m.from() < create.from()
        || m.to() > create.to()
        || m.from() >= m.to()
        || m.badSlice() < -1
        || m.badSlice() >= spec.slices()
        || m.values().length() != Math.multiplyFull(m.keys().length, width)) {
      throw new Refusal(
          PsErrorCode.OUT_OF_RANGE,
          m.keys().length
              + " rows with "
              + m.values().length()
              + " elements for buckets ["
              + m.from()
              + ", "
              + m.to()
              + "), node (level "
              + m.level()
              + ", index "
              + m.index()
              + "), bad slice "
              + m.badSlice()
              + ": "
              + target
              + " holds buckets ["
              + create.from()
              + ", "
              + create.to()
              + ") of rows of "
              + width
              + " over "
              + spec.slices()
              + " slices");
    }
    long[] keys = m.keys();
    for (int i = 0; i < keys.length; i++) {
      int bucket = RowMap.bucket(RowMap.hash(keys[i]), spec.buckets());
      if (bucket < m.from()
          || bucket >= m.to()
          || (i > 0 && !RowMap.before(keys[i - 1], keys[i]))) {
        throw new Refusal(
            PsErrorCode.BAD_REQUEST,
            "key "
                + keys[i]
                + " of bucket "
                + bucket
                + " is not in buckets ["
                + m.from()
                + ", "
                + m.to()
                + "), or not after the one before it in hash order");
      }
    }
  }

  private RowBucket bucket(long key) {
    int number = RowMap.bucket(RowMap.hash(key), spec.buckets());
    if (number < create.from() || number >= create.to()) {
      throw new Refusal(
          PsErrorCode.OUT_OF_RANGE,
          "key "
              + key
              + " belongs to bucket "
              + number
              + ", "
              + target
              + " holds "
              + create.from()
              + ".."
              + (create.to() - 1));
    }
    return buckets[number - create.from()];
  }

  private void count(Counter counter) {
    counters[counter.id()]++;
  }

  private void require(State wanted) {
    Message.Failure failed = over;
    if (failed != null) {
      throw new Refusal(failed.code(), failed.step(), failed.slice(), failed.detail());
    }
    if (state != wanted) {
      throw new Refusal(
          PsErrorCode.WRONG_STATE,
          "table "
              + create.table()
              + " of "
              + target
              + " is "
              + state
              + ", the request needs "
              + wanted);
    }
  }

  private void requireStep(long step, long expected) {
    if (step == expected) {
      return;
    }
    boolean ahead = step > expected;
    throw new Refusal(
        ahead ? PsErrorCode.STEP_AHEAD : PsErrorCode.STALE_STEP,
        expected,
        -1,
        "step "
            + step
            + (ahead ? " is ahead: table " : " is over: table ")
            + create.table()
            + " of "
            + target
            + " is at step "
            + expected
            + (ahead ? "; it was restored, roll back" : "; another task took over"));
  }
}
