package dev.bellows.jobs.study;

import dev.bellows.jobs.BellowsException;
import dev.bellows.jobs.Console;
import dev.bellows.jobs.ExitCode;
import dev.bellows.jobs.block.GivenRows;
import dev.bellows.jobs.config.RunConfig;
import dev.bellows.jobs.report.RunReport;
import dev.bellows.jobs.run.RunFolder;
import dev.bellows.jobs.train.Fingerprint;
import dev.bellows.jobs.train.StopRequest;
import dev.bellows.jobs.train.TrainJob;
import dev.bellows.jobs.train.TrainOutcome;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.SparkSession;
import org.jspecify.annotations.Nullable;

/**
 * Cross-validation of one configuration: one copy of the data, one model per split, all splits of
 * all repeats in one queue. Whatever is fitted is fitted on each split's training rows. The same
 * data, configuration and seed give the same folds, models and figures for any number of
 * partitions, tasks and executors, and after a kill and resume, which runs no finished unit again.
 */
public final class CvJob {
  /** Key of run.json that says what a folder's run is, where it is more than a training. */
  public static final String JOB = "job";

  /** Value of {@link #JOB}. */
  public static final String NAME = "cv";

  private CvJob() {}

  /**
   * Cross-validates, and trains on all rows at the end where {@code cv.refit} says so.
   *
   * @param folder the run folder; closed at the end, whatever happens
   * @param allowChange configuration keys that may differ from those of the run in the folder
   * @param stop asked several times a second whether to stop
   * @return how it ended; with the figures of the cross-validation as {@code cv_...}
   * @throws BellowsException with the exit code of what went wrong
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
      return finishedBefore(config, folder, allowChange);
    }
    try {
      requirePossible(config);
      CvTable table = measure(session, config, given, folder, console, allowChange, stop);
      if (table == null) {
        return stopped(folder, stop.requested());
      }
      folder.put(Map.of(NAME, table.tree()));
      if (!config.cv().refit()) {
        folder.finish("finished", ExitCode.OK, Map.of());
        report(config, folder, console);
        folder.close();
        return new TrainOutcome(ExitCode.OK, table.line(), null, null, 0, table.figures());
      }
      console.section("refit", "one model on all rows");
    } catch (Exception | OutOfMemoryError e) { // Spark throws checked exceptions undeclared
      throw failed(folder, e);
    }
    return TrainJob.run(session, config, given, folder, console, allowChange, stop);
  }

  /** A finished study is compared, and left as it is. */
  static TrainOutcome finishedBefore(RunConfig config, RunFolder folder, List<String> allowChange) {
    try (folder) {
      StudyData.requireSame(folder, Fingerprint.ofStudyConfig(config), allowChange);
      String model = folder.get("model_sha256") == null ? null : folder.model().root();
      return new TrainOutcome(
          ExitCode.OK,
          "the study in " + folder.dir() + " is finished already: nothing to do",
          model,
          model == null ? null : String.valueOf(folder.get("model_sha256")),
          folder.get("steps") instanceof Number n ? n.longValue() : 0,
          Map.of());
    }
  }

  /** Notes in the folder what went wrong and gives it back. */
  static RuntimeException failed(RunFolder folder, Throwable e) {
    if (e instanceof InterruptedException) {
      Thread.currentThread().interrupt();
    }
    ExitCode code =
        e instanceof BellowsException known
            ? known.exitCode()
            : e instanceof InterruptedException ? ExitCode.INTERRUPTED : ExitCode.INTERNAL;
    try (folder) {
      folder.failed(code, String.valueOf(e.getMessage()));
    }
    return e instanceof RuntimeException unchecked
        ? unchecked
        : new BellowsException(code, "the study failed: " + e, e);
  }

  /** Reads the data, divides it and says what would be run. */
  public static void plan(SparkSession session, RunConfig config, Console console) {
    requirePossible(config);
    try (StudyData data = StudyData.open(session, config, GivenRows.NONE)) {
      data.describe(console, "");
    }
  }

  /** Refuses what can't run as units. */
  static void requirePossible(RunConfig config) {
    String problem = UnitRun.problem(config);
    if (problem != null) {
      throw new BellowsException(ExitCode.CONFIG, problem);
    }
  }

  /** All units; null when it was stopped. */
  private static @Nullable CvTable measure(
      SparkSession session,
      RunConfig config,
      GivenRows given,
      RunFolder folder,
      Console console,
      List<String> allowChange,
      StopRequest.Source stop)
      throws InterruptedException {
    folder.writeConfig();
    try (StudyData data = StudyData.open(session, config, given)) {
      data.begin(folder, NAME, allowChange);
      UnitLog log = new UnitLog(folder);
      Map<Integer, UnitResult> done = log.read();
      done.values().removeIf(result -> !result.complete()); // another try
      data.describe(console, done.isEmpty() ? "" : "; " + done.size() + " are done");
      data.fit();
      CvTable table = new CvTable(config, data, console);
      List<Unit> units = new ArrayList<>();
      for (int split = 0; split < data.folds().splits(); split++) {
        if (!done.containsKey(split)) {
          units.add(new Unit(split, 0, split, 0, config, table.metrics(), true));
        }
      }
      table.header();
      done.values().forEach(table::add);
      try (UnitQueue queue = data.queue(0)) {
        boolean whole =
            queue.run(
                units,
                "bellows: cross-validation",
                result -> {
                  log.add(result);
                  table.add(result);
                },
                () -> stop.requested() != null);
        if (!whole) {
          return null;
        }
      }
      table.requireComplete();
      table.summarise(data.block());
      CvFiles.write(session, folder, table);
      return table;
    }
  }

  static void report(RunConfig config, RunFolder folder, Console console) {
    if (config.output().report()) {
      try {
        RunReport.write(folder.files());
      } catch (RuntimeException e) {
        console.warn("report.html was not written: " + e.getMessage());
      }
    }
  }

  static TrainOutcome stopped(RunFolder folder, @Nullable ExitCode asked) {
    ExitCode code = asked == null ? ExitCode.INTERRUPTED : asked;
    String message =
        "asked to stop: what is finished is kept; `bellows resume " + folder.dir() + "` goes on";
    folder.event("stopped", Map.of("why", message));
    folder.finish("stopped", code, Map.of("message", message));
    folder.close();
    return new TrainOutcome(code, message, null, null, -1, Map.of());
  }
}
