package dev.bellows.ps.sim;

import dev.bellows.ps.client.ClientOptions;
import dev.bellows.ps.client.ShardAddress;
import dev.bellows.ps.client.SimClient;
import dev.bellows.ps.protocol.Consistency;
import dev.bellows.ps.protocol.Floats;
import dev.bellows.ps.protocol.Message;
import dev.bellows.ps.protocol.Peer;
import dev.bellows.ps.protocol.PsErrorCode;
import dev.bellows.ps.protocol.Target;
import dev.bellows.ps.shard.ShardMap;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntFunction;

/**
 * The driver as an actor: loads an incarnation, takes snapshots while steps go on, promotes
 * replicas and makes new ones, rolls back to the newest snapshot when a shard has no copy left.
 */
final class SimDriver {
  private static final long POLL_NANOS = 40 * SimWorld.MS;
  private static final ShardAddress NOWHERE = new ShardAddress("nowhere", 1);

  private enum State {
    IDLE,
    CREATE,
    PUT,
    SEAL,
    ATTACH,
    SNAPSHOT,
    GET,
    ADVANCE_REPLICAS,
    ADVANCE,
    DETACH,
    GIVE_UP
  }

  private final SimWorld world;
  private final SimNetwork network;
  private final Workload work;
  private final ShardMap map;
  private final List<ShardAddress> home;
  private final boolean replicated;
  private final int slots;
  private final Runnable loaded;
  private final SimSegments segments;
  private final ShardAddress[] primaries;
  private final ShardAddress[] replicas;
  private final boolean[] attached;
  private final long[] ledgerFrom;
  private final long[] replicaLedgerFrom;
  private SimClient.Control control;
  private Target[] targets;
  private State state = State.IDLE;
  private float[][] saved;
  private float[][] reading;
  private long savedStep;
  private long wantedStep;

  /** Where new replicas are being made, or null; the whole of them while an incarnation loads. */
  private ShardAddress[] making;

  private boolean loading;

  /** The replicas that are being made hold their values. */
  private boolean filled;

  long incarnation;
  long snapshots;
  long promotions;
  long replications;
  long rollBacks;

  SimDriver(
      SimWorld world,
      SimNetwork network,
      Workload work,
      ShardMap map,
      List<ShardAddress> home,
      boolean replicated,
      int slots,
      Runnable loaded) {
    this.world = world;
    this.network = network;
    this.work = work;
    this.map = map;
    this.home = home;
    this.replicated = replicated;
    this.slots = slots;
    this.loaded = loaded;
    this.segments = new SimSegments(work, this::snapshot, world.random);
    this.primaries = home.toArray(new ShardAddress[0]);
    this.replicas = new ShardAddress[map.shards()];
    this.attached = new boolean[map.shards()];
    this.ledgerFrom = new long[map.shards()];
    this.replicaLedgerFrom = new long[map.shards()];
    this.saved = new float[1 + slots][work.length];
    this.saved[0] = work.initial();
    if (!work.compression.isNone()) {
      this.saved[slots] = work.initial(); // the view
    }
    poll();
  }

  /** Residuals at the newest snapshot and the way to the next one. */
  SimSegments segments() {
    return segments;
  }

  boolean idle() {
    return state == State.IDLE;
  }

  /** First step that a shard's ledger has. */
  long ledgerFrom(int shard) {
    return ledgerFrom[shard];
  }

  ShardAddress primary(int shard) {
    return primaries[shard];
  }

  /** A shard's replica, or null. */
  ShardAddress replica(int shard) {
    return replicas[shard];
  }

  ClientOptions options() {
    return options(primaries);
  }

  private ClientOptions options(ShardAddress[] places) {
    List<ShardAddress> all = new ArrayList<>();
    for (ShardAddress place : places) {
      all.add(place == null ? NOWHERE : place);
    }
    return ClientOptions.of("sim", incarnation, map, all)
        .deadlines(Duration.ofHours(10), Duration.ofMillis(200));
  }

  /** Starts a new incarnation from the newest snapshot. */
  void load() {
    nextIncarnation();
    segments.restart();
    rollBacks++;
    loading = true;
    for (int s = 0; s < primaries.length; s++) {
      primaries[s] = home.get(s);
      replicas[s] = null;
      attached[s] = false;
    }
    making = new ShardAddress[primaries.length];
    if (replicated) {
      for (int s = 0; s < primaries.length; s++) {
        making[s] = other(primaries[s]);
      }
    }
    create();
  }

  private ShardAddress other(ShardAddress taken) {
    List<ShardAddress> free = new ArrayList<>();
    for (SimNetwork.Host host : network.hosts()) {
      if (host.up && !host.address.equals(taken)) {
        free.add(host.address);
      }
    }
    return free.isEmpty() ? null : world.random.pick(free);
  }

