package dev.bellows.ps.client;

import dev.bellows.ps.codec.CodecException;
import dev.bellows.ps.protocol.Floats;
import dev.bellows.ps.protocol.Message;
import dev.bellows.ps.protocol.PsErrorCode;
import dev.bellows.ps.protocol.PsException;
import dev.bellows.ps.protocol.RowMessage;
import dev.bellows.ps.shard.ShardMap;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The outstanding requests of one client: sends them, takes the answers, opens lost connections
 * again and repeats requests that stay silent, always with the same id. Non-blocking: {@link
 * #advance} does what is due and returns. One owner thread calls it; answers come in on any thread
 * and only touch the table under its lock, which is never held while something is sent.
 */
final class Calls implements AutoCloseable {
  private static final long RECONNECT_NANOS = 50_000_000L;
  private static final long MAX_RECONNECT_NANOS = 2_000_000_000L;
  private static final int MAX_DOUBLINGS = 6;
  private static final long BUSY_NANOS = 20_000;

  private final ClientOptions options;
  private final Connector connector;
  private final Link[] linkOfShard;
  private final List<Link> links = new ArrayList<>();
  private final long resendNanos;

  private final Object lock = new Object();
  private final List<Call> pool = new ArrayList<>();
  private final List<Call> due = new ArrayList<>();
  private final List<Message.Push> pushes = new ArrayList<>();
  private int pushed;
  private boolean repeated;
  private int used;
  private int begun;
  private int open;
  private boolean newestFirst;
  private @Nullable Call watched;
  private long firstId = 1;
  private Message.@Nullable Failure failure;
  private int failedShard;

  /** Changes whenever the owner should look again. */
  private volatile long signal;

  private final AtomicReference<Thread> parked = new AtomicReference<>();
  private long payloadBytes;

  Calls(ClientOptions options, Connector connector) {
    this.options = options;
    this.connector = connector;
    this.resendNanos = options.resendAfter().toNanos();
    ShardMap map = options.map();
    linkOfShard = new Link[map.shards()];
    Map<ShardAddress, Link> byAddress = new HashMap<>();
    for (int shard = 0; shard < map.shards(); shard++) {
      if (!map.isEmpty(shard)) {
        Link link = byAddress.computeIfAbsent(options.placement().get(shard), Link::new);
        linkOfShard[shard] = link;
        if (!links.contains(link)) {
          links.add(link);
        }
      }
    }
  }

  /** Starts a new operation: answers to older requests are ignored from now on. */
  void begin() {
    synchronized (lock) {
      if (open > 0 || repeated) {
        pushes.clear(); // some may still wait to be read
      }
      pushed = 0;
      repeated = false;
      firstId += used;
      used = 0;
      begun = 0;
      open = 0;
      newestFirst = false;
      watched = null;
      failure = null;
    }
  }

  /** A push to be filled in and added to the operation. */
  Message.Push push() {
    if (pushed == pushes.size()) {
      pushes.add(new Message.Push());
    }
    return pushes.get(pushed++);
  }

  /** Adds a request to the operation; sent by {@link #advance}. */
  Call add(int shard, Message request) {
    return add(shard, request, null, 0, 0, 0);
  }

  /** Adds a request whose answer carries elements [from, from + length) of a vector. */
  Call add(
      int shard,
      Message request,
      @Nullable Destination destination,
      int from,
      int length,
      long version) {
    synchronized (lock) {
      if (used == pool.size()) {
        pool.add(new Call(used));
      }
      Call call = pool.get(used++);
      call.reset(shard, request);
      call.destination = destination;
      call.from = from;
      call.length = length;
      call.version = version;
      open++;
      return call;
    }
  }

  /** What is due of the operation goes out in the opposite order: what was added last first. */
  void newestFirst() {
    newestFirst = true;
  }

  /**
   * Sends what was added since the last call where that needs no waiting; the rest is sent by
   * {@link #advance}.
   */
  void sendNew(long now) {
    due.clear();
    synchronized (lock) {
      for (; begun < used; begun++) {
        due.add(pool.get(begun));
      }
    }
    for (int i = 0; i < due.size(); i++) {
      send(due.get(i), now, false);
    }
  }

  /** Whether a request has its answer. */
  boolean isDone(Call call) {
    synchronized (lock) {
      return call.done;
    }
  }

  /** Who waits is woken when this request has its answer, too; null: for no single one. */
  void watch(@Nullable Call call) {
    synchronized (lock) {
      watched = call;
    }
  }

  /** Makes an answered request unanswered and due again. */
  void again(Call call) {
    synchronized (lock) {
      if (call.done) {
        call.done = false;
        open++;
      }
      call.answer = null;
      call.failure = null;
      call.mustSend = true;
      failure = null;
    }
  }

  /** True when every request of the operation has its answer. */
  boolean allDone() {
    synchronized (lock) {
      return open == 0;
    }
  }

  /** The answer of a request, or null while there is none. */
  @Nullable Message answer(Call call) {
    synchronized (lock) {
      return call.answer;
    }
  }

  /** First refusal of the operation that can't be repeated, or null. */
  Message.@Nullable Failure failure() {
    synchronized (lock) {
      return failure;
    }
  }

  int failedShard() {
    synchronized (lock) {
      return failedShard;
    }
  }

  /** Shards with unanswered requests. */
  boolean[] silentShards() {
    boolean[] silent = new boolean[linkOfShard.length];
    synchronized (lock) {
      for (int i = 0; i < used; i++) {
        if (!pool.get(i).done) {
          silent[pool.get(i).shard] = true;
        }
      }
    }
    return silent;
  }

  /** Why the link of a shard is down, or null when it is up. */
  @Nullable String downReason(int shard) {
    Link link = linkOfShard[shard];
    synchronized (lock) {
      return link == null || link.session != null ? null : link.lastError;
    }
  }

  long payloadBytes() {
    synchronized (lock) {
      return payloadBytes;
    }
  }

  /**
   * Sends what is due.
   *
   * @param now monotonic nanoseconds
   * @throws PsException errors that repeating can't heal (a wrong secret)
   */
  void advance(long now) {
    due.clear();
    synchronized (lock) {
      for (int i = 0; open > 0 && i < used; i++) {
        Call call = pool.get(newestFirst ? used - 1 - i : i);
        if (!call.done && (call.mustSend || now - call.sentNanos >= patience(call))) {
          due.add(call);
        }
      }
    }
    for (int i = 0; i < due.size(); i++) {
      send(due.get(i), now, true);
    }
  }

  private long patience(Call call) {
    return resendNanos << Math.min(MAX_DOUBLINGS, Math.max(0, call.attempts - 1));
  }

  /**
   * Sends a request.
   *
   * @param wait whether it may wait for a connection or for room; else it stays due
   */
  private void send(Call call, long now, boolean wait) {
    Link link = linkOfShard[call.shard];
    Session session = wait ? link.open(now) : link.withRoom(call);
    Message request;
    long id;
    synchronized (lock) {
      request = call.request;
      if (call.done || request == null) {
        return;
      }
      if (session == null) {
        call.mustSend = true;
        return;
      }
      if (!call.mustSend) {
        request = repetition(call, request);
      }
      call.mustSend = false;
      call.attempts++;
      repeated |= call.attempts > 1;
      call.sentNanos = now;
      id = firstId + call.index;
      payloadBytes += payload(request);
    }
    try {
      session.send(id, request);
    } catch (PsException e) {
      if (!e.code().retriable()) {
        throw e;
      }
      session.close();
      session.closed(String.valueOf(e.getMessage()));
    }
  }

  /** Bytes of numbers in a request: gradients, and keys of rows. */
  private static long payload(Message request) {
    if (request instanceof Message.Push push) {
      return (long) Float.BYTES * push.values().length();
    }
    if (request instanceof Message.CodedPush coded) {
      return coded.coded().length();
    }
    if (request instanceof RowMessage.PushRows push) {
      return keys(push.keys()) + (long) Float.BYTES * push.values().length();
    }
    return request instanceof RowMessage.PullRows pull ? keys(pull.keys()) : 0;
  }

  private static long keys(long[] keys) {
    return (long) RowMessage.keyBytes(keys) * keys.length;
  }

  /**
   * What to send when a request stayed silent on an open connection. A push is silent mostly
   * because other tasks are late, so only every second time the payload goes out again.
   */
  private static Message repetition(Call call, Message request) {
    Message.Push push =
        request instanceof Message.Push raw
            ? raw
            : request instanceof Message.CodedPush coded ? coded.head() : null;
    return call.attempts % 2 == 1 && push != null && push.pull()
        ? new Message.Pull(push.target(), push.client(), push.step() + 1, push.chunk())
        : request;
  }

  private void receive(long requestId, Message answer) {
    boolean wake;
    synchronized (lock) {
      long index = requestId - firstId;
      if (index < 0 || index >= used) {
        return; // answer to an earlier operation
      }
      Call call = pool.get((int) index);
      if (call.done) {
        return;
      }
      if (answer instanceof Message.Failure refused) {
        if (refused.code().retriable()) {
          return; // the resend timer repeats it
        }
        call.failure = refused;
        if (failure == null) {
          failure = refused;
          failedShard = call.shard;
        }
      } else if (call.destination != null) {
        if (!copy(call, answer)) {
          return;
        }
      }
      boolean borrowed = answer instanceof Message.Values || answer instanceof Message.CodedValues;
      call.answer =
          borrowed ? null : answer instanceof Message.RowPage page ? page.copied() : answer;
      call.done = true;
      open--;
      wake = open == 0 || failure != null || call == watched || answer instanceof Message.NormReply;
    }
    if (wake) {
      wake();
    }
  }

  private boolean copy(Call call, Message answer) {
    Destination destination = call.destination;
    if (destination == null) {
      return true;
    }
    if (answer instanceof Message.CodedValues coded && destination instanceof CodedUnits units) {
      if (fits(call, coded.version(), coded.from(), coded.length())) {
        try {
          units.change(call.from, call.length, coded.coded());
          payloadBytes += coded.coded().length();
        } catch (CodecException e) {
          fail(call, coded.version(), String.valueOf(e.getMessage()));
        }
      }
      return true;
    }
    if (!(answer instanceof Message.Values values)) {
      return false;
    }
    Floats floats = values.values();
    if (fits(call, values.version(), values.from(), floats.length())) {
      destination.put(call.from, floats.array(), floats.offset(), call.length);
      payloadBytes += 4L * call.length;
    }
    return true;
  }

  private boolean fits(Call call, long version, int from, int length) {
    boolean fits = from == call.from && length == call.length && version == call.version;
    if (!fits) {
      fail(
          call,
          version,
          "shard answered ["
              + from
              + ", +"
              + length
              + ") at version "
              + version
              + ", expected ["
              + call.from
              + ", +"
              + call.length
              + ") at "
              + call.version);
    }
    return fits;
  }

  private void fail(Call call, long version, String detail) {
    failure = new Message.Failure(PsErrorCode.INTERNAL, version, -1, detail);
    failedShard = call.shard;
  }

  /** A number that changes with every reason to look again. */
  long signal() {
    return signal;
  }

  private void wake() {
    synchronized (lock) {
      signal++;
    }
    Thread thread = parked.getAndSet(null);
    if (thread != null) {
      LockSupport.unpark(thread);
    }
  }

  /**
   * Waits until {@link #signal} differs from {@code seen}, at most so long; first helping the
   * servers and spinning, then giving way to other threads, then parked.
   */
  @SuppressWarnings(
      "ThreadPriorityCheck") // yield gives the core away before parking; nothing relies on it
  void await(long seen, long spinNanos, long parkNanos) {
    long start = System.nanoTime();
    while (signal == seen) {
      if (connector.help()) {
        continue;
      }
      long waited = System.nanoTime() - start;
      if (waited > spinNanos) {
        parked.set(Thread.currentThread());
        if (signal == seen) {
          LockSupport.parkNanos(this, parkNanos);
        }
        parked.set(null);
        return;
      }
      if (waited > BUSY_NANOS) {
        Thread.yield(); // another task may need this core
      } else {
        Thread.onSpinWait();
      }
    }
  }

  @Override
  public void close() {
    begin();
    for (Link link : links) {
      Session held;
      synchronized (lock) {
        held = link.session;
        link.session = null;
      }
      if (held != null) {
        held.close();
      }
    }
  }

  private void lost(Link link) {
    for (int i = 0; i < used; i++) {
      Call call = pool.get(i);
      if (!call.done && linkOfShard[call.shard] == link) {
        call.mustSend = true;
      }
    }
  }

  /**
   * The way to one address: at most one open session, and a pause that doubles between attempts.
   */
  private final class Link {
    private final ShardAddress address;
    private @Nullable Session session;
    private String lastError = "not connected yet";
    private boolean attempted;
    private long nextAttemptNanos;
    private long pauseNanos = RECONNECT_NANOS;

    Link(ShardAddress address) {
      this.address = address;
    }

    /** The session when it is open and takes a request without waiting, else null. */
    @Nullable Session withRoom(Call call) {
      Session there;
      synchronized (lock) {
        there = session;
      }
      Connection open = there == null ? null : there.connection;
      int bytes = call.request instanceof Message.Push push ? 4 * push.values().length() : 0;
      return open != null && open.hasRoom(bytes) ? there : null;
    }

    /** The open session, opened here when its time has come, or null. */
    @Nullable Session open(long now) {
      Session opening;
      synchronized (lock) {
        if (session != null) {
          return session;
        }
        if (attempted && now - nextAttemptNanos < 0) {
          return null;
        }
        attempted = true;
        nextAttemptNanos = now + pauseNanos;
        pauseNanos = Math.min(MAX_RECONNECT_NANOS, 2 * pauseNanos);
        opening = new Session(this);
      }
      try {
        opening.connection = connector.connect(address, opening);
      } catch (PsException e) {
        if (!e.code().retriable()) {
          throw e;
        }
        synchronized (lock) {
          lastError = String.valueOf(e.getMessage());
        }
        return null;
      }
      synchronized (lock) {
        if (opening.gone) {
          return null;
        }
        session = opening;
        pauseNanos = RECONNECT_NANOS;
        return opening;
      }
    }
  }

  /** One connection; its late callbacks can't touch the one that follows. */
  private final class Session implements Receiver {
    private final Link link;
    private @Nullable Connection connection;
    private boolean gone;

    Session(Link link) {
      this.link = link;
    }

    void send(long id, Message request) {
      Connection open = connection;
      if (open != null) {
        open.send(id, request);
      }
    }

    @Override
    public void receive(long requestId, Message answer) {
      Calls.this.receive(requestId, answer);
    }

    @Override
    public void closed(String reason) {
      synchronized (lock) {
        gone = true;
        link.lastError = reason;
        if (link.session == this) {
          link.session = null;
        }
        lost(link);
      }
      wake();
    }

    void close() {
      Connection open = connection;
      if (open != null) {
        open.close();
      }
    }
  }
}
