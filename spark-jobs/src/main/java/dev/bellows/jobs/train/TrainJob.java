package dev.bellows.jobs.train;

import dev.bellows.jobs.BellowsException;
import dev.bellows.jobs.Console;
import dev.bellows.jobs.ExitCode;
import dev.bellows.jobs.block.GivenRows;
import dev.bellows.jobs.cluster.ShardCluster;
import dev.bellows.jobs.config.RunConfig;
import dev.bellows.jobs.run.RunFolder;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.SparkConf;
import org.apache.spark.sql.SparkSession;
import org.jspecify.annotations.Nullable;

/**
 * Trains one model on Spark through the parameter server.
 *
 * <p>The driver reads and prepares the rows (cached on the executors), puts the parameters into
 * shards, and runs one Spark job per <em>segment</em>, that is from one epoch end or checkpoint to
 * the next. Inside a segment the tasks talk to the shards only. After each segment the driver
 * validates, writes history and checkpoints, and decides about early stopping.
 *
 * <p>Same configuration, data and seed give the same bytes of {@code model/weights.safetensors} for
 * any number of partitions, tasks, executors and shards, after lost executors, and after a kill of
 * the driver followed by {@link ResumeJob}.
 *
 * <p>Blocking. Several threads may train in one Spark session side by side, each its own run
 * folder: they share its slots by {@link dev.bellows.jobs.cluster.SlotGate} and end with the bytes
 * that each has alone.
 */
public final class TrainJob {
  private TrainJob() {}

  /**
   * Trains, or goes on with the unfinished run that the folder holds.
   *
   * @param session a Spark session, best made with {@link
   *     dev.bellows.jobs.cluster.SparkSettings#apply}
   * @param config the configuration, data paths absolute
   * @param folder the run folder; closed at the end, whatever happens
   * @param console where progress goes
   * @return how it ended; a stop on request is an outcome, too
   * @throws BellowsException with the exit code of what went wrong
   */
  public static TrainOutcome run(
      SparkSession session, RunConfig config, RunFolder folder, Console console) {
    return run(session, config, GivenRows.NONE, folder, console, List.of(), StopRequest::requested);
  }

  /**
   * As {@link #run(SparkSession, RunConfig, RunFolder, Console)}, with data frames in place of
   * configured sources.
   *
   * @param given the data frames
   * @param allowChange configuration keys that may differ from those of the run in the folder
   * @param stop asked several times a second whether to stop
   */
  public static TrainOutcome run(
      SparkSession session,
      RunConfig config,
      GivenRows given,
      RunFolder folder,
      Console console,
      List<String> allowChange,
      StopRequest.Source stop) {
    if (folder.found() == RunFolder.Found.FINISHED) {
      folder.close();
      Object before = folder.get("fingerprint");
      if (before != null) {
        Fingerprint.requireSame(
            Fingerprint.stored(Map.of("fingerprint", before)),
            Fingerprint.ofConfig(ConfigTree.flat(config)),
            allowChange,
            folder.dir());
      }
      return finishedBefore(folder);
    }
    try (folder) {
      return train(session, config, given, folder, console, allowChange, stop);
    } catch (BellowsException e) {
      String status = e.exitCode() == ExitCode.DIVERGED ? "diverged" : "failed";
      fail(folder, status, e.exitCode(), String.valueOf(e.getMessage()));
      throw e;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      fail(folder, "interrupted", ExitCode.INTERRUPTED, "the training thread was interrupted");
      throw new BellowsException(ExitCode.INTERRUPTED, "the training thread was interrupted", e);
    } catch (Exception | OutOfMemoryError e) { // Spark throws checked exceptions undeclared
      fail(folder, "failed", ExitCode.INTERNAL, e.toString());
      throw e;
    }
  }

  /**
   * Says what a training would take, from the configuration alone: no Spark is started and no row
   * is read.
   *
   * @param conf settings that the session would be made with, with its master
   * @return false when the data has to be read first: {@link #plan} does
   * @throws BellowsException exit 3 when the run can't be, with the arithmetic and the fix
   */
  public static boolean forecast(RunConfig config, SparkConf conf, Console console) {
    Draft draft = Forecast.of(config, conf);
    if (draft != null) {
      console.section(
          "plan",
          Plan.count(draft.tasks(), "worker")
              + ", "
              + Plan.count(draft.shards(), "shard")
              + "  "
              + draft.slices()
              + " slices/step  from the configuration alone, data not read");
      Plan.printAll(draft, console);
    }
    return draft != null;
  }

  /**
   * Refuses what can't run before anything is started, as far as the configuration tells.
   *
   * @param conf settings that the session will be made with, with its master
   * @throws BellowsException exit 3 with the arithmetic and the fix
   */
  public static void refuseImpossible(RunConfig config, SparkConf conf) {
    Forecast.refuse(config, conf);
  }

