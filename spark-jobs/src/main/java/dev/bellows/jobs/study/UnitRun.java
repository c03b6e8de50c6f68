package dev.bellows.jobs.study;

import dev.bellows.engine.optim.EarlyStopping;
import dev.bellows.jobs.block.Block;
import dev.bellows.jobs.block.InnerHoldout;
import dev.bellows.jobs.block.StudyRows;
import dev.bellows.jobs.config.EarlyStoppingConfig;
import dev.bellows.jobs.config.RunConfig;
import dev.bellows.jobs.evaluate.BlockScorer;
import dev.bellows.jobs.evaluate.HeldOut;
import dev.bellows.jobs.evaluate.ScorePlan;
import dev.bellows.jobs.train.LocalTraining;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** Trains and measures one unit in this thread. */
final class UnitRun {
  private static final String VALIDATION = "val_";
  private static final Set<RunConfig.Task> TASKS =
      Set.of(RunConfig.Task.CLASSIFICATION, RunConfig.Task.REGRESSION);

  private final Unit unit;
  private final RunConfig config;
  private final StudyRows.Fit fit;
  private final Block block;
  private final int[] trainRows;
  private final int[] watchedRows;
  private final int[] validationRows;
  private int bestEpoch;

  /**
   * A unit before its first step.
   *
   * @param train rows of the split that train, by rank
   * @param validation rows of the split that are measured
   */
  UnitRun(Unit unit, StudyRows.Fit fit, Block block, int[] train, int[] validation) {
    this.unit = unit;
    this.config = unit.config();
    this.fit = fit;
    this.block = block;
    int[][] divided = InnerHoldout.divide(config, train, block);
    this.trainRows = divided[0];
    this.watchedRows = divided[1];
    this.validationRows = validation;
  }

  /** Trains to the end and measures. */
  UnitResult run(BooleanSupplier cancelled) {
    long began = System.nanoTime();
    try (LocalTraining training =
        new LocalTraining(config, fit.preprocess(), fit.classCounts(), block, trainRows)) {
      training.cancelWhen(cancelled);
      float[] parameters = train(training);
      long trained = System.nanoTime();
      try (BlockScorer scorer = new BlockScorer(plan(training), unit.metrics(), parameters)) {
        int width = unit.predictions() ? scorer.width() : 0;
        float[] predictions = new float[Math.multiplyExact(width, validationRows.length)];
        int[] filled = {0};
        scorer.add(
            0,
            block,
            validationRows,
            width == 0
                ? null
                : (values, count) -> {
                  System.arraycopy(values, 0, predictions, filled[0], count * width);
                  filled[0] += count * width;
                });
        Map<String, Double> figures = scorer.figures();
        if (!Double.isFinite(figures.getOrDefault("loss", Double.NaN))) {
          return UnitResult.failed(
              unit,
              UnitResult.State.DIVERGED,
              "the loss of the validation rows is " + figures.get("loss"),
              (trained - began) / 1_000_000);
        }
        return new UnitResult(
            unit.id(),
            UnitResult.State.COMPLETE,
            "",
            figures,
            predictions,
            width,
            trainRows.length,
            validationRows.length,
            training.epochs(),
            bestEpoch > 0 ? bestEpoch : training.epochs(),
            training.loss(),
            (trained - began) / 1_000_000,
            (System.nanoTime() - trained) / 1_000_000);
      }
    }
  }

  private ScorePlan plan(LocalTraining training) {
    return LocalTraining.scorePlan(config, training.network(), fit.preprocess());
  }

  /** All epochs, or as many as early stopping wants; returns the parameters to be measured. */
  private float[] train(LocalTraining training) {
    EarlyStoppingConfig rule = config.trainer().earlyStopping();
    EarlyStopping stopping =
        rule == null
            ? null
            : EarlyStopping.start(
                HeldOut.maximized(plain(rule.metric())), rule.patience(), rule.minDelta());
    float[] best = null;
    for (int epoch = 1; epoch <= config.trainer().epochs(); epoch++) {
      training.epoch();
      if (rule == null || stopping == null) {
        continue;
      }
      double score = watched(rule.metric(), training);
      if (stopping.improves(score) && rule.restoreBest()) {
        bestEpoch = epoch;
        best = training.exported();
      }
      stopping = stopping.observe(epoch, score);
      if (stopping.stop()) {
        break;
      }
    }
    return best == null ? training.exported() : best;
  }

  private double watched(String metric, LocalTraining training) {
    if (!metric.startsWith(VALIDATION)) {
      return training.loss();
    }
    String name = plain(metric);
    List<String> metrics = name.equals("loss") ? List.of() : List.of(name);
    try (BlockScorer scorer = new BlockScorer(plan(training), metrics, training.exported())) {
      scorer.add(0, block, watchedRows, null);
      Map<String, Double> figures = scorer.figures();
      Double value = figures.get(name);
      return value == null ? Double.NaN : value;
    }
  }

  /** What keeps a configuration from running as a unit, or null. */
  static @Nullable String problem(RunConfig config) {
    RunConfig.Task task = config.task();
    if (task != null && !TASKS.contains(task)) {
      return "task "
          + task.name().toLowerCase(Locale.ROOT)
          + " is not cross-validated in this version: a row has one class, or numbers";
    }
    if (config.data().validation().last()) {
      return "data.validation.rows: last does not go with folds, whose rows have no order: leave it out, or use cv.kind: time_series";
    }
    if (config.trainer().fastDevRun() > 0 || config.trainer().overfitBatches() > 0) {
      return "trainer.fast_dev_run and trainer.overfit_batches are for one training, not for a study";
    }
    EarlyStoppingConfig rule = config.trainer().earlyStopping();
    if (rule == null || rule.metric().equals("loss")) {
      return null;
    }
    if (!rule.metric().startsWith(VALIDATION)) {
      return "trainer.early_stopping.metric "
          + rule.metric()
          + " is not measured in a study; use loss or val_...";
    }
    return InnerHoldout.wanted(config)
        ? null
        : "trainer.early_stopping.metric "
            + rule.metric()
            + " needs validation rows inside each fold's training rows; set data.validation.fraction";
  }

  private static String plain(String metric) {
    return metric.startsWith(VALIDATION) ? metric.substring(VALIDATION.length()) : metric;
  }
}
