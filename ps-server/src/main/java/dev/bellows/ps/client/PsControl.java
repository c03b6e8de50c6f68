package dev.bellows.ps.client;

import dev.bellows.ps.protocol.Floats;
import dev.bellows.ps.protocol.Message;
import dev.bellows.ps.protocol.Peer;
import dev.bellows.ps.protocol.Target;
import dev.bellows.ps.server.Counter;
import dev.bellows.ps.shard.ShardMap;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.IntFunction;
import java.util.function.IntPredicate;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The driver's side: makes, loads, watches, copies and drops the namespaces of one run on all its
 * shards.
 *
 * <pre>{@code
 * control.create(plan);                        // a larger incarnation replaces what was there
 * control.put(0, values);                      // and slots 1..n when resuming
 * control.seal(step);
 * ... tasks run; control.status(), control.ledger(from, limit) from time to time ...
 * control.snapshot(step); control.read(step, slot, destination); control.release(step);
 * control.drop();
 * }</pre>
 *
 * <p>All calls come from one thread; each ends within the options' step deadline.
 */
public final class PsControl implements AutoCloseable {
  private final ClientOptions options;
  private final ShardMap map;
  private final Target[] targets;
  private final Calls calls;
  private final LongSupplier nanoTime;
  private final IntPredicate included;

  private PsControl(
      ClientOptions options, IntPredicate included, Connector connector, LongSupplier nanoTime) {
    this.included = included;
    this.options = options;
    this.map = options.map();
    this.calls = new Calls(options, connector);
    this.nanoTime = nanoTime;
    this.targets = new Target[map.shards()];
    for (int shard = 0; shard < targets.length; shard++) {
      targets[shard] = new Target(options.run(), shard, options.incarnation());
    }
  }

  /** A control of one run; connections are opened by the first call. */
  public static PsControl open(ClientOptions options, Connector connector) {
    return new PsControl(options, shard -> true, connector, System::nanoTime);
  }

  /**
   * A control that calls some shards only: those whose replicas are loaded, promoted or attached.
   *
   * @param included which; the placement of the others is not used
   */
  public static PsControl open(ClientOptions options, IntPredicate included, Connector connector) {
    return new PsControl(options, included, connector, System::nanoTime);
  }

  /**
   * Makes (or, with a larger incarnation, replaces) the namespaces; state LOADING, all elements
   * zero.
   */
  public void create(RunPlan plan) {
    eachShard(
        "creating the run",
        shard ->
            new Message.Create(
                targets[shard],
                map.from(shard),
                map.to(shard),
                plan.slices(),
                plan.stepsPerEpoch(),
                plan.totalSteps(),
                plan.ledgerCapacity(),
                plan.crcEvery(),
                plan.consistency(),
                plan.compression(),
                plan.updateSpec()));
  }

  /**
   * Loads a whole vector.
   *
   * @param slot 0: parameters, 1..n: optimiser slots, with compression n + 1: the workers' view
   * @param values [length]
   */
  public void put(int slot, float[] values) {
    checkLength(values.length);
    calls.begin();
    for (int shard = 0; shard < targets.length; shard++) {
      int end = included.test(shard) ? map.endChunk(shard) : map.firstChunk(shard);
      for (int chunk = map.firstChunk(shard); chunk < end; chunk++) {
        int from = ShardMap.chunkFrom(chunk, map.from(shard));
        int length = ShardMap.chunkTo(chunk, map.to(shard)) - from;
        calls.add(
            shard, new Message.Put(targets[shard], slot, from, new Floats(values, from, length)));
      }
    }
    await("loading slot " + slot);
  }

  /** Ends loading: the values are those of this step. */
  public void seal(long step) {
    eachShard("sealing step " + step, shard -> new Message.Seal(targets[shard], step));
  }

  /** State of each non-empty shard, in shard order. */
  public List<Message.StatusReply> status() {
    List<Message.StatusReply> all = new ArrayList<>();
    for (Call call :
        eachShard("asking for the status", shard -> new Message.Status(targets[shard]))) {
      if (calls.answer(call) instanceof Message.StatusReply status) {
        all.add(status);
      }
    }
    return all;
  }

  /** Requests of tasks that others had replaced, which the shards refused until now. */
  public long refusedStale() {
    long refused = 0;
    for (Message.StatusReply status : status()) {
      refused +=
          Counter.REQUESTS_STALE.in(status.counters())
              + Counter.REQUESTS_FENCED.in(status.counters());
    }
    return refused;
  }

  /** One line for people about the step that is worked on and who is late. */
  public String diagnosis() {
    long version = Long.MAX_VALUE;
    String missing = null;
    for (Message.StatusReply status : status()) {
      if (status.version() < version) {
        version = status.version();
        missing = Diagnosis.missing(status);
      }
    }
    return "step " + version + " waits for " + (missing == null ? "nothing" : missing);
  }