  /**
   * Reads the data and says what a training would take, without starting one.
   *
   * @return the plan as a tree, as in plan.json
   */
  public static Map<String, Object> plan(SparkSession session, RunConfig config, Console console) {
    try (Setup setup = Setup.of(session, config, GivenRows.NONE)) {
      String master = session.sparkContext().master();
      String placement = ShardCluster.planned(config.distributed(), setup.view().local(), master);
      Draft draft =
          Draft.of(
              config,
              setup.view(),
              setup.tasks(),
              setup.shards(),
              setup.rows(),
              setup.spec(),
              setup.vector(),
              placement,
              setup.heapBytes());
      Plan.print(setup, placement, console);
      Plan.printAll(draft, console);
      return setup.planTree();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new BellowsException(ExitCode.INTERRUPTED, "planning was interrupted", e);
    }
  }

  private static TrainOutcome train(
      SparkSession session,
      RunConfig config,
      GivenRows given,
      RunFolder folder,
      Console console,
      List<String> allowChange,
      StopRequest.Source stop)
      throws InterruptedException {
    Failpoints failpoints = Failpoints.fromEnvironment();
    Checkpoints stored =
        new Checkpoints(folder, console, config.trainer().checkpoint().keep(), failpoints);
    Optional<RestorePoint> found =
        folder.found() == RunFolder.Found.NEW ? Optional.empty() : stored.latest();
    // What needs no data is compared before it is read.
    found.ifPresent(
        point ->
            Fingerprint.requireSame(
                Fingerprint.stored(point.state()),
                Fingerprint.ofConfig(ConfigTree.flat(config)),
                allowChange,
                folder.dir()));
    GivenMark.requireSame(folder, given);
    folder.writeConfig();
    try (Setup setup = Setup.of(session, config, given)) {
      RestorePoint resumed = found.orElse(null);
      if (resumed != null) {
        Fingerprint.requireSame(
            Fingerprint.stored(resumed.state()), setup.fingerprint(), allowChange, folder.dir());
      }
      begin(session, setup, given, folder, resumed);
      try (Training training =
          new Training(session, setup, folder, console, failpoints, resumed, stop)) {
        Plan.print(setup, Plan.placement(training.cluster()), console);
        if (resumed != null) {
          console.section("resume", "from the checkpoint of step " + resumed.step());
        }
        RestorePoint end = training.run();
        return new Finish(setup, folder, console, training).write(end);
      } catch (Stopped end) {
        return stopped(folder, console, end);
      }
    }
  }

  private static void begin(
      SparkSession session,
      Setup setup,
      GivenRows given,
      RunFolder folder,
      @Nullable RestorePoint resumed) {
    Map<String, Object> run = new LinkedHashMap<>();
    run.put("spark_app_id", session.sparkContext().applicationId());
    run.put("spark_master", session.sparkContext().master());
    run.put("versions", Plan.versions(session));
    run.put("seed", setup.config().seed());
    run.put("fingerprint", setup.fingerprint());
    run.put(GivenMark.KEY, GivenMark.of(given));
    folder.put(run);
    folder.writeJson("plan.json", setup.planTree());
    folder.writeJson("data-profile.json", setup.data().profile().toJson());
    folder.event(
        resumed == null ? "start" : "resume",
        Map.of("step", resumed == null ? 0L : resumed.step()));
  }

  private static TrainOutcome stopped(RunFolder folder, Console console, Stopped stop) {
    console.progressDone();
    String message = String.valueOf(stop.getMessage());
    folder.event("stopped", Map.of("why", message));
    folder.finish("stopped", stop.exitCode(), Map.of("message", message));
    return new TrainOutcome(stop.exitCode(), message, null, null, -1, Map.of());
  }

  private static TrainOutcome finishedBefore(RunFolder folder) {
    String sha = folder.get("model_sha256") instanceof String s ? s : null;
    long steps = folder.get("steps") instanceof Number n ? n.longValue() : -1;
    String model = folder.model().root();
    return new TrainOutcome(
        ExitCode.OK,
        "the run in "
            + folder.dir()
            + " is finished already: nothing to do; model "
            + model
            + " sha256 "
            + sha,
        model,
        sha,
        steps,
        Map.of());
  }

  private static void fail(RunFolder folder, String status, ExitCode code, String why) {
    try {
      folder.event("failed", Map.of("exit_code", (long) code.code(), "why", why));
      folder.finish(status, code, Map.of("message", why));
    } catch (BellowsException second) {
      folder.close(); // a full disk or a fenced folder: the first failure is the one to tell
    }
  }
}
