package dev.bellows.jobs.train;

import dev.bellows.engine.optim.EarlyStopping;
import dev.bellows.jobs.BellowsException;
import dev.bellows.jobs.Console;
import dev.bellows.jobs.ExitCode;
import dev.bellows.jobs.block.DataShard;
import dev.bellows.jobs.config.EarlyStoppingConfig;
import dev.bellows.jobs.evaluate.Evaluation;
import dev.bellows.jobs.evaluate.HeldOut;
import dev.bellows.jobs.evaluate.ScorePlan;
import dev.bellows.jobs.run.History;
import dev.bellows.jobs.run.RunFolder;
import dev.bellows.jobs.table.Preprocess;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.jspecify.annotations.Nullable;

/** What happens after an epoch: validation, history, early stopping, the line on the terminal. */
final class EpochEnd {
  private static final String VALIDATION = "val_";
  private static final String TRAINING = "train_";

  private final Setup setup;
  private final RunFolder folder;
  private final Console console;
  private final HeldOut scoring;
  private final @Nullable JavaRDD<DataShard> validation;
  private final @Nullable EarlyStoppingConfig early;
  private final String watched;
  private final boolean maximize;
  private final String trainMetric;
  private @Nullable RestorePoint best;
  private long segmentStart = System.nanoTime();
  private long epochStart = segmentStart;
  private double rowsPerSecond;
  private double rowsBefore = -1;
  private double waitShare;
  private final Communication communication = new Communication();
  private long payloadBytes;

  EpochEnd(JavaSparkContext spark, Setup setup, RunFolder folder, Console console) {
    this.setup = setup;
    this.folder = folder;
    this.console = console;
    int classes = setup.spec().loss().kind().classifies() ? setup.data().shape().classes() : 0;
    this.scoring =
        new HeldOut(
            spark,
            new ScorePlan(
                setup.network(),
                setup.data().preprocess(),
                setup.config().evaluate().threshold(),
                setup.kernelPreference(),
                setup.kernels().id()));
    this.validation =
        setup.config().trainer().overfitBatches() > 0 ? null : setup.data().validation();
    this.early = setup.config().trainer().earlyStopping();
    this.trainMetric = classes > 0 ? "accuracy" : "mae";
    EarlyStoppingConfig rule = early;
    this.watched = rule != null ? rule.metric() : validation == null ? "loss" : "val_loss";
    this.maximize = HeldOut.maximized(plain(watched));
    if (watched.startsWith(TRAINING) && !setup.config().trainer().measureTraining()) {
      throw new BellowsException(
          ExitCode.CONFIG,
          "trainer.early_stopping.metric " + watched + " needs trainer.measure_training: true");
    }
    if (rule != null && watched.startsWith(VALIDATION) && validation == null) {
      throw new BellowsException(
          ExitCode.CONFIG,
          "trainer.early_stopping.metric "
              + watched
              + " needs validation rows; set data.validation, or watch loss or "
              + trainMetric);
    }
  }

  /** The early-stopping rule in its first state, or null. */
  @Nullable EarlyStopping stoppingRule() {
    EarlyStoppingConfig rule = early;
    return rule == null ? null : EarlyStopping.start(maximize, rule.patience(), rule.minDelta());
  }

  /** The state before the first step. */
  TrainState firstState() {
    TrainState state = new TrainState();
    state.earlyStopping = stoppingRule();
    return state;
  }

  /** Whether the run ends with the weights of its best epoch. */
  boolean restoresBest() {
    EarlyStoppingConfig rule = early;
    return rule != null && rule.restoreBest();
  }

  /** Step of the checkpoint that must be kept as the best, or -1. */
  long keptBest(TrainState state) {
    return restoresBest() || setup.config().trainer().checkpoint().keepBest() ? state.bestStep : -1;
  }

  /** The best epoch's parameters when this process saw them. */
  Optional<RestorePoint> best(long step) {
    RestorePoint seen = best;
    return seen != null && seen.step() == step ? Optional.of(seen) : Optional.empty();
  }

