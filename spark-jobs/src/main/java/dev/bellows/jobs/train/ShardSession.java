package dev.bellows.jobs.train;

import dev.bellows.ps.client.ClientOptions;
import dev.bellows.ps.client.Connector;
import dev.bellows.ps.client.PsControl;
import dev.bellows.ps.client.RunPlan;
import dev.bellows.ps.client.ShardAddress;
import dev.bellows.ps.protocol.Message.LedgerEntry;
import dev.bellows.ps.protocol.Message.State;
import dev.bellows.ps.protocol.Message.StatusReply;
import dev.bellows.ps.shard.ShardMap;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;

/** The shards of a run in one incarnation, seen from the driver's training thread. */
final class ShardSession implements AutoCloseable {
  private static final int LEDGER_LIMIT = 4096;
  private static final Duration CONTROL_RESEND = Duration.ofSeconds(2);

  private final long incarnation;
  private final List<ShardAddress> placement;
  private final ShardMap map;
  private final PsControl control;

  private ShardSession(
      long incarnation, List<ShardAddress> placement, ShardMap map, PsControl control) {
    this.incarnation = incarnation;
    this.placement = List.copyOf(placement);
    this.map = map;
    this.control = control;
  }

  /**
   * Makes the shards on their hosts and loads a restore point.
   *
   * @param gone tells that a host was lost, so that nobody waits for it
   */
  static ShardSession open(
      String run,
      long incarnation,
      ShardMap map,
      List<ShardAddress> placement,
      Connector connector,
      RunPlan plan,
      RestorePoint point,
      Duration deadline,
      BooleanSupplier gone) {
    PsControl control =
        PsControl.open(
            ClientOptions.of(run, incarnation, map, placement)
                .deadlines(deadline, CONTROL_RESEND)
                .cancelledWhen(gone),
            connector);
    try {
      control.create(plan);
      control.put(0, point.values());
      for (int s = 0; s < point.slots().length; s++) {
        control.put(s + 1, point.slots()[s]);
      }
      control.seal(point.step());
      return new ShardSession(incarnation, placement, map, control);
    } catch (RuntimeException e) {
      control.close();
      throw e;
    }
  }

  long incarnation() {
    return incarnation;
  }

  List<ShardAddress> placement() {
    return placement;
  }

  ShardMap map() {
    return map;
  }

  /** The step that all shards have reached. */
  long version() {
    long version = Long.MAX_VALUE;
    for (StatusReply status : control.status()) {
      version = Math.min(version, status.version());
    }
    return version;
  }

  /** The newest step that some shard has reached. */
  long newest() {
    long newest = 0;
    for (StatusReply status : control.status()) {
      newest = Math.max(newest, status.newestVersion());
    }
    return newest;
  }

  /** The shard that met a gradient that is not finite, or null. */
  @org.jspecify.annotations.Nullable
  StatusReply diverged() {
    for (StatusReply status : control.status()) {
      if (status.state() == State.DIVERGED) {
        return status;
      }
    }
    return null;
  }

  /** Who is late, for people. */
  String diagnosis() {
    return control.diagnosis();
  }

  /** Finished steps from a step on, at most a few thousand. */
  List<LedgerEntry> ledger(long from) {
    return control.ledger(from, LEDGER_LIMIT);
  }

  /** Reads parameters and slots as of a step, waiting for it when it is ahead; steps go on. */
  RestorePoint read(long step, int slots, Map<String, Object> state) {
    control.snapshot(step);
    float[] values = new float[map.length()];
    control.read(step, 0, values);
    float[][] all = new float[slots][map.length()];
    for (int s = 0; s < slots; s++) {
      control.read(step, s + 1, all[s]);
    }
    control.release(step);
    return new RestorePoint(step, values, all, state);
  }

  /** Forgets the run on the shards; they may be gone already. */
  void drop() {
    control.drop();
  }

  @Override
  public void close() {
    control.close();
  }
}
