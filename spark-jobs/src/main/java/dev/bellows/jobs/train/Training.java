package dev.bellows.jobs.train;

import dev.bellows.jobs.BellowsException;
import dev.bellows.jobs.Console;
import dev.bellows.jobs.ExitCode;
import dev.bellows.jobs.block.DataShard;
import dev.bellows.jobs.cluster.ShardCluster;
import dev.bellows.jobs.cluster.ShardPlacement;
import dev.bellows.jobs.cluster.SlotGate;
import dev.bellows.jobs.cluster.TaskFailureLog;
import dev.bellows.jobs.evaluate.Evaluation;
import dev.bellows.jobs.run.RunFolder;
import dev.bellows.ps.protocol.Message.LedgerEntry;
import dev.bellows.ps.protocol.Message.StatusReply;
import dev.bellows.ps.protocol.PsErrorCode;
import dev.bellows.ps.protocol.PsException;
import dev.bellows.ps.shard.ShardMap;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import org.jspecify.annotations.Nullable;

/**
 * The driver's loop of one run: segments, epoch ends, checkpoints, and what to do when something is
 * lost. One thread owns it.
 *
 * <p>The shards hold the truth. Whatever happens, training goes on from a {@link RestorePoint}: the
 * shards' own present step, a copy that the driver took a moment ago, a checkpoint, or the initial
 * values, which are a function of the seed. Each of them leads to the same bytes.
 */
final class Training implements AutoCloseable {
  private static final AtomicLong RUNS = new AtomicLong();
  private static final int MAX_COPY_LEAD = 1024;

  private final SparkContext context;
  private final JavaSparkContext spark;
  private final Setup setup;
  private final RunFolder folder;
  private final Console console;
  private final Failpoints failpoints;
  private final ShardCluster cluster;
  private final ShardMap map;
  private final Checkpoints checkpoints;
  private final TaskFailureLog taskFailures;
  private final Watch watch;
  private final Replicas replicas;
  private final Pacing pacing;
  private final EpochEnd epochEnd;
  private final StepLedger ledger;
  private final String runId;
  private final long until;
  private final StopRequest.Source stop;
  private final long startedNanos = System.nanoTime();

  private TrainState state;
  private Divergence divergence;
  private @Nullable ShardSession session;
  private @Nullable RestorePoint newest;
  private int rollbacks;
  private final UnitResiduals residuals;
  private final LedgerCursor steps = new LedgerCursor();

  /**
   * How far ahead of the newest step a copy is asked for; grows when the steps outrun the request.
   */
  private int copyLead = 2;

  Training(
      SparkSession sparkSession,
      Setup setup,
      RunFolder folder,
      Console console,
      Failpoints failpoints,
      @Nullable RestorePoint resumed,
      StopRequest.Source stop) {
    this(sparkSession, setup, folder, console, failpoints, resumed, stop, Long.MAX_VALUE);
  }

  /**
   * A training, or a replay of some of its steps: then there is no validation and no checkpoint,
   * only the ledger of the steps.
   *
   * @param stop asked whether to stop
   * @param until step at which a replay ends; {@code Long.MAX_VALUE}: this is no replay
   */
  Training(
      SparkSession sparkSession,
      Setup setup,
      RunFolder folder,
      Console console,
      Failpoints failpoints,
      @Nullable RestorePoint resumed,
      StopRequest.Source stop,
      long until) {
    this.until = until;
    this.stop = stop;
    this.context = sparkSession.sparkContext();
    this.spark = new JavaSparkContext(context);
    this.setup = setup;
    this.folder = folder;
    this.console = console;
    this.failpoints = failpoints;
    this.map = ShardMap.of(setup.vector().length(), setup.shards());
    this.runId = runId(context.applicationId()) + "-" + RUNS.incrementAndGet();
    this.checkpoints =
        new Checkpoints(folder, console, setup.config().trainer().checkpoint().keep(), failpoints);
    this.epochEnd = new EpochEnd(spark, setup, folder, console);
    this.residuals = new UnitResiduals(spark, setup);
    this.newest = resumed == null ? null : setup.fitting(resumed);
    this.state =
        resumed == null
            ? epochEnd.firstState()
            : TrainState.fromTree(resumed.state(), epochEnd.stoppingRule());
    this.divergence = new Divergence(state.firstLoss);
    this.ledger = new StepLedger(folder, state.step, setup.compression());
    this.cluster = ShardCluster.open(context, setup.config().distributed(), setup.view());
    if (!setup.vector().tables().isEmpty()) {
      cluster.giveUpReplicas();
    }
    this.taskFailures = TaskFailureLog.attach(context, runId);
    SlotGate.current().enter(runId);
    this.watch =
        new Watch(
            console,
            folder,
            taskFailures,
            setup.config().distributed().maxFailures(),
            deadline(),
            setup.movable());
    this.pacing = new Pacing(runId, setup, spark, folder, console);
    this.replicas =
        new Replicas(
            new ShardSession.Shared(
                runId,
                map,
                cluster.connector(),
                setup.runPlan(),
                setup.vector().tables().stream().map(RowTable::spec).toList(),
                deadline(),
                this::gone),
            setup.slots(),
            cluster,
            folder,
            console);
  }