  /**
   * Does what is due after an epoch.
   *
   * @param state updated: history, early stopping, best
   * @param values the parameters now
   * @return whether a checkpoint must be written because this epoch is the best
   */
  boolean run(TrainState state, float[] values) {
    long epoch =
        (state.step + setup.segments().stepsPerEpoch() - 1) / setup.segments().stepsPerEpoch();
    Map<String, Double> row = new LinkedHashMap<>();
    row.put("epoch", (double) epoch);
    row.put("step", (double) state.step);
    row.put("loss", state.epochSums[0] == 0 ? Double.NaN : state.epochSums[1] / state.epochSums[0]);
    double metric = state.epochSums[3] == 0 ? Double.NaN : state.epochSums[2] / state.epochSums[3];
    row.put(trainMetric, trainMetric.equals("mae") ? metric * unit() : metric);
    if (setup.config().trainer().measureTraining()) {
      scoring
          .score(setup.data().train(), values, metrics())
          .forEach((name, value) -> row.put(TRAINING + name, value));
    }
    JavaRDD<DataShard> rows = validation;
    if (rows != null) {
      scoring
          .score(rows, values, metrics())
          .forEach((name, value) -> row.put(VALIDATION + name, value));
    }
    row.put("learning_rate", setup.rate(Math.max(0, state.step - 1)));
    long now = System.nanoTime();
    double seconds = (now - epochStart) / 1e9;
    row.put("seconds", Math.rint(seconds * 1000) / 1000);
    epochStart = now;
    segmentStart = now;
    rowsBefore = 0;
    java.util.Arrays.fill(state.epochSums, 0);
    boolean improved = observe(state, epoch, row, values);
    state.history.add(row);
    folder.writeText("history.csv", state.history.toCsv());
    Map<String, Object> event = History.finite(row);
    event.put("rows_per_second", Math.rint(setup.rows() / seconds));
    event.put("wait_share", Math.rint(1000 * waitShare) / 1000);
    folder.event("epoch", event);
    console.row(line(row, improved));
    return improved && keptBest(state) >= 0;
  }

  /** Unit of the training metric of numbers; steps of a series are measured as they are scaled. */
  private double unit() {
    Preprocess preprocess = setup.data().preprocess();
    return preprocess.series() == null ? preprocess.targetScale() : 1;
  }

  private boolean observe(TrainState state, long epoch, Map<String, Double> row, float[] values) {
    Double score = row.get(watched);
    EarlyStopping rule = state.earlyStopping;
    boolean improved;
    if (rule != null) {
      if (score == null) {
        throw new BellowsException(
            ExitCode.CONFIG,
            "trainer.early_stopping.metric "
                + watched
                + " is not computed; there are "
                + row.keySet());
      }
      improved = rule.improves(score);
      rule = rule.observe(epoch, score);
      state.earlyStopping = rule;
      state.stopped = rule.stop();
    } else {
      improved =
          score != null
              && !Double.isNaN(score)
              && (Double.isNaN(state.bestScore)
                  || (maximize ? score > state.bestScore : score < state.bestScore));
    }
    if (improved && score != null) {
      state.bestScore = score;
      state.bestEpoch = epoch;
      state.bestStep = state.step;
      best = new RestorePoint(state.step, values, new float[0][], Map.of());
    }
    return improved;
  }

  /** Metrics of validation: the usual ones and the watched one. */
  private List<String> metrics() {
    List<String> names = new ArrayList<>(scoring.usual());
    String extra = plain(watched);
    if (watched.startsWith(VALIDATION) && !extra.equals("loss") && !names.contains(extra)) {
      names.add(extra);
    }
    return names;
  }

  /** What is measured of the final model: the metrics asked for, or all that suit the task. */
  Evaluation evaluate(JavaRDD<DataShard> rows, float[] values) {
    List<String> names = new ArrayList<>(setup.config().evaluate().metrics());
    names.removeAll(List.of("loss", "confusion")); // both are always there
    if (names.isEmpty()) {
      names.addAll(scoring.all());
    }
    for (String name : metrics()) {
      if (!names.contains(name)) {
        names.add(name);
      }
    }
    return scoring.evaluate(rows, values, names);
  }

  /** Notes what the tasks of a segment reported. */
  void reports(List<TaskReport> reports) {
    long total = 0;
    long wait = 0;
    for (TaskReport report : reports) {
      total += report.totalNanos();
      wait += report.waitNanos();
      payloadBytes += report.payloadBytes();
    }
    waitShare = total == 0 ? 0 : (double) wait / total;
    communication.add(reports);
  }

  /** What the tasks of this process's segments waited for. */
  Communication communication() {
    return communication;
  }

