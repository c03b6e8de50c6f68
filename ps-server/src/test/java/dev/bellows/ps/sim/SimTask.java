package dev.bellows.ps.sim;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bellows.ps.client.ClientOptions;
import dev.bellows.ps.client.DivergedException;
import dev.bellows.ps.client.SimClient;
import dev.bellows.ps.protocol.PsException;
import dev.bellows.ps.shard.Finite;
import dev.bellows.ps.shard.PartSums;
import dev.bellows.ps.shard.TreeSum;
import java.util.function.ObjLongConsumer;

/**
 * A training task as an actor: join, pull, then compute and push until the last step. With
 * compression it gives the driver its residuals at the end of each segment and waits there until
 * they are saved; one that joins elsewhere than at the segment's start has lost them.
 */
final class SimTask {
  private static final long POLL_NANOS = 40 * SimWorld.MS;

  private enum State {
    JOINING,
    PULLING,
    COMPUTING,
    PUSHING_PARTS,
    PUSHING,
    WAITING,
    DONE,
    ENDED
  }

  final int from;
  final int to;
  private final SimWorld world;
  private final Workload work;
  private final SimClient client;
  private final TreeSum sums;
  private final PartSums parts;
  private final float[] parameters;
  private final float[] gradient;
  private final double[] scalars = new double[4];
  private final ObjLongConsumer<SimTask> seen;
  private final Segments segments;
  private final int unitFrom;
  private final int unitTo;
  private State state = State.JOINING;
  private long pausedUntil;

  /**
   * Set when another task got its slices, or its incarnation is over: then it may be refused as
   * stale.
   */
  boolean replaced;

  /** How it ended, when not DONE. */
  PsException end;

  /** Where residuals are kept between segments. */
  interface Segments {
    /** Step of the segment's start, at which residuals are known. */
    long start();

    /** Residuals at the start [units][length]. */
    float[][] residuals();

    /** Step of the segment's end. */
    long end();

    /** A task got to the end; it goes on after {@link SimTask#resume}. */
    void reached(SimTask task);

    /** A task joined in the middle of a segment: nobody knows what its units had not sent. */
    void lost(SimTask task);
  }

  SimTask(
      SimWorld world,
      SimNetwork network,
      Workload work,
      ClientOptions options,
      ObjLongConsumer<SimTask> seen,
      Segments segments) {
    this.seen = seen;
    this.segments = segments;
    int level = work.compression.isNone() ? 0 : work.compression.level(work.slices);
    this.unitFrom = options.sliceFrom() >> level;
    this.unitTo = ((options.sliceTo() - 1) >> level) + 1;
    this.world = world;
    this.work = work;
    this.from = options.sliceFrom();
    this.to = options.sliceTo();
    boolean coded = !work.compression.isNone();
    this.client =
        new SimClient(
            coded ? options.coded(work.compression, work.slices) : options,
            network.connector(this::poke));
    this.sums =
        coded
            ? TreeSum.ofUnits(work.slices, work.length, work.compression.units())
            : new TreeSum(work.slices, work.length);
    this.parts = new PartSums(work.slices, options.map());
    this.parameters = new float[work.length];
    this.gradient = new float[work.length];
    client.join(world.now());
    poll();
  }

  boolean done() {
    return state == State.DONE;
  }

  boolean over() {
    return state == State.DONE || state == State.ENDED;
  }

  /** Copies what the task's units have not sent into their rows. */
  void report(float[][] residuals) {
    for (int unit = unitFrom; unit < unitTo; unit++) {
      residuals[unit] = client.residual(unit).clone();
    }
  }

  /** The segment's end is saved. */
  void resume() {
    if (state == State.WAITING) {
      proceed(client.version());
    }
  }

  void kill() {
    client.close();
    state = State.ENDED;
  }

  /** Stops the process for a while; frames go on arriving in its buffers. */
  void pause(long nanos) {
    pausedUntil = world.now() + nanos;
  }

  private void poll() {
    if (!over()) {
      poke();
      world.after(POLL_NANOS, this::poll);
    }
  }

