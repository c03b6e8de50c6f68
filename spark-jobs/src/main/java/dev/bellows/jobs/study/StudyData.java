package dev.bellows.jobs.study;

import dev.bellows.engine.sample.split.Role;
import dev.bellows.jobs.Console;
import dev.bellows.jobs.block.Block;
import dev.bellows.jobs.block.GivenRows;
import dev.bellows.jobs.block.InnerHoldout;
import dev.bellows.jobs.block.StudyRows;
import dev.bellows.jobs.cluster.ClusterView;
import dev.bellows.jobs.config.RunConfig;
import dev.bellows.jobs.evaluate.ScorePlan;
import dev.bellows.jobs.run.RunFolder;
import dev.bellows.jobs.train.Fingerprint;
import dev.bellows.jobs.train.LocalTraining;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;

/**
 * What all units of a study share: the rows, how they are divided, what each split is fitted on.
 */
final class StudyData implements AutoCloseable {
  private static final String FINGERPRINT = "study_fingerprint";

  private final JavaSparkContext spark;
  private final RunConfig config;
  private final StudyRows rows;
  private final FoldTable folds;
  private final List<StudyRows.Fit> fits = new ArrayList<>();

  private StudyData(JavaSparkContext spark, RunConfig config, StudyRows rows, FoldTable folds) {
    this.spark = spark;
    this.config = config;
    this.rows = rows;
    this.folds = folds;
  }

  /** Reads and divides the rows. */
  static StudyData open(SparkSession session, RunConfig config, GivenRows given) {
    JavaSparkContext spark = JavaSparkContext.fromSparkContext(session.sparkContext());
    StudyRows rows = StudyRows.read(session, config, ".", given);
    try {
      return new StudyData(spark, config, rows, Splits.divide(config.cv(), rows, config.seed()));
    } catch (RuntimeException e) {
      rows.close();
      throw e;
    }
  }

  /**
   * Notes in the folder what the study is made of; refuses a folder whose study is another.
   *
   * @param job name of the command
   */
  void begin(RunFolder folder, String job, List<String> allowChange) {
    Map<String, Object> now = Fingerprint.ofStudy(config, rows.profile().fingerprint());
    requireSame(folder, now, allowChange);
    folder.put(Map.of(CvJob.JOB, job, FINGERPRINT, now));
    folder.writeJson("data-profile.json", rows.profile().toJson());
  }

  /** Refuses to go on with, or to take for done, what another configuration or data made. */
  static void requireSame(RunFolder folder, Map<String, Object> now, List<String> allowChange) {
    if (folder.get(FINGERPRINT) instanceof Map<?, ?> stored) {
      Map<String, Object> was = new LinkedHashMap<>();
      stored.forEach((key, value) -> was.put(String.valueOf(key), value));
      Fingerprint.requireSame(was, now, allowChange, folder.dir());
    }
  }

  /** The rows, for the driver; made again where the executor that had them is gone. */
  Block block() {
    String application = spark.sc().applicationId();
    int id = rows.shard().id();
    try {
      return SharedBlock.get(application, id);
    } catch (SharedBlock.Lost lost) {
      rows.shard().count();
      return SharedBlock.get(application, id);
    }
  }

  /** Fits on every split, then gives the raw rows back. */
  void fit() {
    for (int split = 0; split < folds.splits(); split++) {
      int[] train = folds.rows(split, Role.TRAIN);
      int[] fitted = InnerHoldout.divide(config, train, rows.keys(), rows.labels())[0];
      fits.add(rows.fit(FoldTable.set(fitted)));
    }
    rows.doneFitting();
  }

  /** A queue that knows the fits. */
  UnitQueue queue(long mostMillis) {
    UnitQueue queue = new UnitQueue(spark, rows, folds, mostMillis);
    for (int split = 0; split < fits.size(); split++) {
      queue.fitted(0, split, fits.get(split));
    }
    return queue;
  }

  StudyRows rows() {
    return rows;
  }

  FoldTable folds() {
    return folds;
  }

  List<StudyRows.Fit> fits() {
    return fits;
  }

  /** What scores rows of a split's fit. */
  ScorePlan plan(int split) {
    StudyRows.Fit fit = fits.get(split);
    String network = LocalTraining.network(config, fit.preprocess(), fit.classCounts());
    return LocalTraining.scorePlan(config, network, fit.preprocess());
  }

  /**
   * Says what will run.
   *
   * @param more behind the number of splits
   */
  void describe(Console console, String more) {
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
    console.section(
        "plan",
        String.format(
            Locale.ROOT,
            "%s  %d splits%s on %d slots, each in one task (local: the rows are one block that a process shares)%s",
            Splits.kind(config.cv(), classes).name().toLowerCase(Locale.ROOT),
            folds.splits(),
            folds.repeats() > 1 ? " in " + folds.repeats() + " repeats" : "",
            ClusterView.now(spark.sc()).slots(),
            more));
  }

  @Override
  public void close() {
    rows.close();
  }
}
