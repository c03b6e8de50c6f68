package dev.bellows.ps.server;

import dev.bellows.engine.optim.NanPolicy;
import dev.bellows.engine.optim.UpdateRule;
import dev.bellows.engine.optim.UpdateSpec;
import dev.bellows.ps.protocol.Floats;
import dev.bellows.ps.protocol.Message;
import dev.bellows.ps.protocol.Message.State;
import dev.bellows.ps.protocol.PsErrorCode;
import dev.bellows.ps.protocol.Target;
import dev.bellows.ps.shard.Crc32c;
import dev.bellows.ps.shard.FloatPool;
import dev.bellows.ps.shard.ShardMap;
import dev.bellows.ps.shard.TreeSum;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * One shard of one run.
 *
 * <p>States: LOADING (PUT), then RUNNING (from SEAL on), then perhaps DIVERGED for good. {@code
 * version} is the smallest chunk version; chunks are at {@code version} or {@code version + 1}, and
 * when the last one gets there {@code version} moves.
 */
final class Namespace {
  /** Most steps in one ledger reply. */
  private static final int MAX_LEDGER_REPLY = 4096;

  Target target;
  final long[] counters = new long[Counter.values().length];
  long seenNanos;

  private final Message.Create create;
  private final UpdateSpec spec;
  private final UpdateRule rule;
  private final boolean twoPhase;
  private final Chunk[] chunks;
  private final FloatPool pool;
  private final FloatPool.Budget budget;
  private final StepLedger ledger;
  private final Clients clients;
  private final Deferred deferred;
  private final Snapshots snapshots;
  private final Crc32c crc = new Crc32c();
  private final TwoPhase phase;
  private final Replication replication;
  private final @Nullable RelaxedSteps relaxed;
  private final @Nullable Coding coding;
  private final Operations operations;
  private State state = State.LOADING;
  private long version;
  private int ahead;
  private int badSlice = -1;
  private long rateStep = -1;
  private double rate;

  Namespace(
      Message.Create create,
      UpdateSpec spec,
      FloatPool.Budget serverBudget,
      ServerOptions options) {
    this.target = create.target();
    this.create = create;
    this.spec = spec;
    this.rule = new UpdateRule(spec);
    this.twoPhase = spec.needsNorm() || spec.nanPolicy() == NanPolicy.SKIP;
    this.deferred = new Deferred(target, options.maxWaiting(), counters);
    this.budget =
        bytes -> {
          serverBudget.reserve(bytes);
          counters[Counter.BYTES.id()] += bytes;
        };
    int first = create.from() / ShardMap.CHUNK;
    int end = (create.to() - 1) / ShardMap.CHUNK + 1;
    int longest = 0;
    for (int number = first; number < end; number++) {
      longest = Math.max(longest, partLength(number));
    }
    budget.reserve(
        (create.to() - (long) create.from()) * Float.BYTES * (2 + rule.slots())
            + (long) create.ledgerCapacity()
                * (create.compression().isNone()
                    ? StepLedger.ENTRY_BYTES
                    : StepLedger.CODED_ENTRY_BYTES)
            + Coding.bytes(create.compression(), create.to() - (long) create.from(), longest));
    this.pool = new FloatPool(longest, budget);
    this.chunks = new Chunk[end - first];
    for (int i = 0; i < chunks.length; i++) {
      int number = first + i;
      chunks[i] =
          new Chunk(
              number,
              ShardMap.chunkFrom(number, create.from()),
              partLength(number),
              rule.slots(),
              create.slices(),
              pool,
              !create.compression().isNone());
    }
    this.ledger = new StepLedger(create.ledgerCapacity(), !create.compression().isNone());
    this.clients = new Clients(options.maxClients());
    this.phase = new TwoPhase(chunks, rule);
    this.snapshots = new Snapshots(target, chunks, budget, deferred, counters);
    this.replication = new Replication(target, chunks, pool, counters, twoPhase, this::show);
    this.coding = create.compression().isNone() ? null : new Coding(create, chunks, longest);
    this.relaxed =
        create.consistency().isBsp()
            ? null
            : new RelaxedSteps(this, create, chunks, rule, this::rate, snapshots, ledger);
    this.operations = new Operations(create, chunks, budget, snapshots, replication);
  }

  private int partLength(int number) {
    return ShardMap.chunkTo(number, create.to()) - ShardMap.chunkFrom(number, create.from());
  }