  /** How shards are placed, for the plan. */
  ShardCluster cluster() {
    return cluster;
  }

  /**
   * Trains to the end.
   *
   * @return the final parameters
   * @throws Stopped when somebody asked to stop; a checkpoint was written
   */
  RestorePoint run() throws Stopped, InterruptedException {
    if (!replaying()) {
      epochEnd.header();
    }
    long last = Math.min(setup.segments().totalSteps(), until);
    while (true) {
      try {
        if (session == null) {
          start();
        }
        while (state.step < last && !state.stopped) {
          segment(Math.min(last, setup.segments().end(state.step)));
        }
        return replaying() ? present() : finalPoint();
      } catch (ShardsLost lost) {
        console.detail(String.valueOf(lost.getMessage()));
        folder.lease().renew();
        replicas.lost(steps.next());
        ShardSession left = session;
        // with compression a lost executor's residuals are gone, too; tables have no replicas
        session = left == null || !setup.promotes() ? null : replicas.promote(left, steps.next());
        if (session != null) {
          continue; // nothing but the present step is taken again
        }
        closeSession(left, false);
        ExitCode wanted = stopWanted();
        RestorePoint point = newest;
        if (wanted != null && point != null) {
          throw stopped(wanted, point);
        }
      }
    }
  }

  /** Makes the shards and loads the newest restore point. */
  private void start() throws InterruptedException, ShardsLost {
    RestorePoint point = restorePoint();
    if (rollbacks > 0) {
      console.detail("going back from step " + state.step + " to step " + point.step());
      folder.event("roll_back", Map.of("from", steps.next(), "to", point.step()));
      state = TrainState.fromTree(point.state(), epochEnd.stoppingRule());
      divergence = new Divergence(state.firstLoss);
      ledger.truncate(point.step());
    }
    int hosts = rollbacks == 0 ? setup.view().executors() : 1;
    ShardPlacement placement;
    try {
      placement = cluster.place(setup.shards(), hosts);
    } catch (BellowsException e) {
      throw new BellowsException(e.exitCode(), e.getMessage() + ". " + Checkpoints.kept(folder), e);
    }
    rollbacks++;
    try {
      session = replicas.open(placement, point);
    } catch (PsException e) {
      if (watch.losses(cluster, point.step()) == 0) {
        refuseHopeless(e);
        watch.jobFailed(point.step(), e, "");
      }
      throw new ShardsLost("shards could not be loaded: " + e.getMessage(), e);
    }
    newest = point;
    steps.moveTo(point.step());
  }

  private RestorePoint restorePoint() {
    RestorePoint inMemory = newest;
    Optional<RestorePoint> stored = rollbacks == 0 ? Optional.empty() : checkpoints.latest();
    if (stored.isPresent() && (inMemory == null || stored.get().step() > inMemory.step())) {
      return stored.get();
    }
    if (inMemory != null) {
      return inMemory;
    }
    return setup.fitting(
        new RestorePoint(
            0,
            setup.vector().initial(setup.config().seed()),
            new float[setup.slots()][setup.vector().length()],
            epochEnd.firstState().toTree(setup.fingerprint())));
  }

  /** Takes the steps up to {@code end}, then does what is due there. */
  private void segment(long end) throws Stopped, ShardsLost, InterruptedException {
    ShardSession shards = shards();
    if (setup.pausesOnly() && cluster.lookForLeaving(context) && cluster.hasStaying()) {
      throw new ShardsLost("an executor is leaving: its shards are loaded elsewhere");
    }
    try (SegmentRun run =
        new SegmentRun(context, setup, plan(shards, end), cluster, shards, watch, this)) {
      run.await();
    } catch (PsException e) {
      throw lostOr(e);
    }
    try {
      drain(end);
      RestorePoint raw = residuals.joined(shards.read(end, setup.shardSlots(), Map.of()));
      state.step = end; // not before: after a promotion the segment is entered again
      boolean due = !replaying() && setup.segments().checkpoint(end);
      if (!replaying() && setup.segments().epochEnd(end)) {
        due |= epochEnd.run(state, setup.exported(raw));
      }
      ledger.flush();
      newest = captured(raw, end);
      if (due || (state.stopped && !replaying())) {
        checkpoint(newest);
      }
      failpoints.hit("driver.segment", end);
    } catch (PsException e) {
      throw lostOr(e);
    }
    ExitCode wanted = stopWanted();
    if (wanted != null && end < setup.segments().totalSteps() && !state.stopped) {
      throw stopped(wanted, newest);
    }
  }

