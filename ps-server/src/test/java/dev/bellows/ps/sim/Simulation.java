package dev.bellows.ps.sim;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bellows.engine.optim.UpdateRule;
import dev.bellows.ps.client.ShardAddress;
import dev.bellows.ps.protocol.Message;
import dev.bellows.ps.protocol.Target;
import dev.bellows.ps.server.Counter;
import dev.bellows.ps.shard.ShardMap;
import java.util.ArrayList;
import java.util.List;

/**
 * One simulated run: servers, a driver and tasks on a faulty network, in one thread and virtual
 * time, compared with the sequential truth after every event.
 */
final class Simulation {
  private static final long MAX_EVENTS = 2_000_000;

  final SimNetwork network;
  final SimDriver driver;
  private final SimWorld world;
  private final Workload work;
  private final Faults faults;
  private final ShardMap map;
  private final List<ShardAddress> placement = new ArrayList<>();
  private final List<SimTask> current = new ArrayList<>();
  private final List<SimTask> everybody = new ArrayList<>();
  private final int tasks;
  private final long memoryBound;
  private final long[] lastVersion;
  private final long[] lastIncarnation;
  private final boolean replicated;

  /** Newest version that a task of this roll-back has read whole. */
  private long seen;

  private long seenRollBacks;
  private long nextClient = 1;
  private int replacementsLeft;
  private int crashesLeft;

  Simulation(SimRandom random, Workload work, int shards, int tasks, Faults faults) {
    this(random, work, shards, tasks, faults, false);
  }

  /**
   * A run.
   *
   * @param replicated every shard has a replica on another host, while there is one
   */
  Simulation(
      SimRandom random, Workload work, int shards, int tasks, Faults faults, boolean replicated) {
    this.replicated = replicated;
    this.world = new SimWorld(random);
    this.work = work;
    this.faults = faults;
    this.tasks = tasks;
    this.map = ShardMap.of(work.length, shards);
    this.network = new SimNetwork(world, faults);
    int hosts = replicated ? random.between(2, 3) : random.between(1, shards);
    for (int h = 0; h < hosts; h++) {
      SimNetwork.Host host = network.addHost();
      if (replicated) {
        host.ticking();
      }
    }
    for (int shard = 0; shard < shards; shard++) {
      placement.add(network.hosts().get(shard % hosts).address);
    }
    boolean coded = !work.compression.isNone();
    int slots = new UpdateRule(work.spec).slots() + (coded ? 1 : 0);
    this.lastVersion = new long[shards];
    this.lastIncarnation = new long[shards];
    this.replacementsLeft = faults.replacements();
    this.crashesLeft = faults.crashes();
    // values twice, slots, a snapshot, and at worst one buffer per slice for the sums
    long perElement =
        4L * (2 + slots + 1 + slots + work.slices + (replicated ? 1 : 0) + (coded ? 2 : 0));
    this.memoryBound =
        (replicated ? 2L : 1L)
                * shards
                * (1000L * (coded ? 112 : 64) + perElement * Math.min(work.length, ShardMap.CHUNK))
            + (replicated ? 2L : 1L) * perElement * work.length;
    this.seen = -1;
    this.driver =
        new SimDriver(world, network, work, map, placement, replicated, slots, this::startTasks);
    driver.segments().rollBack = this::residualsLost;
  }

  /** All tasks are stopped and start again from the newest snapshot. */
  private void residualsLost() {
    if (crashesPending > 0) {
      return; // they start again anyway
    }
    crashesPending++;
    for (SimTask task : current) {
      task.replaced = true;
    }
    current.clear();
    world.after(
        world.random.between(1, 10) * SimWorld.MS,
        () -> {
          crashesPending--;
          if (crashesPending == 0) {
            driver.load();
          }
        });
  }

  /** Slices of a unit; one without compression. */
  private int unitSlices() {
    return work.compression.isNone() ? 1 : 1 << work.compression.level(work.slices);
  }

  /** Runs to the end and checks everything. */
  void run() {
    driver.load();
    scheduleTrouble();
    while (!ended()) {
      if (!world.step() || world.handled() > MAX_EVENTS) {
        throw new AssertionError(
            "no end after " + world.handled() + " events, " + world.now() / SimWorld.MS + " ms");
      }
      checkInvariants();
    }
    network.faulty = false;
  }

  private boolean ended() {
    if (current.isEmpty() || !driver.idle() || crashesPending > 0 || placeholders > 0) {
      return false;
    }
    for (SimTask task : current) {
      if (!task.over()) {
        return false;
      }
    }
    return true;
  }