  /** True when a repeated CREATE asks for the same. */
  boolean madeBy(Message.Create again) {
    return again.from() == create.from()
        && again.to() == create.to()
        && again.slices() == create.slices()
        && again.stepsPerEpoch() == create.stepsPerEpoch()
        && again.totalSteps() == create.totalSteps()
        && again.ledgerCapacity() == create.ledgerCapacity()
        && again.crcEvery() == create.crcEvery()
        && again.consistency().equals(create.consistency())
        && again.compression().equals(create.compression())
        && Arrays.equals(again.updateSpec(), create.updateSpec());
  }

  void put(Message.Put m) {
    require(State.LOADING);
    RequestChecks.slot(m.slot(), chunks[0].slotCount() - 1);
    Chunk chunk = chunk(Math.floorDiv(m.from(), ShardMap.CHUNK));
    RequestChecks.put(m, chunk);
    Floats values = m.values();
    System.arraycopy(values.array(), values.offset(), chunk.slot(m.slot()), 0, chunk.length);
    chunk.loaded |= m.slot() == 0;
    chunk.viewLoaded |= m.slot() > rule.slots();
  }

  Message seal(long step) {
    if (state != State.LOADING) {
      if (state == State.RUNNING && step <= version) {
        return new Message.Done(version); // repeated
      }
      throw new Refusal(PsErrorCode.WRONG_STATE, target + " is " + state + ", SEAL needs LOADING");
    }
    if (step < 0) {
      throw new Refusal(PsErrorCode.OUT_OF_RANGE, "step must be >= 0, found " + step);
    }
    for (Chunk chunk : chunks) {
      if (!chunk.loaded) {
        throw new Refusal(
            PsErrorCode.WRONG_STATE,
            "chunk "
                + chunk.number
                + " of "
                + target
                + " was never loaded: send PUT of slot 0 before SEAL");
      }
    }
    for (Chunk chunk : chunks) {
      chunk.version = step;
      if (chunk.isCoded() && !chunk.viewLoaded) {
        System.arraycopy(chunk.values, 0, chunk.shown, 0, chunk.length);
      }
    }
    version = step;
    if (relaxed != null) {
      relaxed.begin(step);
    }
    state = State.RUNNING;
    return new Message.Done(step);
  }

  Message join(Message.Join m, long now) {
    RequestChecks.join(m, create.slices());
    clients.join(m.client(), m.name(), m.sliceFrom(), m.sliceTo(), now);
    return relaxed == null
        ? status(now)
        : status(
            now,
            relaxed.version(m.sliceFrom(), m.sliceTo()),
            relaxed.newest(m.sliceFrom(), m.sliceTo()));
  }

  Message status(long now) {
    return status(now, version, newest());
  }

  /** Largest version that a chunk has: those below it can't be copied any more. */
  private long newest() {
    return relaxed != null ? relaxed.newestVersion() : version + (ahead > 0 ? 1 : 0);
  }

  private Message status(long now, long oldest, long newest) {
    long[] missing = new long[(create.slices() + 63) >>> 6];
    if (state == State.RUNNING && relaxed != null) {
      relaxed.markMissing(missing);
    } else if (state == State.RUNNING) {
      for (Chunk chunk : chunks) {
        if (chunk.version == version) {
          chunk.sum.markMissing(missing);
        }
      }
    }
    return new Message.StatusReply(
        state,
        target.incarnation(),
        oldest,
        newest,
        create.slices(),
        missing,
        badSlice,
        twoPhase,
        spec.clipNorm(),
        clients.report(now),
        counters.clone());
  }

  void push(long connection, long request, Message.CodedPush m, long now, Effects out) {
    require(State.RUNNING);
    Coding known = coding;
    if (known == null) {
      throw new Refusal(
          PsErrorCode.WRONG_STATE, target + " was made without compression: send PUSH");
    }
    take(connection, request, known.decode(m, chunk(m.head().chunk())), now, out);
  }

  void push(long connection, long request, Message.Push m, long now, Effects out) {
    require(State.RUNNING);
    if (coding != null && m.client() != Replication.CLIENT) {
      throw new Refusal(
          PsErrorCode.WRONG_STATE, target + " was made with compression: send CODED_PUSH");
    }
    take(connection, request, m, now, out);
  }

  private void take(long connection, long request, Message.Push m, long now, Effects out) {
    Chunk chunk = chunk(m.chunk());
    RequestChecks.push(m, chunk, target);
    clients.seen(m.client(), m.step(), now);
    if (relaxed != null) {
      push(relaxed, chunk, connection, request, m, out);
      return;
    }
    if (m.step() == chunk.version - 1) {
      count(Counter.PUSHES_DUPLICATE);
    } else {
      requireStep(m.step(), chunk.version);
      if (chunk.version != version) {
        throw ahead(m.step());
      }
      add(chunk, m, now, out);
    }
    if (!m.pull()) {
      out.send(connection, request, new Message.Done(chunk.version));
    } else if (state != State.RUNNING) {
      out.send(connection, request, diverged());
    } else if (chunk.version > m.step() && !replication.hides(chunk)) {
      count(Counter.CHUNKS_SENT);
      out.send(connection, request, newest(chunk));
    } else {
      deferred.wait(chunk.waiting, connection, request);
    }
  }