  private void checkpoint(RestorePoint point) {
    if (checkpoints.write(point, map, epochEnd.keptBest(state), false)) {
      folder.event("checkpoint", Map.of("step", point.step()));
    }
  }

  /** Called by the segment's loop a few times per second. */
  void tick(SegmentRun run) throws Stopped, ShardsLost, InterruptedException {
    folder.lease().renew();
    watch.silent(steps.next());
    int lost = watch.losses(cluster, steps.next());
    if (lost == 2) {
      throw new ShardsLost("a process with shards was lost");
    }
    if (lost == 1) {
      replicas.lost(shards().version());
      run.restart("an executor was lost");
    }
    try {
      look(run);
      handOff(run);
      replicate(run);
    } catch (PsException e) {
      if (e.code() != PsErrorCode.CANCELLED || !cluster.allAlive()) {
        throw e;
      } // an executor was lost during the call: the next tick deals with it
    }
  }

  /** Takes over what the shards have, shows it, and copies or stops when that is due. */
  private void look(SegmentRun run) throws Stopped, ShardsLost {
    ShardSession shards = shards();
    drain(Long.MAX_VALUE);
    failpoints.hit("driver.tick", steps.next());
    ledger.flush();
    epochEnd.progress(state, steps.next(), pacing.remark());
    ExitCode wanted = stopWanted();
    if (setup.pausesOnly()) {
      RestorePoint begin = newest;
      if (wanted != null && begin != null) {
        throw stopped(wanted, begin);
      }
      return;
    }
    boolean losable = cluster.canLoseShards() || (cluster.network() && !setup.movable());
    boolean copyDue = losable && run.copyDue();
    RestorePoint copy = wanted != null || copyDue ? copyAhead(shards, run) : null;
    if (copy == null) {
      return;
    }
    if (wanted != null) {
      throw stopped(wanted, copy);
    }
    newest = copy;
    run.copyDone();
  }

  /**
   * Moves shards out of executors that the cluster manager wants back, while these are still there:
   * to their replicas, which are made first where there are none; without replicas to a fresh copy.
   */
  private void handOff(SegmentRun run) throws ShardsLost {
    if (setup.pausesOnly() || !cluster.lookForLeaving(context)) {
      return; // a run that is copied at its pauses moves its shards there
    }
    if (setup.promotes()) {
      if (!replicas.handOff(shards(), copyLead, run.end())) {
        return; // not before the segment's end, or there is no room: then the next one goes back
      }
      drain(Long.MAX_VALUE); // new copies know nothing of the steps before them
    } else {
      RestorePoint copy = cluster.hasStaying() ? copyAhead(shards(), run) : null;
      if (copy == null) {
        return;
      }
      newest = copy;
    }
    folder.event("hand_off", Map.of("step", steps.next()));
    throw new ShardsLost("an executor is leaving: its shards go on elsewhere");
  }

  /** Whether calls to the shards need not be waited for: some host is not there. */
  private boolean gone() {
    watch.silent(steps.next());
    return !cluster.allAlive() || watch.unseenLoss();
  }

  /** The pace of the tasks and the deal of the slices. */
  Pacing pacing() {
    return pacing;
  }

  /** The first step that is not finished, as far as is known. */
  long nextStep() {
    return steps.next();
  }

  /** Waits until no task of this training runs any more. */
  void awaitIdle(long timeoutMs) throws InterruptedException {
    taskFailures.awaitIdle(timeoutMs);
  }

  /** Tasks were started anew inside a segment. */
  void dealt(int tasks, String why) {
    folder.event("dealt", Map.of("step", steps.next(), "tasks", (long) tasks, "why", why));
    console.detail("step " + steps.next() + ": " + why + "; " + tasks + " tasks");
  }