  /** Crashes whose roll-back has not begun. */
  private int crashesPending;

  private void startTasks() {
    current.clear();
    if (seenRollBacks != driver.rollBacks) {
      seenRollBacks = driver.rollBacks;
      seen = -1;
    }
    if (smallestVersion() < seen) {
      throw new AssertionError(
          "promoted at version " + smallestVersion() + ", a task has seen " + seen);
    }
    int[] cuts = new int[tasks + 1];
    for (int t = 0; t <= tasks; t++) {
      int units = (work.slices + unitSlices() - 1) / unitSlices();
      cuts[t] = Math.min(work.slices, t * units / tasks * unitSlices());
    }
    for (int t = 0; t < tasks; t++) {
      if (cuts[t] < cuts[t + 1]) {
        startTask(cuts[t], cuts[t + 1]);
      }
    }
  }

  private void startTask(int from, int to) {
    long id = nextClient++;
    SimTask task =
        new SimTask(
            world,
            network,
            work,
            driver.options().task(id, "task " + id, from, to),
            this::saw,
            driver.segments());
    task.replaced = crashesPending > 0;
    current.add(task);
    everybody.add(task);
  }

  private void saw(SimTask task, long version) {
    if (!task.replaced) {
      seen = Math.max(seen, version);
    }
  }

  private void scheduleTrouble() {
    SimRandom random = world.random;
    if (replacementsLeft > 0) {
      world.after(random.between(1, 60) * SimWorld.MS, this::replaceSome);
    }
    if (replacementsLeft > 0 || crashesLeft > 0) {
      world.after(random.between(1, 100) * SimWorld.MS, this::pauseOne);
    }
    if (crashesLeft > 0) {
      world.after(random.between(5, 120) * SimWorld.MS, this::crashOne);
      if (work.compression.isNone()) {
        world.after(random.between(1, 20) * SimWorld.MS, this::snapshotSoon);
      }
      if (replicated) {
        world.after(random.between(1, 60) * SimWorld.MS, this::replicateSoon);
      }
    }
  }

  /** A server stands still for up to a third of a second, now and then. */
  private void pauseOne() {
    world.random.pick(network.hosts()).pause(world.random.between(1, 300) * SimWorld.MS);
    pauses++;
    world.after(world.random.between(20, 400) * SimWorld.MS, this::pauseOne);
  }

  /** Number of times that a server stood still. */
  long pauses;

  private void snapshotSoon() {
    driver.snapshot(smallestVersion() + world.random.between(1, 3));
    world.after(world.random.between(5, 40) * SimWorld.MS, this::snapshotSoon);
  }

  private void replicateSoon() {
    driver.replicate(smallestVersion() + world.random.between(1, 3));
    world.after(world.random.between(5, 60) * SimWorld.MS, this::replicateSoon);
  }

  /** Takes one or two neighbours out and gives their slices, cut anew, to one or two others. */
  private void replaceSome() {
    if (replacementsLeft-- <= 0) {
      return;
    }
    world.after(world.random.between(1, 80) * SimWorld.MS, this::replaceSome);
    if (current.isEmpty() || !driver.idle() || crashesPending > 0) {
      return;
    }
    SimRandom random = world.random;
    int at = random.below(current.size());
    SimTask first = current.get(at);
    SimTask second = null;
    if (random.chance(0.5)) {
      for (SimTask other : current) {
        if (other.from == first.to && other != first) {
          second = other;
        }
      }
    }
    if (first.done()) {
      return;
    }
    int from = first.from;
    int to = first.to;
    takeOut(first);
    if (second != null && !second.done()) {
      to = second.to;
      takeOut(second);
    }
    int drawn = random.between(from, to);
    int cut = drawn == to ? to : drawn / unitSlices() * unitSlices();
    int end = to;
    long delay = random.between(0, 30) * SimWorld.MS;
    long incarnation = driver.incarnation;
    placeholders++;
    world.after(
        delay,
        () -> {
          placeholders--;
          if (driver.incarnation == incarnation && crashesPending == 0) {
            if (cut > from) {
              startTask(from, cut);
            }
            if (cut < end) {
              startTask(cut, end);
            }
          }
        });
  }

  private int placeholders;

  private void takeOut(SimTask task) {
    current.remove(task);
    task.replaced = true;
    if (faults.zombies()) {
      task.pause(world.random.between(1, 20_000) * SimWorld.MS / world.random.between(1, 200));
    } else {
      task.kill();
    }
  }

