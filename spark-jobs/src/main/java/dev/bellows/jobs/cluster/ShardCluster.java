package dev.bellows.jobs.cluster;

import dev.bellows.jobs.BellowsException;
import dev.bellows.jobs.ExitCode;
import dev.bellows.jobs.cluster.ShardPlacement.Seat;
import dev.bellows.jobs.config.DistributedConfig;
import dev.bellows.ps.client.Connector;
import dev.bellows.ps.client.ShardAddress;
import dev.bellows.ps.transport.ShardHost;
import dev.bellows.ps.transport.WireMode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.spark.SparkContext;
import org.apache.spark.scheduler.TaskScheduler;
import org.jspecify.annotations.Nullable;

/**
 * Where the parameter shards of a run live, seen from the driver.
 *
 * <p>In local mode they live in this process and are called directly; on a cluster in the
 * executors, or in the driver when asked for or when the plugin was not loaded; or in stand-alone
 * servers when those are asked for.
 */
public final class ShardCluster implements AutoCloseable {
  /** Where shards live. */
  public enum Mode {
    /** In this process, called directly. */
    IN_PROCESS,
    /** In the driver, reached over the network. */
    DRIVER,
    /** In the executors. */
    EXECUTORS,
    /** In servers of their own that somebody else started. */
    STANDALONE
  }

  private static final String ONE_PROCESS = "tasks and shards share one process";

  /**
   * Where shards are to live.
   *
   * @param mode where
   * @param reason why there, for the plan
   */
  record Choice(Mode mode, String reason) {}

  private static final long REGISTRATION_MS = 30_000;

  private final Mode mode;
  private final String reason;
  private final @Nullable String secret;
  private final String hostAddress;
  private final Duration deadline;
  private @Nullable ShardHost host;
  private @Nullable StandaloneServers servers;
  private int replicas;
  private volatile ShardPlacement present = new ShardPlacement(List.of(), Map.of());

  private ShardCluster(
      Choice choice, DistributedConfig config, @Nullable String secret, String hostAddress) {
    this.mode = choice.mode();
    this.reason = choice.reason();
    this.secret = secret;
    this.hostAddress = hostAddress;
    this.deadline = config.deadline();
    Connectors.enter();
  }

  private static Choice choose(SparkContext context, DistributedConfig config, ClusterView view) {
    boolean network = config.transport() == DistributedConfig.Transport.NETWORK;
    if (config.placement() == DistributedConfig.Placement.STANDALONE) {
      return new Choice(Mode.STANDALONE, servers(config));
    }
    if (view.local() && !network) {
      return new Choice(Mode.IN_PROCESS, ONE_PROCESS);
    }
    if (!view.local()) {
      requireLocal(config, context.master());
    }
    boolean plugin = ShardRegistry.current().pluginActive();
    if (!view.local() && plugin && config.placement() != DistributedConfig.Placement.DRIVER) {
      return new Choice(
          Mode.EXECUTORS,
          config.placement() == DistributedConfig.Placement.EXECUTOR
              ? "placement: executor asks for it"
              : "there are executor processes");
    }
    if (!view.local() && !plugin && config.placement() == DistributedConfig.Placement.EXECUTOR) {
      throw new BellowsException(
          ExitCode.CLUSTER,
          "distributed.placement: executor needs --conf spark.plugins="
              + BellowsPlugin.class.getName());
    }
    return new Choice(
        Mode.DRIVER,
        view.local()
            ? "transport: network asks for it"
            : config.placement() == DistributedConfig.Placement.DRIVER
                ? "placement: driver asks for it"
                : "spark.plugins does not name " + BellowsPlugin.class.getName());
  }

  /** Chooses the mode from configuration and cluster and starts what the driver must start. */
  public static ShardCluster open(
      SparkContext context, DistributedConfig config, ClusterView view) {
    Choice choice = choose(context, config, view);
    if (choice.mode() == Mode.IN_PROCESS) {
      return new ShardCluster(choice, config, null, "");
    }
    if (!view.local()
        && !ShardRegistry.current().pluginActive()
        && ClusterSecret.fromSpark() == null) {
      throw new BellowsException(
          ExitCode.CLUSTER,
          "the executors have no secret to reach the shards with: give --conf spark.plugins="
              + BellowsPlugin.class.getName()
              + " or --conf spark.authenticate=true");
    }
    String address = view.local() ? "127.0.0.1" : driverAddress(context);
    ShardCluster cluster = new ShardCluster(choice, config, ClusterSecret.current(), address);
    try {
      cluster.start(config);
      return cluster;
    } catch (RuntimeException e) {
      cluster.close();
      throw e;
    }
  }