  /** Makes the replicas that are missing; what they are loaded with is a restore point, too. */
  private void replicate(SegmentRun run) throws ShardsLost {
    RestorePoint raw = replicas.make(shards(), copyLead, run.end());
    if (raw != null) {
      newest = capture(raw, raw.step());
      run.copyDone();
    }
  }

  /**
   * Copies the shards a little ahead of where they are, while the tasks go on.
   *
   * @return null when there is nothing to copy before the segment ends, or when it must be asked
   *     again: the steps had outrun the request, or an executor was lost meanwhile
   */
  private @Nullable RestorePoint copyAhead(ShardSession shards, SegmentRun run) throws ShardsLost {
    long at = shards.newest() + copyLead;
    if (at >= run.end()) {
      return null;
    }
    failpoints.hit("driver.copy", at);
    RestorePoint raw;
    try {
      raw = shards.read(at, setup.slots(), Map.of());
    } catch (PsException e) {
      if (e.code() == PsErrorCode.STALE_STEP) {
        copyLead = Math.min(2 * copyLead, MAX_COPY_LEAD);
        console.detail("a copy of step " + at + " came too late; next time " + copyLead + " ahead");
        return null;
      }
      throw e;
    }
    return capture(raw, at);
  }

  /** Called while a segment waits for slots that other trainings have. */
  void waiting() throws Stopped {
    folder.lease().renew();
    ExitCode wanted = stopWanted();
    RestorePoint point = newest;
    if (wanted != null && point != null) {
      throw stopped(wanted, point);
    }
  }

  /** Name of the run on the shard servers. */
  String runId() {
    return runId;
  }

  /** The tasks of a segment are done. */
  void finished(List<TaskReport> reports) {
    epochEnd.reports(reports);
    residuals.take(reports);
  }

  /** A copy of shards and state as of a step inside a segment. */
  private RestorePoint capture(RestorePoint raw, long at) throws ShardsLost {
    drain(at);
    state.step = at;
    return captured(raw, at);
  }

  private RestorePoint captured(RestorePoint raw, long at) {
    return new RestorePoint(
        at, raw.values(), raw.slots(), raw.rows(), state.toTree(setup.fingerprint()));
  }

  private Stopped stopped(ExitCode exitCode, RestorePoint point) {
    ledger.flush();
    if (!checkpoints.write(point, map, epochEnd.keptBest(state), true)) {
      throw new BellowsException(
          ExitCode.MEMORY_OR_DISK, "the last checkpoint could not be written");
    }
    folder.event("checkpoint", Map.of("step", point.step()));
    String why = exitCode == ExitCode.OK ? "trainer.max_time is over" : "asked to stop";
    return new Stopped(
        exitCode,
        why
            + ": stopped after step "
            + point.step()
            + " of "
            + setup.segments().totalSteps()
            + ", checkpoint written; `bellows resume "
            + folder.dir()
            + "` goes on");
  }

  private @Nullable ExitCode stopWanted() {
    ExitCode asked = stop.requested();
    if (asked != null) {
      return asked;
    }
    Duration most = setup.config().trainer().maxTime();
    boolean over =
        !replaying() && most != null && System.nanoTime() - startedNanos > most.toNanos();
    return over ? ExitCode.OK : null;
  }

  /** Takes over the ledger entries of finished steps below {@code to}. */
  private void drain(long to) throws ShardsLost {
    steps.take(to, shards()::ledger, this::observe);
  }

  private void observe(LedgerEntry e) {
    ledger.add(e);
    replicas.stepTaken(e.step());
    if (!e.applied()) {
      state.skipped++;
      int most = setup.config().trainer().nanSkips();
      console.warn("step " + e.step() + ": gradient is not finite, step left out");
      if (state.skipped > most) {
        throw divergedAt(
            "gradient was not finite in "
                + state.skipped
                + " steps, trainer.on_nan allows "
                + most);
      }
      return;
    }
    state.epochSums[0] += e.weight();
    state.epochSums[1] += e.loss();
    state.epochSums[2] += e.metric();
    state.epochSums[3] += e.rows();
    if (e.weight() > 0) {
      String wrong = divergence.observe(e.step(), e.loss() / e.weight());
      state.firstLoss = divergence.firstLoss();
      if (wrong != null) {
        throw divergedAt(wrong);
      }
    }
  }

  /**
   * The exception for a job that failed while a shard holds a gradient that is not finite, or null.
   */
  @Nullable BellowsException diverged() {
    StatusReply shard = shards().diverged();
    if (shard == null) {
      return null;
    }
    String layer = watch.divergedLayer();
    return divergedAt(
        "gradient is not finite at step "
            + shard.version()
            + ", slice "
            + shard.badSlice()
            + (layer.isEmpty() ? "" : ", layer " + layer));
  }