  private void nextIncarnation() {
    incarnation++;
    targets = new Target[map.shards()];
    for (int shard = 0; shard < targets.length; shard++) {
      targets[shard] = new Target("sim", shard, incarnation);
    }
  }

  private void begin(State next) {
    if (control != null) {
      control.close();
    }
    ShardAddress[] second = replicas.clone();
    for (int s = 0; s < primaries.length; s++) {
      if (making != null && making[s] != null) {
        second[s] = making[s];
      }
    }
    control =
        new SimClient.Control(options(primaries), options(second), network.connector(this::poke));
    control.begin();
    state = next;
  }

  private void primary(int shard, Message request) {
    if (!map.isEmpty(shard)) {
      control.add(shard, request);
    }
  }

  private void replica(int shard, Message request) {
    if (!map.isEmpty(shard)) {
      control.addSecond(shard, request);
    }
  }

  private void create() {
    begin(State.CREATE);
    everywhere(
        shard ->
            List.of(
                new Message.Create(
                    targets[shard],
                    map.from(shard),
                    map.to(shard),
                    work.slices,
                    work.stepsPerEpoch,
                    work.totalSteps,
                    1000,
                    2,
                    Consistency.BSP,
                    work.compression,
                    work.spec.encode())));
    poke();
  }

  /** Requests to the copies that are being made, and to primaries while an incarnation loads. */
  private void everywhere(IntFunction<List<Message>> requests) {
    for (int shard = 0; shard < targets.length; shard++) {
      for (Message request : requests.apply(shard)) {
        if (loading) {
          primary(shard, request);
        }
        if (making[shard] != null) {
          replica(shard, request);
        }
      }
    }
  }

  void snapshot(long step) {
    if (state == State.IDLE && step <= work.totalSteps) {
      takeSnapshot(step);
    }
  }

  private void takeSnapshot(long step) {
    begin(State.SNAPSHOT);
    wantedStep = step;
    for (int shard = 0; shard < targets.length; shard++) {
      primary(shard, new Message.Snapshot(targets[shard], step));
    }
    poke();
  }

  /** Makes replicas of the shards that have none, from a step on, while the tasks go on. */
  void replicate(long step) {
    if (state != State.IDLE || !replicated || step > work.totalSteps) {
      return;
    }
    making = new ShardAddress[primaries.length];
    boolean any = false;
    for (int s = 0; s < primaries.length; s++) {
      making[s] = replicas[s] == null && !map.isEmpty(s) ? other(primaries[s]) : null;
      any |= making[s] != null;
    }
    if (!any) {
      making = null;
      return;
    }
    wantedStep = step;
    filled = false;
    attach(step);
  }

  private void attach(long from) {
    begin(State.ATTACH);
    for (int s = 0; s < primaries.length; s++) {
      if (making[s] != null) {
        attached[s] = true;
        primary(
            s, new Message.Attach(targets[s], new Peer(making[s].host(), making[s].port()), from));
      }
    }
    poke();
  }

  /**
   * Servers were lost: goes on with the copies that are left, or from the newest snapshot.
   *
   * @param dead all servers of which copies must not be used any more
   */
  void lost(List<ShardAddress> dead) {
    boolean whole = !loading;
    for (int s = 0; s < primaries.length; s++) {
      boolean copy = replicas[s] != null && !dead.contains(replicas[s]);
      if (dead.contains(primaries[s])) {
        whole &= copy || map.isEmpty(s);
        primaries[s] = copy ? replicas[s] : primaries[s];
        ledgerFrom[s] = copy ? replicaLedgerFrom[s] : ledgerFrom[s];
        replicas[s] = null;
        attached[s] = false;
      } else if (!copy) {
        replicas[s] = null;
      }
    }
    making = null;
    if (!whole) {
      load();
      return;
    }
    nextIncarnation();
    promotions++;
    begin(State.ADVANCE_REPLICAS);
    for (int s = 0; s < primaries.length; s++) {
      if (replicas[s] != null) {
        replica(s, new Message.Advance(targets[s]));
      }
    }
    poke();
  }

  private void poll() {
    poke();
    world.after(POLL_NANOS, this::poll);
  }

  private void poke() {
    if (state == State.IDLE) {
      return;
    }
    boolean done = control.advance(world.now());
    Message.Failure failure = control.failure();
    if (failure != null) {
      failed(failure);
    } else if (done) {
      next();
    }
  }