  /**
   * Finished steps from {@code fromStep} on, as far as all shards have finished them; checksums are
   * of the whole vector and do not depend on the shards. A shard answers at most 4,096 steps at
   * once.
   *
   * @param limit most entries wanted
   */
  public List<Message.LedgerEntry> ledger(long fromStep, int limit) {
    List<Message.LedgerReply> replies = new ArrayList<>();
    for (Call call :
        eachShard(
            "reading the ledger", shard -> new Message.Ledger(targets[shard], fromStep, limit))) {
      if (calls.answer(call) instanceof Message.LedgerReply reply) {
        replies.add(reply);
      }
    }
    return Ledgers.combine(replies);
  }

  /**
   * Copies values and slots at a version inside the shards, waiting for the version when it is
   * ahead; steps go on.
   */
  public void snapshot(long step) {
    eachShard("the snapshot of step " + step, shard -> new Message.Snapshot(targets[shard], step));
  }

  /**
   * Reads a vector of the snapshot.
   *
   * @param step step of the snapshot
   * @param slot 0: parameters, 1..n: optimiser slots
   * @param destination [length]
   */
  public void read(long step, int slot, float[] destination) {
    checkLength(destination.length);
    calls.begin();
    for (int shard = 0; shard < targets.length; shard++) {
      for (int chunk = map.firstChunk(shard); chunk < map.endChunk(shard); chunk++) {
        int from = ShardMap.chunkFrom(chunk, map.from(shard));
        int length = ShardMap.chunkTo(chunk, map.to(shard)) - from;
        calls.add(
            shard,
            new Message.Get(targets[shard], step, slot, chunk),
            Destination.of(destination),
            from,
            length,
            step);
      }
    }
    await("reading slot " + slot + " of step " + step);
  }

  /** Frees the snapshot. */
  public void release(long step) {
    eachShard("releasing the snapshot", shard -> new Message.Release(targets[shard], step));
  }

  /**
   * Makes the namespaces of the same targets on other servers the replicas of these, from a step
   * on; see {@link Message.Attach}.
   *
   * @param replicas address of each shard's replica; those of shards that are not included are not
   *     used
   * @param from step of the values that the replicas are or will be loaded with
   */
  public void attach(List<ShardAddress> replicas, long from) {
    eachShard(
        "attaching replicas from step " + from + " on",
        shard -> {
          ShardAddress at = replicas.get(shard);
          return new Message.Attach(targets[shard], new Peer(at.host(), at.port()), from);
        });
  }

  /** Goes on without replicas. */
  public void detach() {
    eachShard("detaching replicas", shard -> new Message.Detach(targets[shard]));
  }

  /** Takes the namespaces over under this control's incarnation, with what they hold. */
  public void advance() {
    eachShard(
        "advancing to incarnation " + options.incarnation(),
        shard -> new Message.Advance(targets[shard]));
  }

  /** Named operations on the vector: scale, clip, noise, norm, largest elements, best split. */
  public PsOperations operations() {
    return new PsOperations(this);
  }

  int shards() {
    return targets.length;
  }

  /** Asks every shard that there is a request for; answers in shard order. */
  List<Message.OperateReply> operate(
      String what, BiFunction<Target, Integer, @Nullable Message> request) {
    calls.begin();
    List<Call> asked = new ArrayList<>();
    for (int shard = 0; shard < targets.length; shard++) {
      Message message =
          included.test(shard) && !map.isEmpty(shard) ? request.apply(targets[shard], shard) : null;
      if (message != null) {
        asked.add(calls.add(shard, message));
      }
    }
    await(what);
    List<Message.OperateReply> replies = new ArrayList<>();
    for (Call call : asked) {
      if (calls.answer(call) instanceof Message.OperateReply reply) {
        replies.add(reply);
      }
    }
    return replies;
  }

  /** Forgets the run on all shards. */
  public void drop() {
    eachShard("dropping the run", shard -> new Message.Drop(targets[shard]));
  }

  private List<Call> eachShard(String what, IntFunction<Message> request) {
    calls.begin();
    List<Call> all = new ArrayList<>();
    for (int shard = 0; shard < targets.length; shard++) {
      if (included.test(shard) && !map.isEmpty(shard)) {
        all.add(calls.add(shard, request.apply(shard)));
      }
    }
    await(what);
    return all;
  }

  private void await(String what) {
    Waiting.forAnswers(what, calls, options, nanoTime);
  }

  private void checkLength(int length) {
    if (length != map.length()) {
      throw new IllegalArgumentException(
          "vector must have " + map.length() + " elements, found " + length);
    }
  }

  @Override
  public void close() {
    calls.close();
  }
}