  private void push(
      RelaxedSteps steps, Chunk chunk, long connection, long request, Message.Push m, Effects out) {
    if (!steps.push(chunk, m, out)) {
      diverge(m.badSlice(), out);
      out.send(connection, request, diverged());
    } else if (m.pull()) {
      steps.values(chunk, connection, request, m.client(), m.step() + 1, out);
    } else {
      out.send(connection, request, new Message.Done(chunk.version));
    }
  }

  /** All slices have finished the step before a version. */
  void finished(long reached) {
    version = reached;
    if (create.crcEvery() > 0 && reached % create.crcEvery() == 0) {
      for (Chunk chunk : chunks) {
        chunk.crc = crc.of(chunk.values, 0, chunk.length);
      }
      ledger.crc(reached - 1, rangeCrc());
    }
  }

  private void add(Chunk chunk, Message.Push m, long now, Effects out) {
    TreeSum sum = chunk.sum;
    boolean replaces = !sum.isEmpty() && sum.overlaps(m.level(), m.index());
    boolean added =
        sum.add(
            m.level(),
            m.index(),
            m.values().array(),
            m.values().offset(),
            m.weight(),
            m.loss(),
            m.metric(),
            m.rows(),
            m.badSlice());
    if (!added) {
      count(Counter.PUSHES_DUPLICATE);
      return;
    }
    count(Counter.PUSHES_ACCEPTED);
    if (coding != null) {
      coding.accepted();
    }
    if (replaces) {
      count(Counter.PUSHES_REPLACING);
    }
    if (!sum.isComplete()) {
      return;
    }
    if (twoPhase) {
      if (phase.completed()) {
        deferred.answer(phase.waiting, phase.reply(version), out);
      }
    } else if (chunk.isFinite()) {
      moveOn(chunk, true, 1f, now, out);
    } else {
      diverge(sum.badSlice(), out);
    }
  }

  private void moveOn(Chunk chunk, boolean apply, float clip, long now, Effects out) {
    long step = chunk.version;
    replication.forward(chunk, now, out); // first: the replica applies it at the same time
    TreeSum sum = chunk.sum;
    if (ahead == 0) {
      ledger.record(step, sum.scalar(0), sum.scalar(1), sum.scalar(2), sum.scalar(3), apply);
    }
    if (apply) {
      chunk.apply(rule, rate(step), clip);
    } else {
      chunk.skip();
    }
    boolean wantsCrc = create.crcEvery() > 0 && (step + 1) % create.crcEvery() == 0;
    if (wantsCrc) {
      chunk.crc = crc.of(chunk.values, 0, chunk.length);
    }
    if (coding != null && !coding.advance(chunk)) {
      diverge(-1, out);
      return;
    }
    snapshots.reached(chunk, out);
    ahead++;
    if (ahead == chunks.length) {
      ahead = 0;
      version++;
      count(apply ? Counter.STEPS_APPLIED : Counter.STEPS_SKIPPED);
      if (wantsCrc) {
        ledger.crc(step, rangeCrc());
      }
      if (coding != null) {
        ledger.coded(step, coding.finished());
      }
    }
    show(chunk, out);
  }

  /** Answers those who wait for the newest version of a chunk, unless its replica lacks it. */
  private void show(Chunk chunk, Effects out) {
    if (replication.hides(chunk)) {
      return;
    }
    if (chunk.waiting.size() > 0) {
      counters[Counter.CHUNKS_SENT.id()] += chunk.waiting.size();
      deferred.answer(chunk.waiting, newest(chunk), out);
    }
    if (chunk.pulls.size() > 0) {
      counters[Counter.CHUNKS_SENT.id()] += chunk.pulls.size();
      deferred.answer(chunk.pulls, values(chunk, chunk.version, chunk.shown), out);
    }
  }

  /** The newest version for somebody who has the one before. */
  private Message newest(Chunk chunk) {
    return coding == null ? values(chunk, chunk.version, chunk.values) : coding.change(chunk);
  }

  private int rangeCrc() {
    int combined = 0;
    for (Chunk chunk : chunks) {
      combined = chunk.appended.combine(combined, chunk.crc);
    }
    return combined;
  }

