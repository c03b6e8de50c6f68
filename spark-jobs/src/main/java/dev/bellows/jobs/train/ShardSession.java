package dev.bellows.jobs.train;

import dev.bellows.jobs.cluster.ShardPlacement;
import dev.bellows.jobs.cluster.ShardPlacement.Seat;
import dev.bellows.ps.client.ClientOptions;
import dev.bellows.ps.client.Connector;
import dev.bellows.ps.client.PsControl;
import dev.bellows.ps.client.PsTables;
import dev.bellows.ps.client.RunPlan;
import dev.bellows.ps.client.ShardAddress;
import dev.bellows.ps.protocol.Message.LedgerEntry;
import dev.bellows.ps.protocol.Message.State;
import dev.bellows.ps.protocol.Message.StatusReply;
import dev.bellows.ps.protocol.PsErrorCode;
import dev.bellows.ps.protocol.PsException;
import dev.bellows.ps.protocol.TableSpec;
import dev.bellows.ps.shard.ShardMap;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/**
 * The shards of a run in one incarnation, seen from the driver's training thread; and their
 * replicas, which only the driver loads, attaches and promotes.
 */
final class ShardSession implements AutoCloseable {
  private static final int LEDGER_LIMIT = 4096;
  private static final Duration CONTROL_RESEND = Duration.ofSeconds(2);

  /**
   * What stays the same for all incarnations of a run.
   *
   * @param run name of the run's namespaces
   * @param map how the vector is cut
   * @param connector the way to the shard servers
   * @param plan what namespaces are made with
   * @param tables sparse tables beside the vector; they have no replicas
   * @param deadline longest wait for one call
   * @param gone tells that a host was lost, so that nobody waits for it
   */
  record Shared(
      String run,
      ShardMap map,
      Connector connector,
      RunPlan plan,
      List<TableSpec> tables,
      Duration deadline,
      BooleanSupplier gone) {
    private ClientOptions options(long incarnation, List<ShardAddress> addresses) {
      return ClientOptions.of(run, incarnation, map, addresses)
          .deadlines(deadline, CONTROL_RESEND)
          .cancelledWhen(gone);
    }

    PsControl control(long incarnation, List<ShardAddress> addresses, IntPredicate included) {
      return PsControl.open(options(incarnation, addresses), included, connector);
    }

    RowStore rows(long incarnation, List<ShardAddress> addresses) {
      return new RowStore(
          tables,
          tables.isEmpty()
              ? null
              : PsTables.open(options(incarnation, addresses), tables, connector));
    }
  }

  private final Shared shared;
  private final long incarnation;
  private final PsControl control;
  private final RowStore rows;
  private ShardPlacement placement;
  private @Nullable String replicaProblem;

  private ShardSession(Shared shared, long incarnation, ShardPlacement placement) {
    this.shared = shared;
    this.incarnation = incarnation;
    this.placement = placement;
    this.control = shared.control(incarnation, placement.addresses(), shard -> true);
    this.rows = shared.rows(incarnation, placement.addresses());
  }

  /** Makes the shards and their replicas on their hosts and loads a restore point. */
  static ShardSession open(
      Shared shared, long incarnation, ShardPlacement placement, RestorePoint point) {
    ShardSession session =
        new ShardSession(shared, incarnation, placement.without(placement.replicas().keySet()));
    try {
      session.rows.load(point);
      session.load(session.control, point);
      if (!placement.replicas().isEmpty()) {
        session.firstReplicas(placement.replicas(), point);
      }
      return session;
    } catch (RuntimeException e) {
      session.close();
      throw e;
    }
  }

  private void load(PsControl to, RestorePoint point) {
    to.create(shared.plan());
    to.put(0, point.values());
    int units = shared.plan().compression().usedUnits(shared.plan().slices());
    int onShards = point.slots().length - units; // the residuals stay with the tasks
    for (int s = 0; s < onShards; s++) {
      to.put(s + 1, point.slots()[s]);
    }
    to.seal(point.step());
  }

  private void firstReplicas(Map<Integer, Seat> seats, RestorePoint point) {
    try {
      attach(seats, point.step());
      loadReplicas(seats, point);
    } catch (PsException e) {
      if (e.code() == PsErrorCode.CANCELLED) {
        throw e;
      }
      detach(seats);
      replicaProblem = e.getMessage();
    }
  }

