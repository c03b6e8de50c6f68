package dev.bellows.ps.client;

import dev.bellows.ps.protocol.Message;
import dev.bellows.ps.protocol.PsErrorCode;
import dev.bellows.ps.protocol.PsException;
import dev.bellows.ps.protocol.Target;
import dev.bellows.ps.server.Counter;
import dev.bellows.ps.shard.ClipScale;
import dev.bellows.ps.shard.PartSums;
import dev.bellows.ps.shard.ShardMap;
import dev.bellows.ps.shard.TreeSum;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A task's conversation with the shards without threads and waiting: start an operation, then
 * {@link #advance} until it is done. {@code PsClient} drives it in real time, the simulator in
 * virtual time.
 */
final class TaskSession implements AutoCloseable {
  private static final long LOADING_PAUSE_NANOS = 20_000_000L;
  private static final long MAX_DIAGNOSIS_NANOS = 2_000_000_000L;

  private enum Phase {
    IDLE,
    JOIN,
    PULL,
    PUSH,
    DIAGNOSE
  }

  private final ClientOptions options;
  private final ShardMap map;
  private final Target[] targets;
  private final Calls calls;
  private final List<Call> first = new ArrayList<>();
  private final List<Integer> shardOfFirst = new ArrayList<>();
  private final NodeList nodes = new NodeList();
  private final @Nullable CodedUnits coded;
  private final long deadlineNanos;
  private Phase phase = Phase.IDLE;
  private Phase diagnosed = Phase.IDLE;
  private boolean[] silent = new boolean[0];
  private long startedNanos;
  private long pauseUntil;
  private boolean paused;
  private boolean committed;

  /** Parts of the step are still to be pushed. */
  private boolean open;

  /** The request that brings each part of a step that is pushed part by part. */
  private Call[] bringing = new Call[0];

  private boolean twoPhase;
  private double clipNorm;
  private long version = -1;

  TaskSession(ClientOptions options, Connector connector) {
    this.options = options;
    this.map = options.map();
    this.calls = new Calls(options, connector);
    this.coded =
        options.compression().isNone()
            ? null
            : new CodedUnits(options.compression(), options.slices(), map);
    this.deadlineNanos = options.stepDeadline().toNanos();
    this.targets = new Target[map.shards()];
    for (int shard = 0; shard < targets.length; shard++) {
      targets[shard] = new Target(options.run(), shard, options.incarnation());
    }
  }

  Calls calls() {
    return calls;
  }

  long version() {
    return version;
  }

  /** Residuals and view; null without compression. */
  @Nullable CodedUnits coded() {
    return coded;
  }

  /** Says hello to all shards and learns the version to work on. */
  void startJoin(long now) {
    start(Phase.JOIN, now);
    for (int shard = 0; shard < targets.length; shard++) {
      if (!map.isEmpty(shard)) {
        remember(
            shard,
            calls.add(
                shard,
                new Message.Join(
                    targets[shard],
                    options.client(),
                    options.name(),
                    options.sliceFrom(),
                    options.sliceTo())));
      }
    }
  }

  /** Reads all chunks at the version. */
  void startPull(Destination destination, long now) {
    start(Phase.PULL, now);
    addPulls(version, coded == null ? destination : coded.into(destination));
  }

  /** Pushes the sums of the step and reads the next version. */
  void startPushPull(TreeSum sums, Destination destination, long now) {
    checkLength(sums.length());
    start(Phase.PUSH, now);
    nodes.fill(sums);
    Destination to = coded == null ? destination : coded.into(destination);
    code();
    if (nodes.size() == 0) {
      addPulls(version + 1, to);
    } else {
      // tasks begin with different shards, so that no shard gets all pushes at once
      int firstShard = (int) ((long) options.sliceFrom() * targets.length / sums.slices());
      for (int i = 0; i < targets.length; i++) {
        int shard = (firstShard + i) % targets.length;
        for (int chunk = map.firstChunk(shard); chunk < map.endChunk(shard); chunk++) {
          addPushes(shard, chunk, 0, to);
        }
      }
    }
    addNorms();
  }

  private void addNorms() {
    if (twoPhase) {
      for (int shard = 0; shard < targets.length; shard++) {
        if (!map.isEmpty(shard)) {
          remember(shard, calls.add(shard, new Message.Norm(targets[shard], version)));
        }
      }
    }
  }

  /** Begins to push the step part by part; nothing waits before {@link #pushed}. */
  void startParts(int parts, long now) {
    if (coded != null) {
      throw new IllegalStateException("a run with compression exchanges whole steps");
    }
    start(Phase.PUSH, now);
    calls.newestFirst();
    open = true;
    if (bringing.length != parts) {
      bringing = new Call[parts];
    }
  }

  /** Pushes a part and asks for its next version; where there is no room it leaves later. */
  void push(PartSums sums, int part, Destination destination, long now) {
    nodes.fill(sums.tree(part));
    int from = sums.from(part);
    bringing[part] = addPushes(sums.shard(part), from / ShardMap.CHUNK, from, destination);
    calls.sendNew(now);
  }

  /** All parts have been pushed; the deadline counts from here. */
  void pushed(long now) {
    open = false;
    startedNanos = now;
    addNorms();
  }

  /** Whether the next version of a part of the present step is there. */
  boolean arrived(int part) {
    // while a late step is diagnosed, the calls are those of the diagnosis
    return phase == Phase.IDLE || (phase != Phase.DIAGNOSE && calls.isDone(bringing[part]));
  }

  /** A wait for this part may end with its arrival. */
  void watch(int part) {
    calls.watch(phase == Phase.IDLE ? null : bringing[part]);
  }

  /** Adds the sums to what the units have not sent yet. */
  private void code() {
    CodedUnits units = coded;
    if (units == null) {
      return;
    }
    if (units.residualsAt() != version) {
      throw new IllegalStateException(
          "residuals must be those of version " + version + ", found " + units.residualsAt());
    }
    units.begin();
    for (int n = 0; n < nodes.size(); n++) {
      NodeList.Node node = nodes.get(n);
      node.badSlice = units.add(node.level, node.index, node.values, node.badSlice);
    }
  }

  private void addPulls(long wanted, Destination destination) {
    for (int shard = 0; shard < targets.length; shard++) {
      for (int chunk = map.firstChunk(shard); chunk < map.endChunk(shard); chunk++) {
        addPull(shard, chunk, wanted, destination);
      }
    }
  }

  private Call addPull(int shard, int chunk, long wanted, Destination destination) {
    int from = ShardMap.chunkFrom(chunk, map.from(shard));
    return calls.add(
        shard,
        new Message.Pull(targets[shard], options.client(), wanted, chunk),
        destination,
        from,
        ShardMap.chunkTo(chunk, map.to(shard)) - from,
        wanted);
  }

  /**
   * Adds the pushes of a chunk, or, for a task without slices, a pull.
   *
   * @param base element of the vector that the nodes begin with
   * @return the one that brings the next version
   */
  private Call addPushes(int shard, int chunk, int base, Destination destination) {
    int from = ShardMap.chunkFrom(chunk, map.from(shard));
    int length = ShardMap.chunkTo(chunk, map.to(shard)) - from;
    Call last = null;
    for (int n = 0; n < nodes.size(); n++) {
      NodeList.Node node = nodes.get(n);
      boolean pull = n == nodes.size() - 1;
      Message.Push push = calls.push();
      push.head(targets[shard], options.client(), version, node.level, node.index, chunk, pull);
      push.sums(node.badSlice, node.weight, node.loss, node.metric, node.rows);
      push.gradients(node.values, from - base, coded == null ? length : 0);
      Message request = coded == null ? push : coded.push(push, n, from);
      last =
          pull
              ? calls.add(shard, request, destination, from, length, version + 1)
              : calls.add(shard, request);
    }
    return last == null ? addPull(shard, chunk, version + 1, destination) : last;
  }

  /**
   * Does what is due.
   *
   * @return true when the operation is done
   * @throws PsException when it failed; the session can be closed, or another operation started
   */
  boolean advance(long now) {
    if (phase == Phase.IDLE) {
      return true;
    }
    if (paused && now - pauseUntil < 0) {
      return timedOut(now);
    }
    paused = false;
    try {
      calls.advance(now);
      Message.Failure failure = calls.failure();
      if (failure != null && phase != Phase.DIAGNOSE) {
        throw Failures.exception(options, calls.failedShard(), failure);
      }
      if (phase == Phase.PUSH && twoPhase && !open && !committed && allAnswered()) {
        commit();
        calls.advance(now);
      }
      if (open) {
        return false;
      }
      if (!calls.allDone()) {
        return timedOut(now);
      }
      switch (phase) {
        case JOIN -> {
          return joined(now);
        }
        case PUSH -> {
          // in-process, COMMIT may have been refused in the last advance
          Message.Failure late = calls.failure();
          if (late != null) {
            throw Failures.exception(options, calls.failedShard(), late);
          }
          version++;
          if (coded != null) {
            coded.sent(version);
          }
        }
        case DIAGNOSE -> throw timeout(now);
        default -> {}
      }
    } catch (PsException e) {
      phase = Phase.IDLE;
      calls.begin();
      throw e;
    }
    phase = Phase.IDLE;
    return true;
  }

  private boolean allAnswered() {
    for (int i = 0; i < first.size(); i++) {
      if (calls.answer(first.get(i)) == null) {
        return false;
      }
    }
    return true;
  }

  private boolean joined(long now) {
    long lowest = Long.MAX_VALUE;
    long highest = 0;
    for (int i = 0; i < first.size(); i++) {
      Call call = first.get(i);
      if (!(calls.answer(call) instanceof Message.StatusReply status)) {
        throw new PsException(PsErrorCode.INTERNAL, "JOIN was not answered with a status");
      }
      if (status.state() == Message.State.LOADING) {
        calls.again(call);
        paused = true;
        pauseUntil = now + LOADING_PAUSE_NANOS;
        return false;
      }
      if (status.state() == Message.State.DIVERGED) {
        throw new DivergedException(
            status.version(), status.badSlice(), "step " + status.version() + " was not finite");
      }
      lowest = Math.min(lowest, status.version());
      highest = Math.max(highest, status.newestVersion());
      twoPhase = status.twoPhase();
      clipNorm = status.clipNorm();
    }
    if (highest - lowest > 1) {
      // harmless when it is only our looking at the shards one after the other while others move on
      for (int i = 0; i < first.size(); i++) {
        calls.again(first.get(i));
      }
      paused = true;
      pauseUntil = now + LOADING_PAUSE_NANOS;
      return false;
    }
    version = lowest;
    phase = Phase.IDLE;
    return true;
  }

  private void commit() {
    double[][] squares = new double[first.size()][];
    boolean finite = true;
    double weight = 0;
    int bad = -1;
    for (int i = 0; i < squares.length; i++) {
      if (!(calls.answer(first.get(i)) instanceof Message.NormReply reply)) {
        throw new PsException(PsErrorCode.INTERNAL, "NORM was not answered with sums of squares");
      }
      finite &= reply.finite();
      squares[i] = reply.squares();
      weight = reply.weight();
      bad = reply.badSlice() >= 0 && (bad < 0 || reply.badSlice() < bad) ? reply.badSlice() : bad;
    }
    float scale = ClipScale.of(clipNorm, weight, squares);
    boolean apply = finite && !Float.isNaN(scale);
    for (int i = 0; i < shardOfFirst.size(); i++) {
      int shard = shardOfFirst.get(i);
      calls.add(
          shard,
          new Message.Commit(targets[shard], version, apply, apply ? scale : 1f, apply ? -1 : bad));
    }
    committed = true;
  }

  /** Ends the wait when its time is over: first asks the silent shards how they stand. */
  private boolean timedOut(long now) {
    long waited = now - startedNanos;
    if (phase == Phase.DIAGNOSE) {
      if (waited > deadlineNanos + Math.min(deadlineNanos, MAX_DIAGNOSIS_NANOS)) {
        throw timeout(now);
      }
    } else if (waited > deadlineNanos) {
      diagnosed = phase;
      phase = Phase.DIAGNOSE;
      silent = calls.silentShards();
      calls.begin();
      first.clear();
      shardOfFirst.clear();
      paused = false;
      for (int shard = 0; shard < silent.length; shard++) {
        if (silent[shard]) {
          remember(shard, calls.add(shard, new Message.Status(targets[shard])));
        }
      }
      calls.advance(now);
    }
    return false;
  }

  private PsTimeoutException timeout(long now) {
    List<String> parts = new ArrayList<>();
    for (int i = 0; i < first.size(); i++) {
      int shard = shardOfFirst.get(i);
      String where = "shard " + shard + " at " + options.placement().get(shard);
      Message answer = calls.answer(first.get(i));
      if (answer instanceof Message.StatusReply status) {
        String missing = Diagnosis.missing(status);
        long hidden = Counter.HIDDEN.in(status.counters());
        parts.add(
            hidden > 0
                ? "the replica of " + where + " to take the step (" + hidden + " chunks)"
                : missing == null || status.version() != version
                    ? where + " is " + status.state() + " at step " + status.version()
                    : missing + " (" + where + ")");
      } else if (answer instanceof Message.Failure refused) {
        parts.add(where + ": " + refused.detail());
      } else {
        String down = calls.downReason(shard);
        parts.add(where + " does not answer" + (down == null ? "" : " (" + down + ")"));
      }
    }
    String what =
        switch (diagnosed) {
          case JOIN -> "joining the shards waited ";
          case PULL -> "reading the parameters of step " + version + " waited ";
          default -> "step " + version + " waited ";
        };
    return new PsTimeoutException(
        version,
        what
            + String.format(Locale.ROOT, "%.1f s for ", deadlineNanos / 1e9)
            + String.join("; ", parts.stream().distinct().toList()));
  }

  private void start(Phase next, long now) {
    if (phase != Phase.IDLE) {
      throw new IllegalStateException("the operation before is still in phase " + phase);
    }
    calls.begin();
    first.clear();
    shardOfFirst.clear();
    phase = next;
    startedNanos = now;
    paused = false;
    committed = false;
    open = false;
  }

  private void remember(int shard, Call call) {
    first.add(call);
    shardOfFirst.add(shard);
  }

  void checkLength(int length) {
    if (length != map.length()) {
      throw new IllegalArgumentException(
          "vector must have " + map.length() + " elements, found " + length);
    }
  }

  @Override
  public void close() {
    calls.close();
  }

  /**
   * The maximal subtrees of a task, copied out of the visitor without allocation after the first
   * step.
   */
  private static final class NodeList implements TreeSum.Visitor {
    private final List<Node> all = new ArrayList<>();
    private int size;

    int size() {
      return size;
    }

    Node get(int i) {
      return all.get(i);
    }

    void fill(TreeSum sums) {
      size = 0;
      sums.forEach(this);
    }

    @Override
    public void node(
        int level,
        int index,
        float[] values,
        double weight,
        double loss,
        double metric,
        double rows,
        int badSlice) {
      if (size == all.size()) {
        all.add(new Node());
      }
      Node node = all.get(size++);
      node.level = level;
      node.index = index;
      node.values = values;
      node.weight = weight;
      node.loss = loss;
      node.metric = metric;
      node.rows = rows;
      node.badSlice = badSlice;
    }

    private static final class Node {
      private int level;
      private int index;
      private float[] values = new float[0];
      private double weight;
      private double loss;
      private double metric;
      private double rows;
      private int badSlice;
    }
  }
}
