package dev.bellows.jobs.study;

import dev.bellows.engine.sample.split.Role;
import dev.bellows.jobs.BellowsException;
import dev.bellows.jobs.Console;
import dev.bellows.jobs.ExitCode;
import dev.bellows.jobs.block.GivenRows;
import dev.bellows.jobs.block.InnerHoldout;
import dev.bellows.jobs.block.StudyRows;
import dev.bellows.jobs.cluster.ClusterView;
import dev.bellows.jobs.config.RunConfig;
import dev.bellows.jobs.report.RunReport;
import dev.bellows.jobs.run.RunFolder;
import dev.bellows.jobs.train.Fingerprint;
import dev.bellows.jobs.train.StopRequest;
import dev.bellows.jobs.train.TrainJob;
import dev.bellows.jobs.train.TrainOutcome;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.api.java.JavaSparkContext;
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

  private static final String FINGERPRINT = "study_fingerprint";

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
      return TrainJob.run(session, config, given, folder, console, allowChange, stop);
    }
    try {
      requirePossible(config);
      CvTable table = measure(session, config, given, folder, console, allowChange, stop);
      if (table == null) {
        ExitCode asked = stop.requested();
        return stopped(folder, asked == null ? ExitCode.INTERRUPTED : asked);
      }
      if (!config.cv().refit()) {
        folder.finish("finished", ExitCode.OK, Map.of("cv", table.tree()));
        report(config, folder, console);
        folder.close();
        return new TrainOutcome(ExitCode.OK, table.line(), null, null, 0, table.figures());
      }
      folder.put(Map.of("cv", table.tree()));
      console.section("refit", "one model on all rows");
    } catch (BellowsException e) {
      folder.failed(e.exitCode(), String.valueOf(e.getMessage()));
      folder.close();
      throw e;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      folder.failed(ExitCode.INTERRUPTED, "interrupted");
      folder.close();
      throw new BellowsException(
          ExitCode.INTERRUPTED, "the thread of the study was interrupted", e);
    }
    return TrainJob.run(session, config, given, folder, console, allowChange, stop);
  }

  private static void begin(
      RunConfig config, StudyRows rows, RunFolder folder, List<String> allowChange) {
    Map<String, Object> now = Fingerprint.ofStudy(config, rows.profile().fingerprint());
    if (folder.get(FINGERPRINT) instanceof Map<?, ?> stored) {
      Map<String, Object> was = new LinkedHashMap<>();
      stored.forEach((key, value) -> was.put(String.valueOf(key), value));
      Fingerprint.requireSame(was, now, allowChange, folder.dir());
    }
    folder.put(Map.of(JOB, NAME, FINGERPRINT, now));
    folder.writeJson("data-profile.json", rows.profile().toJson());
  }

  /** Reads the data, divides it and says what would be run. */
  public static void plan(SparkSession session, RunConfig config, Console console) {
    requirePossible(config);
    JavaSparkContext spark = JavaSparkContext.fromSparkContext(session.sparkContext());
    try (StudyRows rows = StudyRows.read(session, config, ".", GivenRows.NONE)) {
      describe(spark, config, rows, Splits.divide(config.cv(), rows, config.seed()), 0, console);
    }
  }

  private static void requirePossible(RunConfig config) {
    String problem = UnitRun.problem(config);
    if (problem != null) {
      throw new BellowsException(ExitCode.CONFIG, problem);
    }
    RunConfig.Task task = config.task();
    if (task == RunConfig.Task.TAGGING
        || task == RunConfig.Task.LANGUAGE_MODEL
        || task == RunConfig.Task.TRANSLATION) {
      throw new BellowsException(
          ExitCode.CONFIG,
          "cv: task "
              + task.name().toLowerCase(Locale.ROOT)
              + " is not cross-validated in this version: its labels are coded by the vocabulary of the training rows");
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
    JavaSparkContext spark = JavaSparkContext.fromSparkContext(session.sparkContext());
    folder.writeConfig();
    try (StudyRows rows = StudyRows.read(session, config, ".", given)) {
      begin(config, rows, folder, allowChange);
      FoldTable folds = Splits.divide(config.cv(), rows, config.seed());
      UnitLog log = new UnitLog(folder);
      Map<Integer, UnitResult> done = new TreeMap<>(log.read());
      describe(spark, config, rows, folds, done.size(), console);
      CvTable table = new CvTable(config, rows, folds, console);
      try (UnitQueue queue = new UnitQueue(spark, rows, folds, 0)) {
        List<Unit> units = new ArrayList<>();
        for (int split = 0; split < folds.splits(); split++) {
          StudyRows.Fit fit = rows.fit(FoldTable.set(fitted(config, rows, folds, split)));
          table.fitted(fit);
          if (!done.containsKey(split)) {
            queue.fitted(0, split, fit);
            units.add(new Unit(split, 0, split, 0, config, table.metrics(), true));
          }
        }
        rows.doneFitting();
        table.header();
        done.values().forEach(table::add);
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
      table.summarise(SharedBlock.get(spark.sc().applicationId(), rows.shard().id()));
      CvFiles.write(session, folder, table);
      return table;
    }
  }

  /** Rows that a split's fit sees: its training rows without those that early stopping looks at. */
  private static int[] fitted(RunConfig config, StudyRows rows, FoldTable folds, int split) {
    int[] train = folds.rows(split, Role.TRAIN);
    return InnerHoldout.divide(config, train, rows.keys(), rows.labels())[0];
  }

  private static void describe(
      JavaSparkContext spark,
      RunConfig config,
      StudyRows rows,
      FoldTable folds,
      int done,
      Console console) {
    boolean classes = !rows.encoding().classes().isEmpty();
    console.section(
        "data",
        String.format(
            Locale.ROOT,
            "%,d rows  %s  fingerprint %s",
            rows.rows(),
            classes ? rows.encoding().classes().size() + " classes" : "numbers",
            rows.profile().fingerprint()));
    rows.profile().warnings().forEach(console::warn);
    int slots = ClusterView.now(spark.sc()).slots();
    console.section(
        "plan",
        String.format(
            Locale.ROOT,
            "%s  %d splits%s on %d slots, each in one task (local: the rows are one block that a process shares)%s",
            Splits.kind(config.cv(), classes).name().toLowerCase(Locale.ROOT),
            folds.splits(),
            folds.repeats() > 1 ? " in " + folds.repeats() + " repeats" : "",
            slots,
            done > 0 ? "; " + done + " are done" : ""));
  }

  private static void report(RunConfig config, RunFolder folder, Console console) {
    if (config.output().report()) {
      try {
        RunReport.write(folder.files());
      } catch (RuntimeException e) {
        console.warn("report.html was not written: " + e.getMessage());
      }
    }
  }

  private static TrainOutcome stopped(RunFolder folder, ExitCode code) {
    String message =
        "asked to stop: finished splits are kept; `bellows resume " + folder.dir() + "` goes on";
    folder.event("stopped", Map.of("why", message));
    folder.finish("stopped", code, Map.of("message", message));
    folder.close();
    return new TrainOutcome(code, message, null, null, -1, Map.of());
  }
}