  private void start(DistributedConfig config) {
    switch (mode) {
      case EXECUTORS -> replicas = replicas(config);
      case DRIVER -> host = Wire.listen(hostAddress, String.valueOf(secret));
      case STANDALONE -> {
        if (!ClusterSecret.isShared()) {
          throw new BellowsException(
              ExitCode.AUTHENTICATION,
              "distributed.placement: standalone needs the secret of its servers: set "
                  + GivenSecret.FILE
                  + " (or "
                  + GivenSecret.VALUE
                  + ") where the driver starts, or spark.authenticate");
        }
        replicas = replicas(config);
        StandaloneServers made =
            new StandaloneServers(config.servers(), this::connector, ShardRegistry.current());
        servers = made;
        made.connect();
      }
      case IN_PROCESS -> {}
    }
  }

  /**
   * Where shards will live, with the reason, before anything is started; the plugin is loaded.
   *
   * @throws BellowsException exit 3 when the configuration asks for what can't be
   */
  public static String planned(DistributedConfig config, boolean local, String master) {
    if (config.placement() == DistributedConfig.Placement.STANDALONE) {
      return "stand-alone, replica " + replicas(config) + ": " + servers(config);
    }
    if (local && config.transport() != DistributedConfig.Transport.NETWORK) {
      return "in process: " + ONE_PROCESS;
    }
    if (local) {
      return "driver: transport: network asks for it";
    }
    requireLocal(config, master);
    return config.placement() == DistributedConfig.Placement.DRIVER
        ? "driver: placement: driver asks for it"
        : "executor, replica " + replicas(config) + ": there are executor processes";
  }

  private static String servers(DistributedConfig config) {
    return "distributed.servers " + config.servers();
  }

  private static void requireLocal(DistributedConfig config, String master) {
    if (config.transport() == DistributedConfig.Transport.IN_PROCESS) {
      throw new BellowsException(
          ExitCode.CONFIG,
          "distributed.transport: in_process needs a local master, found "
              + master
              + "; remove the key");
    }
  }

  /** Copies of each shard beside the first, where shards live in executors or servers. */
  public static int replicas(DistributedConfig config) {
    boolean alone =
        config.placement() == DistributedConfig.Placement.STANDALONE && config.servers().size() < 2;
    boolean useless = !config.consistency().isBsp() || config.compressed();
    return alone || useless || config.replicas() == 0 ? 0 : 1;
  }

  /** Shard servers of a process that hosts shards. */
  public static int servers(boolean local) {
    return local ? Connectors.LOCAL_SERVERS : 1;
  }

  private static String driverAddress(SparkContext context) {
    return context.conf().get("spark.driver.host", "127.0.0.1");
  }

  /** Where shards live. */
  public Mode mode() {
    return mode;
  }

  /** Why there, for the plan. */
  public String reason() {
    return reason;
  }

  /** Whether the shards are reached over the network, so that connections prove a secret. */
  public boolean network() {
    return secret != null;
  }

  /**
   * What happens to the bytes between tasks and shards, for the plan; empty when they are clear.
   */
  public String encryption() {
    WireMode mode = Wire.mode();
    return network() && mode != WireMode.CLEAR ? mode.toString() : "";
  }

  /** The driver's way to the shards. */
  public Connector connector() {
    return Connectors.get(secret);
  }

  /** Copies of each shard beside the first. */
  public int replicas() {
    return replicas;
  }

  /** Stops making replicas: their servers have no room for them. */
  public void giveUpReplicas() {
    replicas = 0;
  }

  /**
   * Chooses a living host for each shard, and another one for its replica.
   *
   * @param shards how many, {@code >= 1}
   * @param hosts executors that should have registered before the choice is made; fewer are used
   *     when they don't come in time
   * @throws BellowsException exit 7 when no executor offers a shard server
   */
  public ShardPlacement place(int shards, int hosts) throws InterruptedException {
    List<Seat> seats = new ArrayList<>();
    StandaloneServers standalone = servers;
    if (standalone != null) {
      seats.addAll(standalone.await(deadline));
    } else if (mode == Mode.EXECUTORS) {
      seats.addAll(executors(hosts));
    } else {
      ShardHost own = host;
      int servers = own == null ? Connectors.LOCAL_SERVERS : 1;
      for (int i = 0; i < servers; i++) {
        ShardAddress address =
            own == null ? ShardAddress.local(i) : new ShardAddress(hostAddress, own.port());
        seats.add(new Seat(ShardPlacement.DRIVER, address));
      }
    }
    List<Seat> primaries = new ArrayList<>();
    for (int s = 0; s < shards; s++) {
      primaries.add(seats.get(s % seats.size()));
    }
    ShardPlacement chosen = new ShardPlacement(primaries, Map.of());
    present = chosen;
    chosen = chosen.with(replicaSeats(true));
    present = chosen;
    return chosen;
  }