  private void failed(Message.Failure failure) {
    boolean late =
        (state == State.SNAPSHOT || state == State.ATTACH || state == State.GET)
            && (failure.code() == PsErrorCode.STALE_STEP
                || failure.code() == PsErrorCode.DIVERGED
                || failure.code() == PsErrorCode.NO_SUCH_SNAPSHOT);
    if (late && making != null && !loading) {
      making = null;
      detach(State.GIVE_UP);
    } else if (late) {
      state = State.IDLE;
    } else if (failure.code() == PsErrorCode.NO_SUCH_NAMESPACE
        || failure.code() == PsErrorCode.WRONG_STATE) {
      // a server crashed; the news of it is on its way, or came late
      if (state == State.ADVANCE || state == State.ADVANCE_REPLICAS || state == State.DETACH) {
        load();
      } else {
        making = loading ? making : null;
        state = State.IDLE;
      }
    } else {
      throw new AssertionError("driver in " + state + ": " + failure);
    }
  }

  private void detach(State next) {
    begin(next);
    for (int s = 0; s < primaries.length; s++) {
      if (attached[s] && replicas[s] == null) {
        primary(s, new Message.Detach(targets[s]));
      }
    }
    poke();
  }

  private void next() {
    switch (state) {
      case CREATE -> {
        begin(State.PUT);
        for (int slot = 0; slot <= slots; slot++) {
          int of = slot;
          everywhere(
              shard -> {
                List<Message> puts = new ArrayList<>();
                for (int chunk = map.firstChunk(shard); chunk < map.endChunk(shard); chunk++) {
                  int from = ShardMap.chunkFrom(chunk, map.from(shard));
                  int length = ShardMap.chunkTo(chunk, map.to(shard)) - from;
                  puts.add(
                      new Message.Put(
                          targets[shard], of, from, new Floats(saved[of], from, length)));
                }
                return puts;
              });
        }
        poke();
      }
      case PUT -> {
        begin(State.SEAL);
        everywhere(shard -> List.of(new Message.Seal(targets[shard], savedStep)));
        poke();
      }
      case SEAL -> {
        for (int s = 0; s < primaries.length; s++) {
          ledgerFrom[s] = loading ? savedStep : ledgerFrom[s];
          replicaLedgerFrom[s] = making[s] != null ? savedStep : replicaLedgerFrom[s];
        }
        filled = true;
        attach(savedStep);
      }
      case ATTACH -> {
        if (filled) {
          replicasMade();
        } else {
          takeSnapshot(wantedStep); // the primaries stand still there until the replica is loaded
        }
      }
      case SNAPSHOT -> {
        begin(State.GET);
        reading = new float[1 + slots][work.length];
        for (int slot = 0; slot <= slots; slot++) {
          read(slot);
        }
        poke();
      }
      case GET -> {
        if (!Arrays.equals(reading[0], work.values(wantedStep))
            || (!work.compression.isNone()
                && !Arrays.equals(reading[slots], work.version(wantedStep)))) {
          throw new AssertionError("snapshot of step " + wantedStep + " differs from the truth");
        }
        saved = reading;
        savedStep = wantedStep;
        snapshots++;
        if (making != null) {
          create();
        } else {
          state = State.IDLE;
          segments.saved(wantedStep);
        }
      }
      case ADVANCE_REPLICAS -> {
        begin(State.ADVANCE);
        for (int s = 0; s < primaries.length; s++) {
          primary(s, new Message.Advance(targets[s]));
        }
        poke();
      }
      case ADVANCE -> detach(State.DETACH);
      case DETACH -> {
        state = State.IDLE;
        forgetDetached();
        loaded.run();
      }
      case GIVE_UP -> {
        state = State.IDLE;
        forgetDetached();
      }
      default -> throw new AssertionError("driver finished " + state);
    }
  }

  private void forgetDetached() {
    for (int s = 0; s < primaries.length; s++) {
      attached[s] &= replicas[s] != null;
    }
  }

  private void replicasMade() {
    for (int s = 0; s < primaries.length; s++) {
      if (making[s] != null) {
        replicas[s] = making[s];
        replications++;
      }
    }
    boolean wasLoading = loading;
    loading = false;
    making = null;
    state = State.IDLE;
    if (wasLoading) {
      loaded.run();
    }
  }

  private void read(int slot) {
    for (int shard = 0; shard < targets.length; shard++) {
      for (int chunk = map.firstChunk(shard); chunk < map.endChunk(shard); chunk++) {
        int from = ShardMap.chunkFrom(chunk, map.from(shard));
        int length = ShardMap.chunkTo(chunk, map.to(shard)) - from;
        control.add(
            shard,
            new Message.Get(targets[shard], wantedStep, slot, chunk),
            reading[slot],
            from,
            length,
            wantedStep);
      }
    }
  }
}