  /** Bytes of numbers that all tasks of this process's steps sent and received. */
  long payloadBytes() {
    return payloadBytes;
  }

  /**
   * Shows where the running epoch stands.
   *
   * @param remark who is slow, or empty
   */
  void progress(TrainState state, long step, String remark) {
    long perEpoch = setup.segments().stepsPerEpoch();
    long total = setup.segments().totalSteps();
    long epoch = Math.min(step / perEpoch + 1, Math.max(1, (total + perEpoch - 1) / perEpoch));
    double seconds = (System.nanoTime() - segmentStart) / 1e9;
    if (rowsBefore < 0) {
      rowsBefore = state.epochSums[3]; // of an epoch that was begun before this process
    }
    if (state.epochSums[3] > rowsBefore && seconds > 0) {
      rowsPerSecond = (state.epochSums[3] - rowsBefore) / seconds;
    }
    String text =
        state.epochSums[3] == 0
            ? ""
            : String.format(
                Locale.ROOT,
                "loss %.4f  %s %.4f  %s rows/s  wait %d%%  eta %s",
                state.epochSums[1] / state.epochSums[0],
                trainMetric.equals("accuracy") ? "acc" : trainMetric,
                state.epochSums[2] / state.epochSums[3],
                compact(rowsPerSecond),
                Math.round(100 * waitShare),
                eta(total - step));
    console.progress(
        "epoch " + epoch + "/" + setup.config().trainer().epochs(),
        step - (epoch - 1) * perEpoch,
        Math.min(perEpoch, total),
        remark.isEmpty() ? text : text.isEmpty() ? remark : text + "  " + remark);
  }

  private String eta(long stepsLeft) {
    if (rowsPerSecond <= 0) {
      return "-";
    }
    long rows = (long) (stepsLeft * (double) setup.rows() / setup.segments().stepsPerEpoch());
    return clock((long) (rows / rowsPerSecond));
  }

  /** The head of the epoch table. */
  void header() {
    StringBuilder head = new StringBuilder("epoch  loss    ").append(pad(trainMetric));
    if (setup.config().trainer().measureTraining()) {
      head.append("  ").append(pad(TRAINING + "loss"));
    }
    if (validation != null) {
      head.append("  ").append(pad("val_loss"));
      for (String name : scoring.figures(metrics())) {
        head.append("  ").append(pad(VALIDATION + name));
      }
    }
    console.row(head.append("  lr       time").toString());
  }

  private String line(Map<String, Double> row, boolean improved) {
    StringBuilder line = new StringBuilder();
    line.append(String.format(Locale.ROOT, "%5.0f  %.4f  ", row.get("epoch"), row.get("loss")));
    line.append(cell(trainMetric, row));
    if (setup.config().trainer().measureTraining()) {
      line.append("  ").append(cell(TRAINING + "loss", row));
    }
    if (validation != null) {
      line.append("  ").append(cell("val_loss", row));
      for (String name : scoring.figures(metrics())) {
        line.append("  ").append(cell(VALIDATION + name, row));
      }
    }
    line.append(
        String.format(
            Locale.ROOT,
            "  %.1e  %s",
            row.get("learning_rate"),
            clock(Math.round(row.getOrDefault("seconds", 0.0)))));
    return improved ? line + "  *best" : line.toString();
  }

  private static String cell(String name, Map<String, Double> row) {
    Double value = row.get(name);
    String text = value == null ? "-" : String.format(Locale.ROOT, "%.4f", value);
    return String.format(Locale.ROOT, "%-" + Math.max(name.length(), 7) + "s", text);
  }

  private static String pad(String name) {
    return String.format(Locale.ROOT, "%-" + Math.max(name.length(), 7) + "s", name);
  }

  private static String plain(String metric) {
    return metric.replaceFirst("^(" + VALIDATION + "|" + TRAINING + ")", "");
  }

  private static String compact(double n) {
    return n >= 1e6
        ? String.format(Locale.ROOT, "%.1fM", n / 1e6)
        : n >= 1e3
            ? String.format(Locale.ROOT, "%.1fk", n / 1e3)
            : String.format(Locale.ROOT, "%.0f", n);
  }

  static String clock(long seconds) {
    return String.format(
        Locale.ROOT, "%d:%02d:%02d", seconds / 3600, seconds / 60 % 60, seconds % 60);
  }
}
