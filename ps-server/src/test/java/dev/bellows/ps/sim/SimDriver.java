package dev.bellows.ps.sim;

import dev.bellows.ps.client.ClientOptions;
import dev.bellows.ps.client.ShardAddress;
import dev.bellows.ps.client.SimClient;
import dev.bellows.ps.protocol.Floats;
import dev.bellows.ps.protocol.Message;
import dev.bellows.ps.protocol.PsErrorCode;
import dev.bellows.ps.protocol.Target;
import dev.bellows.ps.shard.ShardMap;
import java.util.Arrays;
import java.util.List;

/**
 * The driver as an actor: loads an incarnation, takes snapshots while steps go on, rolls back to
 * the newest one.
 */
final class SimDriver {
  private static final long POLL_NANOS = 40 * SimWorld.MS;

  private enum State {
    IDLE,
    CREATE,
    PUT,
    SEAL,
    SNAPSHOT,
    GET
  }

  private final SimWorld world;
  private final SimNetwork network;
  private final Workload work;
  private final ShardMap map;
  private final List<ShardAddress> placement;
  private final int slots;
  private final Runnable loaded;
  private SimClient.Control control;
  private Target[] targets;
  private State state = State.IDLE;
  private float[][] saved;
  private float[][] reading;
  private long savedStep;
  private long loadedStep;
  private long wantedStep;
  long incarnation;
  long snapshots;

  SimDriver(
      SimWorld world,
      SimNetwork network,
      Workload work,
      ShardMap map,
      List<ShardAddress> placement,
      int slots,
      Runnable loaded) {
    this.world = world;
    this.network = network;
    this.work = work;
    this.map = map;
    this.placement = placement;
    this.slots = slots;
    this.loaded = loaded;
    this.saved = new float[1 + slots][work.length];
    this.saved[0] = work.initial();
    poll();
  }

  boolean idle() {
    return state == State.IDLE;
  }

  long restoredAt() {
    return loadedStep;
  }

  ClientOptions options() {
    return ClientOptions.of("sim", incarnation, map, placement)
        .deadlines(java.time.Duration.ofHours(10), java.time.Duration.ofMillis(200));
  }

  /** Starts a new incarnation from the newest snapshot. */
  void load() {
    if (control != null) {
      control.close();
    }
    incarnation++;
    targets = new Target[map.shards()];
    for (int shard = 0; shard < targets.length; shard++) {
      targets[shard] = new Target("sim", shard, incarnation);
    }
    control = new SimClient.Control(options(), network.connector(this::poke));
    state = State.CREATE;
    control.begin();
    for (int shard = 0; shard < targets.length; shard++) {
      if (!map.isEmpty(shard)) {
        control.add(
            shard,
            new Message.Create(
                targets[shard],
                map.from(shard),
                map.to(shard),
                work.slices,
                work.stepsPerEpoch,
                work.totalSteps,
                1000,
                2,
                work.spec.encode()));
      }
    }
    poke();
  }

  void snapshot(long step) {
    if (state != State.IDLE || step > work.totalSteps) {
      return;
    }
    state = State.SNAPSHOT;
    wantedStep = step;
    control.begin();
    for (int shard = 0; shard < targets.length; shard++) {
      if (!map.isEmpty(shard)) {
        control.add(shard, new Message.Snapshot(targets[shard], step));
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
    boolean snapshotTooLate =
        state == State.SNAPSHOT
            && (failure.code() == PsErrorCode.STALE_STEP || failure.code() == PsErrorCode.DIVERGED);
    if (snapshotTooLate) {
      state = State.IDLE;
    } else if (failure.code() == PsErrorCode.NO_SUCH_NAMESPACE
        || failure.code() == PsErrorCode.WRONG_STATE) {
      state = State.IDLE; // a server crashed; the roll-back is on its way
    } else {
      throw new AssertionError("driver in " + state + ": " + failure);
    }
  }

  private void next() {
    switch (state) {
      case CREATE -> {
        state = State.PUT;
        control.begin();
        for (int slot = 0; slot <= slots; slot++) {
          eachChunk(slot, false);
        }
        poke();
      }
      case PUT -> {
        state = State.SEAL;
        control.begin();
        loadedStep = savedStep;
        for (int shard = 0; shard < targets.length; shard++) {
          if (!map.isEmpty(shard)) {
            control.add(shard, new Message.Seal(targets[shard], savedStep));
          }
        }
        poke();
      }
      case SEAL -> {
        state = State.IDLE;
        loaded.run();
      }
      case SNAPSHOT -> {
        state = State.GET;
        reading = new float[1 + slots][work.length];
        control.begin();
        for (int slot = 0; slot <= slots; slot++) {
          eachChunk(slot, true);
        }
        poke();
      }
      case GET -> {
        if (!Arrays.equals(reading[0], work.version(wantedStep))) {
          throw new AssertionError("snapshot of step " + wantedStep + " differs from the truth");
        }
        saved = reading;
        savedStep = wantedStep;
        snapshots++;
        state = State.IDLE;
      }
      default -> throw new AssertionError("driver finished " + state);
    }
  }

  private void eachChunk(int slot, boolean get) {
    for (int shard = 0; shard < targets.length; shard++) {
      for (int chunk = map.firstChunk(shard); chunk < map.endChunk(shard); chunk++) {
        int from = ShardMap.chunkFrom(chunk, map.from(shard));
        int length = ShardMap.chunkTo(chunk, map.to(shard)) - from;
        if (get) {
          control.add(
              shard,
              new Message.Get(targets[shard], wantedStep, slot, chunk),
              reading[slot],
              from,
              length,
              wantedStep);
        } else {
          control.add(
              shard,
              new Message.Put(targets[shard], slot, from, new Floats(saved[slot], from, length)));
        }
      }
    }
  }
}