  private void attach(Map<Integer, Seat> seats, long from) {
    ShardPlacement wanted = placement.with(seats);
    try (PsControl some = shared.control(incarnation, placement.addresses(), seats::containsKey)) {
      some.attach(wanted.replicaAddresses(), from);
    }
  }

  private void detach(Map<Integer, Seat> seats) {
    try (PsControl some = shared.control(incarnation, placement.addresses(), seats::containsKey)) {
      some.detach();
    }
  }

  private void loadReplicas(Map<Integer, Seat> seats, RestorePoint point) {
    ShardPlacement wanted = placement.with(seats);
    try (PsControl copies =
        shared.control(incarnation, wanted.replicaAddresses(), seats::containsKey)) {
      load(copies, point);
    }
    attach(seats, point.step()); // again: what waited for the replica goes out now
    placement = wanted;
  }

  /**
   * Makes replicas, or moves them, while the tasks go on: from a step a little ahead of where the
   * shards are. They stand still there until the replicas hold the values of that step.
   *
   * @param seats where to, by shard
   * @param from the step, not passed yet
   * @param slots optimiser slots
   * @return the values that the replicas were loaded with
   * @throws PsException STALE_STEP when the shards had passed the step; nothing has changed then,
   *     but the shards named have no replica
   */
  RestorePoint replicate(Map<Integer, Seat> seats, long from, int slots) {
    ShardPlacement before = placement;
    placement = placement.without(seats.keySet());
    try {
      attach(seats, from);
      RestorePoint point = read(from, slots, Map.of());
      loadReplicas(seats, point);
      dropReplicas(before, seats::containsKey);
      return point;
    } catch (PsException e) {
      if (e.code() != PsErrorCode.CANCELLED) {
        detach(seats); // when a host was lost, promotion detaches
      }
      throw e;
    }
  }

  /**
   * Goes on with the copies that are left, under a larger incarnation: whoever serves or uses one
   * of the others is refused from now on.
   */
  ShardSession promote(ShardPlacement left, long next) {
    ShardSession session = new ShardSession(shared, next, left);
    try (PsControl copies = shared.control(next, left.replicaAddresses(), left::hasReplica);
        PsControl alone =
            shared.control(next, left.addresses(), shard -> !left.hasReplica(shard))) {
      copies.advance(); // first: a primary that advances forwards to a replica that has
      session.control.advance();
      alone.detach();
      return session;
    } catch (RuntimeException e) {
      session.close();
      throw e;
    }
  }

  /** Why there are no replicas although they were wanted, or null. */
  @Nullable String replicaProblem() {
    return replicaProblem;
  }

  long incarnation() {
    return incarnation;
  }

  /** Where the copies are now. */
  ShardPlacement placement() {
    return placement;
  }

  /** The step that all shards have reached. */
  long version() {
    long version = Long.MAX_VALUE;
    for (StatusReply status : control.status()) {
      version = Math.min(version, status.version());
    }
    return version;
  }

  /** Requests of tasks that others had replaced, which the shards refused until now. */
  long refusedStale() {
    return control.refusedStale();
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
  @Nullable StatusReply diverged() {
    for (StatusReply status : control.status()) {
      if (status.state() == State.DIVERGED) {
        return status;
      }
    }
    return rows.diverged();
  }

  /** Who is late, for people. */
  String diagnosis() {
    return control.diagnosis();
  }

  /** Finished steps from a step on, at most a few thousand. */
  List<LedgerEntry> ledger(long from) {
    return control.ledger(from, LEDGER_LIMIT);
  }

  /**
   * Reads parameters and slots (with the view) as of a step, waiting for it when it is ahead; steps
   * go on.
   */
  RestorePoint read(long step, int slots, Map<String, Object> state) {
    control.snapshot(step);
    int length = shared.map().length();
    float[] values = new float[length];
    control.read(step, 0, values);
    float[][] all = new float[slots][length];
    for (int s = 0; s < slots; s++) {
      control.read(step, s + 1, all[s]);
    }
    control.release(step);
    return new RestorePoint(step, values, all, rows.read(step), state);
  }

  /** Forgets the run on the shards; they may be gone already. */
  void drop() {
    control.drop();
    rows.drop();
    dropReplicas(placement, shard -> true);
  }

  private void dropReplicas(ShardPlacement of, IntPredicate which) {
    try (PsControl copies =
        shared.control(
            incarnation,
            of.replicaAddresses(),
            shard -> of.hasReplica(shard) && which.test(shard))) {
      copies.drop();
    }
  }

  @Override
  public void close() {
    rows.close();
    control.close();
  }
}