  private BellowsException divergedAt(String what) {
    ledger.flush();
    return new BellowsException(
        ExitCode.DIVERGED,
        "training diverged: "
            + what
            + "; "
            + Divergence.advice(setup.config().trainer().optimizer().learningRate())
            + "; the last good checkpoint is kept in "
            + folder.checkpoints());
  }

  /** A failed call to the shards: they are lost, or the failure counts and they are asked again. */
  private ShardsLost lostOr(PsException e) throws InterruptedException {
    refuseHopeless(e);
    for (int i = 0; i < 50; i++) {
      if (watch.losses(cluster, steps.next()) > 0 || !cluster.allAlive()) {
        return new ShardsLost("shards are gone: " + e.getMessage(), e);
      }
      Thread.sleep(100);
    }
    watch.jobFailed(steps.next(), e, "");
    return new ShardsLost("shards do not answer: " + e.getMessage(), e);
  }

  /** Throws when the same call would fail the same way for ever. */
  private void refuseHopeless(PsException e) {
    if (e.code() == PsErrorCode.DIVERGED) {
      BellowsException diverged = session == null ? null : diverged();
      throw diverged == null ? divergedAt(String.valueOf(e.getMessage())) : diverged;
    }
    BellowsException hopeless = Refusals.hopeless(e);
    if (hopeless != null) {
      throw hopeless;
    }
  }

  private boolean replaying() {
    return until < Long.MAX_VALUE;
  }

  private RestorePoint present() {
    RestorePoint last = newest;
    if (last == null) {
      throw new IllegalStateException("training ended without a step");
    }
    return last;
  }

  private RestorePoint finalPoint() {
    RestorePoint last = present();
    long best = state.bestStep;
    if (epochEnd.restoresBest() && best >= 0 && best != last.step()) {
      Optional<RestorePoint> stored = epochEnd.best(best).or(() -> checkpoints.at(best));
      if (stored.isPresent()) {
        return stored.get();
      }
      console.warn(
          "the best epoch's checkpoint (step " + best + ") is gone: the last weights are used");
    }
    return last;
  }

  /** Figures of held-out rows. */
  Evaluation evaluate(JavaRDD<DataShard> rows, float[] values) {
    return epochEnd.evaluate(rows, values);
  }

  /** The driver's state. */
  TrainState state() {
    return state;
  }

  private TaskPlan plan(ShardSession shards, long end) {
    Residuals carried = setup.compressed() ? residuals.send(present()) : null;
    return TaskPlan.of(setup, runId, cluster.network(), shards, carried, end, failpoints);
  }

  private Duration deadline() {
    return setup.config().distributed().deadline();
  }

  private ShardSession shards() {
    ShardSession present = session;
    if (present == null) {
      throw new IllegalStateException("no shards are open");
    }
    return present;
  }

  private void closeSession(@Nullable ShardSession present, boolean drop) {
    session = null;
    if (present == null) {
      return;
    }
    try (present) {
      if (drop) {
        present.drop();
      }
    } catch (PsException e) {
      console.detail("shards could not be dropped: " + e.getMessage());
    }
  }

  @Override
  public void close() {
    closeSession(session, true);
    residuals.close();
    WorkerRuntime.close(runId);
    SlotGate.current().leave(runId);
    pacing.close();
    taskFailures.close();
    cluster.close();
  }

  private long refusedStale() {
    try {
      return session == null ? 0 : shards().refusedStale();
    } catch (PsException e) {
      return 0; // the shards went after the last step
    }
  }

  /** Figures of the run so far, for events and the final summary. */
  Map<String, Object> summary() {
    Map<String, Object> tree = new LinkedHashMap<>();
    tree.put("steps", state.step);
    tree.put("failures", (long) watch.used());
    tree.put("promotions", (long) replicas.promotions());
    tree.put("roll_backs", (long) Math.max(0, rollbacks - 1));
    tree.put("skipped_steps", state.skipped);
    tree.put("refused_stale", refusedStale());
    tree.put("payload_bytes", epochEnd.payloadBytes());
    if (communication().any()) {
      tree.put("communication_hidden", communication().hidden());
    }
    return tree;
  }

  /** What tasks waited for, and when in a few steps. */
  Communication communication() {
    return epochEnd.communication();
  }

  private static String runId(String applicationId) {
    String clean = applicationId.replaceAll("[^A-Za-z0-9._-]", "-");
    return clean.length() > 80 ? clean.substring(0, 80) : clean;
  }
}