  private double rate(long step) {
    if (step != rateStep) {
      rate = spec.rate(step, create.stepsPerEpoch(), create.totalSteps());
      rateStep = step;
    }
    return rate;
  }

  void norm(long connection, long request, long step, Effects out) {
    requireTwoPhase();
    Message.NormReply before = phase.lastReply(step);
    if (before != null) {
      out.send(connection, request, before); // the client that saw it first has committed already
      return;
    }
    require(State.RUNNING);
    requireStep(step, version);
    if (phase.isComplete()) {
      out.send(connection, request, phase.reply(step));
    } else {
      deferred.wait(phase.waiting, connection, request);
    }
  }

  Message commit(Message.Commit m, long now, Effects out) {
    requireTwoPhase();
    if (phase.lastReply(m.step()) != null) {
      if (!phase.sameAsLast(m.apply(), m.scale())) {
        throw new Refusal(
            PsErrorCode.CONFLICT,
            m.step(),
            -1,
            "step " + m.step() + " was committed with another scale");
      }
      return new Message.Done(version);
    }
    require(State.RUNNING);
    requireStep(m.step(), version);
    if (!phase.isComplete()) {
      throw new Refusal(
          PsErrorCode.WRONG_STATE,
          m.step(),
          -1,
          "COMMIT of step " + m.step() + " before all slices arrived");
    }
    if (m.apply() && (!(m.scale() > 0) || m.scale() > 1)) {
      throw new Refusal(PsErrorCode.BAD_REQUEST, "scale must be in (0, 1], found " + m.scale());
    }
    Message.NormReply reply = phase.reply(m.step());
    if (m.apply() && !reply.finite()) {
      throw new Refusal(
          PsErrorCode.CONFLICT,
          m.step(),
          reply.badSlice(),
          "step " + m.step() + " is not finite and can't be applied");
    }
    if (!m.apply() && spec.nanPolicy() == NanPolicy.STOP) {
      diverge(m.badSlice() < 0 ? reply.badSlice() : m.badSlice(), out);
      return diverged();
    }
    phase.committed(m.apply(), m.scale());
    for (Chunk chunk : chunks) {
      moveOn(chunk, m.apply(), m.scale(), now, out);
    }
    replication.commit(m.step(), m.apply(), m.scale(), out);
    return new Message.Done(version);
  }

  void pull(long connection, long request, Message.Pull m, long now, Effects out) {
    require(State.RUNNING);
    clients.seen(m.client(), -1, now);
    Chunk chunk = chunk(m.chunk());
    if (relaxed != null) {
      relaxed.values(chunk, connection, request, m.client(), m.version(), out);
      return;
    }
    if (m.version() == chunk.version + 1) {
      if (chunk.version != version || replication.hides(chunk)) {
        throw ahead(m.version());
      }
      deferred.wait(chunk.pulls, connection, request);
    } else {
      sendOrWait(chunk, m.version(), connection, request, out);
    }
  }

  /** Sends a version that the chunk has, as soon as its replica has it, too. */
  private void sendOrWait(Chunk chunk, long wanted, long connection, long request, Effects out) {
    if (wanted == chunk.version && replication.hides(chunk)) {
      deferred.wait(chunk.pulls, connection, request);
    } else {
      sendValues(chunk, wanted, connection, request, out);
    }
  }

  private void sendValues(Chunk chunk, long wanted, long connection, long request, Effects out) {
    if (wanted == chunk.version) {
      count(Counter.CHUNKS_SENT);
      out.send(connection, request, values(chunk, wanted, chunk.shown));
    } else if (wanted == chunk.version - 1 && chunk.hasPrevious) {
      count(Counter.CHUNKS_SENT_PREVIOUS);
      out.send(connection, request, values(chunk, wanted, chunk.previous()));
    } else {
      requireStep(wanted, chunk.version);
    }
  }

  private static Message values(Chunk chunk, long version, float[] values) {
    return chunk.answer(version, values);
  }

  Message ledger(Message.Ledger m) {
    int limit = Math.max(0, Math.min(m.limit(), MAX_LEDGER_REPLY));
    return new Message.LedgerReply(
        version, create.to() - create.from(), ledger.read(m.fromStep(), version, limit));
  }

  void snapshot(long connection, long request, long step, Effects out) {
    require(State.RUNNING);
    snapshots.take(connection, request, step, newest(), out);
  }

  Message get(Message.Get m) {
    RequestChecks.slot(m.slot(), chunks[0].slotCount() - 1);
    return snapshots.get(m.step(), m.slot(), chunk(m.chunk()));
  }

