package dev.bellows.ps.server;

import dev.bellows.engine.optim.NanPolicy;
import dev.bellows.engine.optim.UpdateSpec;
import dev.bellows.ps.protocol.Message;
import dev.bellows.ps.protocol.Peer;
import dev.bellows.ps.protocol.PsErrorCode;
import dev.bellows.ps.protocol.PsException;
import dev.bellows.ps.protocol.Target;
import dev.bellows.ps.shard.ShardMap;
import dev.bellows.ps.shard.TreeSum;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The state machine: a request in, effects out. Not thread-safe: one owner (an event loop, or a
 * lock) calls it. It hosts any number of (run, shard) namespaces; the rules are in the {@code
 * protocol} package description.
 */
public final class ShardServer {
  /** Largest ledger of a namespace. */
  public static final int MAX_LEDGER_CAPACITY = 1 << 20;

  /**
   * Dropped namespaces whose incarnation is remembered, so that a late CREATE can't bring them
   * back.
   */
  private static final int MAX_DROPPED = 4096;

  private final ServerOptions options;
  private final LongSupplier nanoTime;
  private final Budgets budgets;
  private final Map<Key, Namespace> namespaces = new HashMap<>();
  private final Map<Key, Long> dropped =
      new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Key, Long> eldest) {
          return size() > MAX_DROPPED;
        }
      };

  private final Tables tables;

  /** Namespaces with a replica by the first request id of what they forward. */
  private final TreeMap<Long, Namespace> forwarding = new TreeMap<>();

  /** Counters of namespaces that are gone. */
  private final long[] retired = new long[Counter.values().length];

  private long nextForwardId = 1;
  private @Nullable Namespace last;

  private record Key(String run, int shard) {}

  /**
   * A server without namespaces.
   *
   * @param options limits
   * @param nanoTime monotonic clock, only for "last seen" and idle namespaces
   */
  public ShardServer(ServerOptions options, LongSupplier nanoTime) {
    this.options = options;
    this.nanoTime = nanoTime;
    this.budgets = new Budgets(options);
    this.tables = new Tables(options, budgets);
  }

  /**
   * Handles one request; never throws for anything a peer can send.
   *
   * @param connection id of the connection it came from
   * @param requestId its id
   * @param request the request; float payloads are copied before this returns
   * @param out gets the answers, to this and to other connections
   */
  public void handle(long connection, long requestId, Message request, Effects out) {
    try {
      if (request instanceof Message.Request namespaced) {
        dispatch(connection, requestId, namespaced, out);
      } else if (request instanceof Message.Ping) {
        out.send(connection, requestId, new Message.Done(-1));
      } else {
        out.send(
            connection,
            requestId,
            Refusal.failure(
                PsErrorCode.BAD_REQUEST,
                -1,
                -1,
                request.opcode() + " is an answer, not a request"));
      }
    } catch (Refusal e) {
      noteRefused(request, e.code());
      out.send(connection, requestId, e.answer());
    } catch (PsException e) {
      noteRefused(request, e.code());
      out.send(
          connection, requestId, Refusal.failure(e.code(), -1, -1, String.valueOf(e.getMessage())));
    } catch (OutOfMemoryError e) {
      out.send(
          connection,
          requestId,
          Refusal.failure(
              PsErrorCode.QUOTA,
              -1,
              -1,
              "out of heap in " + request.opcode() + ": use more shards or memory"));
    } catch (RuntimeException e) {
      noteRefused(request, PsErrorCode.INTERNAL);
      out.send(
          connection,
          requestId,
          Refusal.failure(PsErrorCode.INTERNAL, -1, -1, "bug in " + request.opcode() + ": " + e));
    }
  }

  private void dispatch(long connection, long requestId, Message.Request request, Effects out) {
    long now = nanoTime.getAsLong();
    if (request instanceof Message.OfTable table) {
      Long gone = dropped.get(new Key(table.target().run(), table.target().shard()));
      tables.handle(connection, requestId, table, now, gone, out);
      return;
    }
    switch (request.opcode()) {
      case CREATE, CREATE_CODED -> {
        create((Message.Create) request, now, out);
        out.send(connection, requestId, new Message.Done(-1));
        return;
      }
      case DROP -> {
        drop(request.target(), out);
        out.send(connection, requestId, new Message.Done(-1));
        return;
      }
      case ADVANCE -> {
        out.send(connection, requestId, advance(request.target(), out));
        return;
      }
      default -> {}
    }
    Namespace namespace = find(request.target());
    namespace.seenNanos = now;
    switch (request.opcode()) {
      case PUSH -> namespace.push(connection, requestId, (Message.Push) request, now, out);
      case CODED_PUSH ->
          namespace.push(connection, requestId, (Message.CodedPush) request, now, out);
      case PULL -> namespace.pull(connection, requestId, (Message.Pull) request, now, out);
      case NORM -> namespace.norm(connection, requestId, ((Message.Norm) request).step(), out);
      case ATTACH -> {
        attach(namespace, (Message.Attach) request, out);
        out.send(connection, requestId, new Message.Done(namespace.version()));
      }
      case DETACH -> {
        forwarding.values().remove(namespace);
        namespace.detach(out);
        out.send(connection, requestId, new Message.Done(namespace.version()));
      }
      case SNAPSHOT ->
          namespace.snapshot(connection, requestId, ((Message.Snapshot) request).step(), out);
      default -> out.send(connection, requestId, answer(namespace, request, now, out));
    }
  }

  /** Requests that are answered at once. */
  private static Message answer(
      Namespace namespace, Message.Request request, long now, Effects out) {
    return switch (request.opcode()) {
      case PUT -> {
        namespace.put((Message.Put) request);
        yield new Message.Done(-1);
      }
      case SEAL -> namespace.seal(((Message.Seal) request).step());
      case JOIN -> namespace.join((Message.Join) request, now);
      case COMMIT -> namespace.commit((Message.Commit) request, now, out);
      case STATUS -> namespace.status(now);
      case LEDGER -> namespace.ledger((Message.Ledger) request);
      case OPERATE -> namespace.operate((Message.Operate) request);
      case GET -> namespace.get((Message.Get) request);
      case RELEASE -> namespace.release(((Message.Release) request).step(), out);
      default -> throw new Refusal(PsErrorCode.BAD_OPCODE, "no handler for " + request.opcode());
    };
  }

  private Namespace find(Target target) {
    Namespace namespace = last;
    if (namespace == null
        || namespace.target.shard() != target.shard()
        || !namespace.target.run().equals(target.run())) {
      namespace = namespaces.get(new Key(target.run(), target.shard()));
      if (namespace == null) {
        throw new Refusal(
            PsErrorCode.NO_SUCH_NAMESPACE,
            "this server does not hold "
                + target
                + ": it was dropped, or the server restarted; roll back");
      }
      last = namespace;
    }
    fence(target, namespace);
    return namespace;
  }

  private void attach(Namespace namespace, Message.Attach m, Effects out) {
    if (!out.canForward()) {
      throw new Refusal(
          PsErrorCode.BAD_REQUEST,
          "this server can't forward to " + m.replica() + ": it has no way to other servers");
    }
    if (namespace.attach(m, nextForwardId, out)) {
      forwarding.values().remove(namespace);
      forwarding.put(nextForwardId, namespace);
      nextForwardId += namespace.replication().ids();
    }
  }

  private Message advance(Target target, Effects out) {
    Namespace namespace = namespaces.get(new Key(target.run(), target.shard()));
    if (namespace == null) {
      throw new Refusal(
          PsErrorCode.NO_SUCH_NAMESPACE, "this server holds nothing of " + target + ": roll back");
    }
    if (target.incarnation() < namespace.target.incarnation()) {
      fence(target, namespace);
    }
    namespace.seenNanos = nanoTime.getAsLong();
    namespace.advance(target, out);
    return new Message.Done(namespace.version());
  }

  private static void fence(Target target, Namespace namespace) {
    long held = namespace.target.incarnation();
    if (target.incarnation() < held) {
      throw new Refusal(
          PsErrorCode.STALE_INCARNATION,
          target + " is over: incarnation " + held + " runs now; stop this task");
    }
    if (target.incarnation() > held) {
      throw new Refusal(
          PsErrorCode.NO_SUCH_NAMESPACE,
          "this server holds incarnation " + held + " of " + target + ": CREATE it first");
    }
  }

  private void create(Message.Create m, long now, Effects out) {
    Key key = new Key(m.target().run(), m.target().shard());
    Long gone = dropped.get(key);
    if (gone != null && m.target().incarnation() <= gone) {
      throw new Refusal(
          PsErrorCode.STALE_INCARNATION,
          m.target() + " was dropped: use an incarnation above " + gone);
    }
    Namespace old = namespaces.get(key);
    if (old != null && old.target.incarnation() >= m.target().incarnation()) {
      fence(m.target(), old);
      if (!old.madeBy(m)) {
        throw new Refusal(
            PsErrorCode.CONFLICT,
            m.target() + " was created with other contents; use a larger incarnation");
      }
      return; // repeated
    }
    UpdateSpec spec = check(m);
    if (old == null && namespaces.size() >= options.maxNamespaces()) {
      throw new Refusal(
          PsErrorCode.QUOTA,
          "this server holds " + namespaces.size() + " namespaces, its limit: drop finished runs");
    }
    if (old != null) {
      remove(key, old, PsErrorCode.STALE_INCARNATION, "was replaced by " + m.target(), out);
    }
    String run = m.target().run();
    long before = budgets.held(run);
    try {
      Namespace made = new Namespace(m, spec, budgets.of(run), options);
      made.seenNanos = now;
      namespaces.put(key, made);
    } catch (RuntimeException | OutOfMemoryError e) {
      budgets.restore(run, before);
      throw e;
    }
  }

  private static UpdateSpec check(Message.Create m) {
    if (m.from() < 0 || m.to() <= m.from() || m.from() % ShardMap.ALIGNMENT != 0) {
      throw new Refusal(
          PsErrorCode.OUT_OF_RANGE,
          "range must be [from, to) with 0 <= from < to and from a multiple of "
              + ShardMap.ALIGNMENT
              + ", found ["
              + m.from()
              + ", "
              + m.to()
              + ")");
    }
    if (m.slices() < 1 || m.slices() > TreeSum.MAX_SLICES) {
      throw new Refusal(
          PsErrorCode.OUT_OF_RANGE,
          "slices must be in 1.." + TreeSum.MAX_SLICES + ", found " + m.slices());
    }
    if (m.ledgerCapacity() < 1 || m.ledgerCapacity() > MAX_LEDGER_CAPACITY || m.crcEvery() < 0) {
      throw new Refusal(
          PsErrorCode.OUT_OF_RANGE,
          "ledger capacity must be in 1.."
              + MAX_LEDGER_CAPACITY
              + " and crcEvery >= 0, found "
              + m.ledgerCapacity()
              + " and "
              + m.crcEvery());
    }
    UpdateSpec spec;
    try {
      spec = UpdateSpec.decode(m.updateSpec());
    } catch (IllegalArgumentException e) {
      throw new Refusal(PsErrorCode.BAD_REQUEST, String.valueOf(e.getMessage()));
    }
    boolean together = spec.needsNorm() || spec.nanPolicy() == NanPolicy.SKIP;
    if (!m.consistency().isBsp() && together) {
      throw new Refusal(
          PsErrorCode.BAD_REQUEST,
          "clipping by the global norm and skipping non-finite steps need the whole step: use"
              + " consistency bsp, or clip by value and stop, found "
              + m.consistency());
    }
    if (m.to() > spec.length()) {
      throw new Refusal(
          PsErrorCode.OUT_OF_RANGE,
          "range ends at "
              + m.to()
              + ", the update specification covers "
              + spec.length()
              + " elements");
    }
    return spec;
  }

  private void drop(Target target, Effects out) {
    Key key = new Key(target.run(), target.shard());
    Namespace namespace = namespaces.get(key);
    if (namespace != null && target.incarnation() < namespace.target.incarnation()) {
      fence(target, namespace);
    }
    boolean tablesGone = tables.drop(target, out);
    if (namespace == null) {
      if (tablesGone) {
        dropped.merge(key, target.incarnation(), Long::max);
      }
      return;
    }
    remove(key, namespace, PsErrorCode.NO_SUCH_NAMESPACE, "was dropped", out);
    dropped.put(key, Math.max(target.incarnation(), namespace.target.incarnation()));
  }

  private void remove(Key key, Namespace namespace, PsErrorCode code, String why, Effects out) {
    namespaces.remove(key);
    forwarding.values().remove(namespace);
    last = null;
    retire(namespace);
    namespace.dispose(Refusal.failure(code, -1, -1, namespace.target + " " + why), out);
  }

  private void noteRefused(Message request, PsErrorCode code) {
    if (request instanceof Message.Request namespaced) {
      Namespace namespace =
          namespaces.get(new Key(namespaced.target().run(), namespaced.target().shard()));
      if (namespace != null) {
        switch (code) {
          case STALE_INCARNATION -> namespace.count(Counter.REQUESTS_FENCED);
          case STALE_STEP, REPLACED -> namespace.count(Counter.REQUESTS_STALE);
          default -> namespace.count(Counter.REQUESTS_REFUSED);
        }
      }
    }
  }

  /** Forgets the deferred answers of a connection that is gone. */
  public void closed(long connection) {
    for (Namespace namespace : namespaces.values()) {
      namespace.forget(connection);
    }
    tables.closed(connection);
  }

  /**
   * Takes the answer to a request that was forwarded.
   *
   * @param requestId its id
   * @param answer the answer
   * @param out gets what follows from it
   */
  public void answered(long requestId, Message answer, Effects out) {
    Map.Entry<Long, Namespace> entry = forwarding.floorEntry(requestId);
    if (entry != null) {
      entry.getValue().replication().answered(requestId, answer, out);
    }
  }

  /** Whether some namespace has its replica there. */
  public boolean forwardsTo(Peer peer) {
    for (Namespace namespace : forwarding.values()) {
      if (namespace.replication().isAt(peer)) {
        return true;
      }
    }
    return false;
  }

  /** A connection to another server was opened: what it has not acknowledged is sent again. */
  public void connected(Peer peer, Effects out) {
    for (Namespace namespace : forwarding.values()) {
      namespace.replication().connected(peer, out);
    }
  }

  /** Housekeeping, once a second or so: wakes silent replicas, drops idle namespaces. */
  public void tick(Effects out) {
    long now = nanoTime.getAsLong();
    for (Namespace namespace : forwarding.values()) {
      namespace.replication().tick(now, out);
    }
    if (options.idleDropNanos() <= 0) {
      return;
    }
    tables.tick(now, out);
    Iterator<Map.Entry<Key, Namespace>> entries = namespaces.entrySet().iterator();
    while (entries.hasNext()) {
      Namespace namespace = entries.next().getValue();
      if (now - namespace.seenNanos > options.idleDropNanos()) {
        entries.remove();
        forwarding.values().remove(namespace);
        last = null;
        retire(namespace);
        namespace.dispose(
            Refusal.failure(
                PsErrorCode.NO_SUCH_NAMESPACE, -1, -1, namespace.target + " was idle too long"),
            out);
      }
    }
  }

  private void retire(Namespace namespace) {
    for (Counter counter : Counter.values()) {
      if (!counter.isLevel()) {
        counter.add(retired, counter.in(namespace.counters));
      }
    }
  }

  /** What there is and what was counted over all namespaces. */
  public ServerTotals totals() {
    long[] sums = retired.clone();
    tables.addTo(sums);
    for (Namespace namespace : namespaces.values()) {
      for (Counter counter : Counter.values()) {
        counter.add(sums, counter.in(namespace.counters));
      }
    }
    return new ServerTotals(
        namespaces.size(),
        forwarding.size(),
        budgets.total(),
        Arrays.stream(sums).boxed().toList());
  }

  /** Number of namespaces held now. */
  public int namespaces() {
    return namespaces.size();
  }

  /** Bytes of float arrays held now. */
  public long allocatedBytes() {
    return budgets.total();
  }
}
