package dev.bellows.jobs.evaluate;

import dev.bellows.engine.kernel.KernelProvider;
import dev.bellows.engine.metric.MetricSet;
import dev.bellows.engine.model.Json;
import dev.bellows.engine.model.ModelFileException;
import dev.bellows.engine.nn.LossKind;
import dev.bellows.engine.nn.NetworkSpec;
import dev.bellows.jobs.block.Block;
import dev.bellows.jobs.table.Preprocess;
import dev.bellows.jobs.table.TargetColumn;
import dev.bellows.jobs.table.TextColumn;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;

/**
 * What a task needs to score rows.
 *
 * @param network the network as JSON
 * @param preprocess as fitted on the training rows
 * @param threshold probability from which a row of two classes counts as positive
 * @param kernelPreference name of a {@link KernelProvider.Preference}
 * @param kernelId kernels that the driver uses; others would give other bits
 */
public record ScorePlan(
    String network,
    Preprocess preprocess,
    double threshold,
    String kernelPreference,
    String kernelId)
    implements Serializable {
  private static final int MOST_ROWS = 512;
  private static final int MOST_POSITIONS = 1 << 15;

  /** The plan of a stored model with the best kernels of this machine. */
  public static ScorePlan of(StoredModel model, double threshold) {
    KernelProvider.Preference preference = KernelProvider.Preference.AUTO;
    return new ScorePlan(
        Json.compact(model.spec().toJson()),
        model.preprocess(),
        threshold,
        preference.name(),
        KernelProvider.choose(preference).id());
  }

  /** The network. */
  public NetworkSpec spec() {
    try {
      return NetworkSpec.fromJson(Json.parseObject(network, "network of the task"));
    } catch (ModelFileException e) {
      throw new IllegalArgumentException(e.getMessage(), e);
    }
  }

  /** The kernels of this process; the same everywhere, or an error that says what to do. */
  public KernelProvider kernels() {
    return TaskKernels.choose(kernelPreference, kernelId);
  }

  /** Number of classes; 0 for regression. */
  public int classes() {
    return spec().loss().kind().classifies() ? preprocess.classes().size() : 0;
  }

  /** Labels of a row; 1 where numbers are learnt. */
  public int positions() {
    return classes() == 0 ? 1 : preprocess.target().positions();
  }

  /**
   * Rows of one forward pass: fewer the longer a row is. A function of the model alone, so that
   * kernels see the same shapes wherever a row lies.
   */
  public int rowsAtOnce() {
    int longest = positions();
    for (TextColumn text : preprocess.texts()) {
      longest = Math.max(longest, text.length());
    }
    return Math.max(1, Math.min(MOST_ROWS, MOST_POSITIONS / longest));
  }

  /** Positions of a row that have an answer: the tokens of the text that the labels belong to. */
  public int labelled(Block block, int row) {
    int at = 0;
    for (TextColumn text : preprocess.texts()) {
      at += text.length();
      if (text.name().equals(preprocess.target().along())) {
        return block.tokens()[row * block.tokenWidth() + at];
      }
      at++;
    }
    return positions();
  }

  /** Unit of each output of a model of numbers: a score y means {@code y * scale + offset}. */
  public void units(double[] scales, double[] offsets) {
    int at = 0;
    for (TargetColumn target : preprocess.targets()) {
      for (int p = 0; target.classes().isEmpty() && p < target.positions(); p++) {
        if (at < scales.length) {
          scales[at] = target.scale();
          offsets[at++] = target.offset();
        }
      }
    }
  }

  /** Whether label 0 is the positive class, so that labels are swapped for the metrics. */
  boolean swapped() {
    return classes() == 2 && preprocess.positiveClass() == 0;
  }

  /** Whether the network's output is a margin around 0 and not a probability. */
  boolean margin() {
    return spec().loss().kind() == LossKind.HINGE;
  }

  /**
   * Class names in the order of the metrics' labels: of two classes the positive one is the second.
   */
  List<String> classNames() {
    List<String> names = new ArrayList<>(classes() == 0 ? List.of() : preprocess.classes());
    if (swapped()) {
      java.util.Collections.reverse(names);
    }
    return names;
  }

  /** An empty set of metrics for these rows. */
  MetricSet metrics(List<String> names) {
    int classes = classes();
    if (classes == 0) {
      return MetricSet.regression(spec().outputs(), names);
    }
    return classes == 2
        ? MetricSet.binary(threshold, names)
        : MetricSet.classification(classes, names);
  }
}