  private void poke() {
    if (over() || state == State.COMPUTING || state == State.WAITING || world.now() < pausedUntil) {
      return;
    }
    try {
      if (client.advance(world.now())) {
        finished();
      }
    } catch (PsException e) {
      ended(e);
    }
  }

  private void finished() {
    long version = client.version();
    switch (state) {
      case JOINING -> {
        state = State.PULLING;
        client.pull(parameters, world.now());
        poke();
      }
      case PULLING, PUSHING -> {
        if (!java.util.Arrays.equals(parameters, work.version(version))) {
          throw new AssertionError(
              "task "
                  + from
                  + "-"
                  + to
                  + " read other parameters than the truth at version "
                  + version);
        }
        seen.accept(this, version);
        if (work.compression.isNone()) {
          proceed(version);
        } else {
          coded(version);
        }
      }
      default -> throw new AssertionError("finished in state " + state);
    }
  }

  private void coded(long version) {
    if (!client.hasResiduals()) {
      if (version != segments.start()) {
        state = State.ENDED;
        client.close();
        segments.lost(this);
        return;
      }
      client.loadResiduals(unitFrom, unitTo, segments.residuals());
    }
    for (int unit = unitFrom; unit < unitTo; unit++) {
      if (!java.util.Arrays.equals(client.residual(unit), work.residuals(version)[unit])) {
        throw new AssertionError(
            "unit " + unit + " kept another residual than the truth at version " + version);
      }
    }
    if (version == segments.end()) {
      state = State.WAITING;
      segments.reached(this);
    } else {
      proceed(version);
    }
  }

  private void proceed(long version) {
    if (version >= work.totalSteps) {
      state = State.DONE;
      client.close();
    } else {
      state = State.COMPUTING;
      world.after((long) (world.random.unit() * 5 * SimWorld.MS), this::computed);
    }
  }

  private void computed() {
    if (over()) {
      return;
    }
    if (world.now() < pausedUntil) {
      world.after(pausedUntil - world.now(), this::computed);
      return;
    }
    if (work.compression.isNone() && world.random.unit() < 0.5) {
      pushParts();
      return;
    }
    long step = client.version();
    sums.clear();
    for (int slice = from; slice < to; slice++) {
      work.gradient(step, slice, parameters, gradient, scalars);
      sums.add(slice, gradient, scalars, work.isFinite(step, slice));
    }
    state = State.PUSHING;
    client.pushPull(sums, parameters, world.now());
    poke();
  }

  /** The last part first, while the others are still computed. */
  private void pushParts() {
    long step = client.version();
    parts.clear();
    for (int slice = from; slice < to; slice++) {
      work.gradient(step, slice, parameters, gradient, scalars);
      for (int part = 0; part < parts.parts(); part++) {
        boolean finite = Finite.all(gradient, parts.from(part), parts.to(part));
        parts.add(part, slice, gradient, scalars, finite);
      }
    }
    state = State.PUSHING_PARTS;
    client.startParts(parts, world.now());
    push(parts.parts() - 1);
  }

  private void push(int part) {
    if (over()) {
      return;
    }
    if (world.now() < pausedUntil) {
      world.after(pausedUntil - world.now(), () -> push(part));
      return;
    }
    client.push(parts, part, parameters, world.now());
    if (part > 0) {
      world.after((long) (world.random.unit() * 3 * SimWorld.MS), () -> push(part - 1));
    } else {
      client.pushed(world.now());
      state = State.PUSHING;
    }
    poke();
  }

  private void ended(PsException e) {
    end = e;
    state = State.ENDED;
    client.close();
    boolean expected =
        switch (e.code().remedy()) {
          case STOP_TASK, ROLL_BACK -> replaced;
          default ->
              e instanceof DivergedException diverged
                  && work.badStep.test(diverged.step())
                  && diverged.slice() == work.badSlice;
        };
    assertThat(expected)
        .as("task %d-%d ended with %s: %s", from, to, e.code(), e.getMessage())
        .isTrue();
  }
}