  private void crashOne() {
    if (crashesLeft-- <= 0) {
      return;
    }
    world.after(world.random.between(20, 150) * SimWorld.MS, this::crashOne);
    SimNetwork.Host host = world.random.pick(network.hosts());
    if (!host.up) {
      return;
    }
    crashesPending++;
    // Else it lives on, with its tasks: the driver thinks that it does not, or restarted itself.
    boolean lost = !world.random.chance(replicated ? 0.3 : 0.2);
    if (lost) {
      host.crash();
      world.after(world.random.between(1, 30) * SimWorld.MS, host::restart);
    }
    for (SimTask task : current) {
      task.replaced = true;
    }
    current.clear();
    world.after(
        world.random.between(1, 60) * SimWorld.MS,
        () -> {
          crashesPending--;
          for (SimTask task : current) {
            task.replaced = true;
          }
          current.clear();
          if (replicated) {
            driver.lost(List.of(host.address));
          } else {
            driver.load();
          }
        });
  }

  private void checkInvariants() {
    for (SimNetwork.Host host : network.hosts()) {
      long bytes = host.server.allocatedBytes();
      if (bytes < 0 || bytes > memoryBound) {
        throw new AssertionError("a server holds " + bytes + " bytes, bound " + memoryBound);
      }
    }
    for (int shard = 0; shard < map.shards(); shard++) {
      Message.StatusReply status = status(shard);
      if (status == null) {
        continue;
      }
      long version = status.version();
      if (status.incarnation() == lastIncarnation[shard] && version < lastVersion[shard]) {
        throw new AssertionError(
            "shard " + shard + " went back from " + lastVersion[shard] + " to " + version);
      }
      if (status.incarnation() < lastIncarnation[shard]
          && lastIncarnation[shard] == driver.incarnation) {
        throw new AssertionError(
            "shard " + shard + " went back to incarnation " + status.incarnation());
      }
      if (status.newestVersion() - version > 1 || status.newestVersion() > work.totalSteps) {
        throw new AssertionError(
            "chunks of shard " + shard + " are at " + version + " and " + status.newestVersion());
      }
      if (replicated && world.handled() % 8 == 0) {
        checkReplica(shard);
      }
      lastVersion[shard] = version;
      lastIncarnation[shard] = status.incarnation();
    }
  }

  /** A replica stands at its primary's version or one before it, with the truth's values. */
  private void checkReplica(int shard) {
    if (driver.replica(shard) == null) {
      return;
    }
    Target target = new Target("sim", shard, driver.incarnation);
    if (!(ask(driver.primary(shard), new Message.Status(target))
            instanceof Message.StatusReply primary)
        || !(ask(driver.replica(shard), new Message.Status(target))
            instanceof Message.StatusReply replica)) {
      return; // one of them is being promoted, or was lost and the driver doesn't know it yet
    }
    long lag = primary.newestVersion() - replica.version();
    if (lag < 0 || lag > 1 + primary.newestVersion() - primary.version()) {
      throw new AssertionError(
          "replica of shard " + shard + " is at " + replica + ", its primary at " + primary);
    }
    requireTruth(driver.replica(shard), shard, replica.version());
    replicaChecks++;
  }

  /** Number of times that a replica was compared with the truth. */
  long replicaChecks;

  private void requireTruth(ShardAddress server, int shard, long version) {
    Target target = new Target("sim", shard, driver.incarnation);
    float[] truth = work.version(version);
    for (int chunk = map.firstChunk(shard); chunk < map.endChunk(shard); chunk++) {
      Message.Values values =
          (Message.Values) ask(server, new Message.Pull(target, 0, version, chunk));
      for (int i = 0; i < values.values().length(); i++) {
        float found = values.values().array()[values.values().offset() + i];
        if (Float.floatToRawIntBits(found) != Float.floatToRawIntBits(truth[values.from() + i])) {
          throw new AssertionError(
              "element "
                  + (values.from() + i)
                  + " on "
                  + server
                  + " is "
                  + found
                  + ", truth "
                  + truth[values.from() + i]);
        }
      }
    }
  }

