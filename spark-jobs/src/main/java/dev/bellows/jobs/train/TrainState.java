package dev.bellows.jobs.train;

import dev.bellows.engine.optim.EarlyStopping;
import dev.bellows.jobs.BellowsException;
import dev.bellows.jobs.ExitCode;
import dev.bellows.jobs.run.History;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the driver must know, beside the parameters, to go on exactly: it is the {@code state.json}
 * of every checkpoint.
 *
 * <p>Mutable; the driver's training thread owns it.
 */
final class TrainState {
  private static final int FORMAT_VERSION = 1;

  /** Steps applied. */
  long step;

  /** Sums over the steps of the running epoch: weight, loss, metric, rows. */
  final double[] epochSums = new double[4];

  /** Figures of the finished epochs. */
  History history = new History();

  /** Early stopping, or null when it is off. */
  @Nullable EarlyStopping earlyStopping;

  /** Best score of the watched metric so far with its epoch and step; for keep_best. */
  double bestScore = Double.NaN;

  long bestEpoch = -1;
  long bestStep = -1;

  /** Whether training ended by early stopping. */
  boolean stopped;

  /** Mean loss of the run's first step, the yardstick of {@link Divergence}; NaN before it. */
  double firstLoss = Double.NaN;

  /** Steps left out as non-finite under {@code on_nan: skip}. */
  long skipped;

  /** The tree of state.json; {@code fingerprint} is stored beside it. */
  Map<String, Object> toTree(Map<String, Object> fingerprint) {
    Map<String, Object> tree = new LinkedHashMap<>();
    tree.put("format_version", (long) FORMAT_VERSION);
    tree.put("step", step);
    Map<String, Object> sums = new LinkedHashMap<>();
    sums.put("weight", epochSums[0]);
    sums.put("loss", epochSums[1]);
    sums.put("metric", epochSums[2]);
    sums.put("rows", epochSums[3]);
    tree.put("epoch_sums", sums);
    tree.put("history", history.toTree());
    EarlyStopping rule = earlyStopping;
    if (rule != null) {
      Map<String, Object> early = new LinkedHashMap<>();
      early.put("best_epoch", rule.bestEpoch());
      early.put("best", number(rule.best()));
      early.put("waited", (long) rule.waited());
      tree.put("early_stopping", early);
    }
    tree.put("best_score", number(bestScore));
    tree.put("best_epoch", bestEpoch);
    tree.put("best_step", bestStep);
    tree.put("stopped", stopped);
    tree.put("skipped", skipped);
    tree.put("first_loss", number(firstLoss));
    tree.put("fingerprint", fingerprint);
    return tree;
  }

  /**
   * Reads state.json.
   *
   * @param tree its tree
   * @param rule the early-stopping rule of the configuration in its first state, or null
   * @throws BellowsException exit 8 when something is missing or of a newer release
   */
  static TrainState fromTree(Map<String, Object> tree, @Nullable EarlyStopping rule) {
    long version = whole(tree, "format_version");
    if (version != FORMAT_VERSION) {
      throw new BellowsException(
          ExitCode.MODEL,
          "checkpoint state was written by format version "
              + version
              + ", this release reads "
              + FORMAT_VERSION
              + "; use the release that wrote it");
    }
    TrainState state = new TrainState();
    state.step = whole(tree, "step");
    if (tree.get("epoch_sums") instanceof Map<?, ?> sums) {
      state.epochSums[0] = real(sums, "weight");
      state.epochSums[1] = real(sums, "loss");
      state.epochSums[2] = real(sums, "metric");
      state.epochSums[3] = real(sums, "rows");
    }
    Object history = tree.get("history");
    state.history = history == null ? new History() : History.fromTree(history);
    state.earlyStopping = rule;
    if (rule != null && tree.get("early_stopping") instanceof Map<?, ?> early) {
      state.earlyStopping =
          new EarlyStopping(
              rule.maximize(),
              rule.patience(),
              rule.minDelta(),
              whole(early, "best_epoch"),
              real(early, "best"),
              Math.toIntExact(whole(early, "waited")));
    }
    state.bestScore = real(tree, "best_score");
    state.bestEpoch = whole(tree, "best_epoch");
    state.bestStep = whole(tree, "best_step");
    state.stopped = Boolean.TRUE.equals(tree.get("stopped"));
    state.skipped = whole(tree, "skipped");
    state.firstLoss = real(tree, "first_loss");
    return state;
  }

  /** JSON has no NaN: null stands for it. */
  private static @Nullable Object number(double value) {
    return Double.isNaN(value) || Double.isInfinite(value) ? null : value;
  }

  private static long whole(Map<?, ?> tree, String key) {
    if (tree.get(key) instanceof Number n) {
      return n.longValue();
    }
    throw new BellowsException(
        ExitCode.MODEL,
        "checkpoint state lacks the number \"" + key + "\"; found " + tree.keySet());
  }

  private static double real(Map<?, ?> tree, String key) {
    return tree.get(key) instanceof Number n ? n.doubleValue() : Double.NaN;
  }
}
