package dev.bellows.ps.sim;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bellows.ps.client.ClientOptions;
import dev.bellows.ps.client.DivergedException;
import dev.bellows.ps.client.SimClient;
import dev.bellows.ps.protocol.PsException;
import dev.bellows.ps.shard.TreeSum;
import java.util.function.ObjLongConsumer;

/** A training task as an actor: join, pull, then compute and push until the last step. */
final class SimTask {
  private static final long POLL_NANOS = 40 * SimWorld.MS;

  private enum State {
    JOINING,
    PULLING,
    COMPUTING,
    PUSHING,
    DONE,
    ENDED
  }

  final int from;
  final int to;
  private final SimWorld world;
  private final Workload work;
  private final SimClient client;
  private final TreeSum sums;
  private final float[] parameters;
  private final float[] gradient;
  private final double[] scalars = new double[4];
  private final ObjLongConsumer<SimTask> seen;
  private State state = State.JOINING;
  private long pausedUntil;

  /**
   * Set when another task got its slices, or its incarnation is over: then it may be refused as
   * stale.
   */
  boolean replaced;

  /** How it ended, when not DONE. */
  PsException end;

  SimTask(
      SimWorld world,
      SimNetwork network,
      Workload work,
      ClientOptions options,
      ObjLongConsumer<SimTask> seen) {
    this.seen = seen;
    this.world = world;
    this.work = work;
    this.from = options.sliceFrom();
    this.to = options.sliceTo();
    this.client = new SimClient(options, network.connector(this::poke));
    this.sums = new TreeSum(work.slices, work.length);
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
    if (over() || state == State.COMPUTING || world.now() < pausedUntil) {
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
        if (version >= work.totalSteps) {
          state = State.DONE;
          client.close();
        } else {
          state = State.COMPUTING;
          world.after((long) (world.random.unit() * 5 * SimWorld.MS), this::computed);
        }
      }
      default -> throw new AssertionError("finished in state " + state);
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