  /** Optimiser slots of a shard's copies are the same bits; both stand at the last version. */
  private void requireEqualSlots(int shard) {
    Target target = new Target("sim", shard, driver.incarnation);
    for (ShardAddress server : List.of(driver.primary(shard), driver.replica(shard))) {
      ask(server, new Message.Snapshot(target, work.totalSteps));
    }
    for (int slot = 0; slot <= new UpdateRule(work.spec).slots(); slot++) {
      for (int chunk = map.firstChunk(shard); chunk < map.endChunk(shard); chunk++) {
        Message.Get get = new Message.Get(target, work.totalSteps, slot, chunk);
        assertThat(floats(ask(driver.replica(shard), get)))
            .as("slot %d of shard %d", slot, shard)
            .isEqualTo(floats(ask(driver.primary(shard), get)));
      }
    }
  }

  private static float[] floats(Message values) {
    dev.bellows.ps.protocol.Floats f = ((Message.Values) values).values();
    return java.util.Arrays.copyOfRange(f.array(), f.offset(), f.offset() + f.length());
  }

  private long smallestVersion() {
    long version = Long.MAX_VALUE;
    for (int shard = 0; shard < map.shards(); shard++) {
      Message.StatusReply status = status(shard);
      version = status == null ? version : Math.min(version, status.version());
    }
    return version == Long.MAX_VALUE ? 0 : version;
  }

  /** State of a shard read past the network, or null when there is none. */
  Message.StatusReply status(int shard) {
    return ask(shard, new Message.Status(new Target("sim", shard, driver.incarnation)))
            instanceof Message.StatusReply status
        ? status
        : null;
  }

  private Message ask(int shard, Message request) {
    return ask(driver.primary(shard), request);
  }

  private Message ask(ShardAddress server, Message request) {
    for (SimNetwork.Host host : network.hosts()) {
      if (host.address.equals(server) && host.up) {
        Message[] answer = new Message[1];
        host.server.handle(-1, -1, request, (to, id, m) -> answer[0] = to == -1 ? m : answer[0]);
        return answer[0];
      }
    }
    return null;
  }

  /**
   * Final parameters and ledgers are the truth's, bit by bit; every accepted contribution was
   * needed.
   */
  void checkResult() {
    long[] codes = new long[2 * (int) work.totalSteps];
    for (SimTask task : current) {
      assertThat(task.done()).as("task %d-%d ended: %s", task.from, task.to, task.end).isTrue();
    }
    for (int shard = 0; shard < map.shards(); shard++) {
      if (map.isEmpty(shard)) {
        continue;
      }
      Target target = new Target("sim", shard, driver.incarnation);
      requireTruth(driver.primary(shard), shard, work.totalSteps);
      if (driver.replica(shard) != null) {
        requireTruth(driver.replica(shard), shard, work.totalSteps);
        requireEqualSlots(shard);
      }
      Message.LedgerReply ledger =
          (Message.LedgerReply) ask(shard, new Message.Ledger(target, 0, 1000));
      assertThat(ledger.entries()).hasSize((int) (work.totalSteps - driver.ledgerFrom(shard)));
      for (Message.LedgerEntry entry : ledger.entries()) {
        assertThat(new double[] {entry.weight(), entry.loss(), entry.metric(), entry.rows()})
            .isEqualTo(work.totals(entry.step()));
        assertThat(entry.applied()).isEqualTo(!work.badStep.test(entry.step()));
        checkCodes(entry, shard, codes);
      }
      long[] counters = status(shard).counters();
      assertThat(Counter.STEPS_APPLIED.in(counters) + Counter.STEPS_SKIPPED.in(counters))
          .isEqualTo(ledger.entries().size());
    }
  }

  /** Squares of a step are the truth's; bytes are when the last shard has added its own. */
  private void checkCodes(Message.LedgerEntry entry, int shard, long[] codes) {
    if (entry.coded() == null) {
      assertThat(work.compression.isNone()).isTrue();
      return;
    }
    int step = (int) entry.step();
    codes[2 * step] += entry.coded().bytesUp();
    codes[2 * step + 1] += entry.coded().bytesDown();
    Message.CodedStep truth = work.codes(step);
    assertThat(entry.coded().wanted()).isEqualTo(truth.wanted());
    assertThat(entry.coded().left()).isEqualTo(truth.left());
    if (shard == map.shards() - 1 && !map.isEmpty(shard)) {
      assertThat(codes[2 * step]).isEqualTo(truth.bytesUp());
      assertThat(codes[2 * step + 1]).isEqualTo(truth.bytesDown());
    }
  }

  /** Tasks that ended otherwise than by finishing. */
  List<SimTask> everybody() {
    return everybody;
  }
}