  Message operate(Message.Operate m) {
    require(State.RUNNING);
    RequestChecks.slot(m.slot(), rule.slots());
    return operations.handle(m, version, ahead == 0);
  }

  Message release(long step, Effects out) {
    snapshots.release(step, out);
    return new Message.Done(step);
  }

  /** Takes a replica; false when it is the present one, which gets its open steps again. */
  boolean attach(Message.Attach m, long firstId, Effects out) {
    require(State.RUNNING);
    if (relaxed != null) {
      throw new Refusal(
          PsErrorCode.WRONG_STATE,
          target + " is " + create.consistency() + ": only bsp steps can be replicated");
    }
    if (replication.isAttached(m.replica(), m.from())) {
      replication.resend(out);
      return false;
    }
    long newest = version + (ahead > 0 ? 1 : 0);
    if (m.from() < newest) {
      throw new Refusal(
          PsErrorCode.STALE_STEP,
          newest,
          -1,
          "a replica from step " + m.from() + " on: " + target + " has passed it, at " + newest);
    }
    replication.attach(m.replica(), m.from(), firstId, out);
    return true;
  }

  void detach(Effects out) {
    replication.detach(out);
  }

  /** Goes on under a larger incarnation; whoever waits learns that the old one is over. */
  void advance(Target to, Effects out) {
    if (state == State.LOADING) {
      require(State.RUNNING);
    }
    if (to.incarnation() > target.incarnation()) {
      failWaiting(
          Refusal.failure(
              PsErrorCode.STALE_INCARNATION, version, -1, target + " is over: " + to + " runs now"),
          out);
      target = to;
      clients.clear();
      replication.advanced(to, out);
    }
  }

  long version() {
    return version;
  }

  Replication replication() {
    return replication;
  }

  private void diverge(int slice, Effects out) {
    state = State.DIVERGED;
    badSlice = slice;
    failWaiting(diverged(), out);
  }

  private Message.Failure diverged() {
    return Refusal.failure(
        PsErrorCode.DIVERGED,
        version,
        badSlice,
        badSlice >= 0
            ? "step "
                + version
                + ": gradient or loss of slice "
                + badSlice
                + " is not finite; the step was not applied"
            : "step "
                + version
                + ": the sum of the gradients is not finite; the step was not applied");
  }

  private void failWaiting(Message answer, Effects out) {
    for (Chunk chunk : chunks) {
      deferred.answer(chunk.waiting, answer, out);
      deferred.answer(chunk.pulls, answer, out);
    }
    deferred.answer(phase.waiting, answer, out);
    if (relaxed != null) {
      relaxed.failWaiting(answer, out);
    }
    snapshots.failWaiting(answer, out);
  }

  /** Ends the namespace: waiting requests fail, memory goes back to the budget. */
  void dispose(Message answer, Effects out) {
    failWaiting(answer, out);
    replication.detach(out);
    for (Chunk chunk : chunks) {
      chunk.sum.clear();
    }
    budget.reserve(-counters[Counter.BYTES.id()]);
  }

  void forget(long connection) {
    for (Chunk chunk : chunks) {
      deferred.forget(chunk.waiting, connection);
      deferred.forget(chunk.pulls, connection);
    }
    deferred.forget(phase.waiting, connection);
    if (relaxed != null) {
      relaxed.forget(connection);
    }
    snapshots.forget(connection);
  }

  void count(Counter counter) {
    counters[counter.id()]++;
  }

  private Chunk chunk(int number) {
    int index = number - chunks[0].number;
    if (index < 0 || index >= chunks.length) {
      throw new Refusal(
          PsErrorCode.OUT_OF_RANGE,
          target
              + " holds chunks "
              + chunks[0].number
              + ".."
              + chunks[chunks.length - 1].number
              + ", found "
              + number);
    }
    return chunks[index];
  }

  private void require(State wanted) {
    if (state == wanted) {
      return;
    }
    if (state == State.DIVERGED) {
      Message.Failure failure = diverged();
      throw new Refusal(PsErrorCode.DIVERGED, failure.step(), failure.slice(), failure.detail());
    }
    throw new Refusal(
        PsErrorCode.WRONG_STATE, target + " is " + state + ", the request needs " + wanted);
  }

  private void requireTwoPhase() {
    if (!twoPhase) {
      throw new Refusal(
          PsErrorCode.WRONG_STATE,
          target + " has neither clip norm nor skip policy: steps need no NORM and COMMIT");
    }
  }

  private void requireStep(long step, long expected) {
    RequestChecks.step(step, expected, version, target);
  }

  private Refusal ahead(long step) {
    return RequestChecks.ahead(step, version, target);
  }
}