  private List<Seat> executors(int hosts) throws InterruptedException {
    ShardRegistry registry = ShardRegistry.current();
    List<ShardRegistry.Member> members = registry.await(Math.max(1, hosts), REGISTRATION_MS);
    if (members.isEmpty()) {
      throw new BellowsException(
          ExitCode.CLUSTER,
          "no executor offered a shard server within "
              + REGISTRATION_MS / 1000
              + " s"
              + (registry.failures().isEmpty() ? "" : " (" + registry.failures() + ")")
              + "; look at the executors' logs, or set distributed.placement: driver");
    }
    return members.stream().map(ShardCluster::seat).toList();
  }

  private static Seat seat(ShardRegistry.Member member) {
    return new Seat(member.executorId(), new ShardAddress(member.host(), member.port()));
  }

  /**
   * Seats for the replicas that the present placement lacks, has in an executor that leaves, or has
   * in the driver although there is an executor for them.
   *
   * @param driver whether the driver may take those that no executor can
   */
  public Map<Integer, Seat> replicaSeats(boolean driver) {
    if (replicas == 0) {
      return Map.of();
    }
    StandaloneServers standalone = servers;
    if (standalone != null) {
      return present.wanted(standalone.seats());
    }
    ShardPlacement held = present.withoutLeaving(ShardCluster::stays);
    Map<Integer, Seat> seats = held.wanted(stayingSeats());
    for (int s = 0; driver && s < present.primaries().size(); s++) {
      if (!held.hasReplica(s) && !seats.containsKey(s)) {
        seats.put(s, driverSeat());
      }
    }
    return seats;
  }

  /**
   * Seats for copies of the shards that no executor holds which will stay; without replicas, too.
   */
  public Map<Integer, Seat> handOffSeats() {
    ShardPlacement held = present.withoutLeaving(ShardCluster::stays);
    Map<Integer, Seat> wanted = held.wanted(stayingSeats());
    Map<Integer, Seat> seats = new TreeMap<>();
    for (int s = 0; s < present.primaries().size(); s++) {
      if (!stays(present.primaries().get(s).executorId()) && !held.hasReplica(s)) {
        Seat seat = wanted.get(s);
        seats.put(s, seat == null ? driverSeat() : seat);
      }
    }
    return seats;
  }

  private static List<Seat> stayingSeats() {
    ShardRegistry registry = ShardRegistry.current();
    return registry.members().stream()
        .filter(member -> registry.stays(member.executorId()))
        .map(ShardCluster::seat)
        .toList();
  }

  /** The driver's own server, started when it is needed. */
  private Seat driverSeat() {
    ShardHost own = host;
    if (own == null) {
      own = Wire.listen(hostAddress, String.valueOf(secret));
      host = own;
    }
    return new Seat(ShardPlacement.DRIVER, new ShardAddress(hostAddress, own.port()));
  }

  /**
   * What is left of the present placement, without executors that leave where that is possible;
   * empty when a shard has no copy left.
   */
  public Optional<ShardPlacement> survivors() {
    return present.survivors(ShardCluster::stays).or(() -> present.survivors(ShardCluster::alive));
  }

  /**
   * Looks for executors that the cluster manager wants back.
   *
   * @return whether one of them holds the first copy of a shard
   */
  public boolean lookForLeaving(SparkContext context) {
    if (!canLoseShards()) {
      return false;
    }
    TaskScheduler scheduler = context.taskScheduler();
    ShardRegistry.current()
        .lookForLeaving(id -> scheduler.getExecutorDecommissionState(id).isDefined());
    return present.primaries().stream()
        .anyMatch(seat -> alive(seat.executorId()) && !stays(seat.executorId()));
  }

  /** Whether there is an executor that will stay. */
  public boolean hasStaying() {
    return !stayingSeats().isEmpty();
  }

  /** Whether every executor of the present placement is there and will stay. */
  public boolean allStay() {
    return present.executors().stream().allMatch(ShardCluster::stays);
  }

  /** Another placement is the present one from now on. */
  public void adopt(ShardPlacement placement) {
    present = placement;
  }

  /** Whether shards live in processes that can be lost while the driver goes on. */
  public boolean canLoseShards() {
    return mode == Mode.EXECUTORS || mode == Mode.STANDALONE;
  }

  /** Whether a copy of a shard lives (or lived) in this executor or server. */
  public boolean hostsShard(String executorId) {
    return canLoseShards() && present.uses(executorId);
  }

  /** Whether every executor of the present placement is still there. */
  public boolean allAlive() {
    for (String id : present.executors()) {
      if (!alive(id)) {
        return false;
      }
    }
    return true;
  }

  private static boolean stays(String executorId) {
    return executorId.equals(ShardPlacement.DRIVER) || ShardRegistry.current().stays(executorId);
  }

  private static boolean alive(String executorId) {
    return executorId.equals(ShardPlacement.DRIVER) || ShardRegistry.current().alive(executorId);
  }

  @Override
  public void close() {
    StandaloneServers standalone = servers;
    if (standalone != null) {
      standalone.close();
    }
    ShardHost own = host;
    if (own != null) {
      own.close();
    }
    Connectors.leave();
  }
}
