package dev.bellows.jobs.evaluate;

import dev.bellows.engine.kernel.KernelProvider;
import dev.bellows.engine.model.Json;
import dev.bellows.engine.model.ModelFileException;
import dev.bellows.engine.nn.NetworkSpec;
import dev.bellows.jobs.table.Preprocess;
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

  /** Scores of a forward pass, 32 MiB: vocabularies are large. */
  private static final int MOST_SCORES = 1 << 23;

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

  /** The outputs that predict columns of the rows, the main one first. */
  public List<OutputPlan> outputs() {
    return OutputPlan.of(spec(), preprocess);
  }

  /** Metrics that are computed when nobody asks for others. */
  public List<String> usual() {
    return outputs().stream().flatMap(o -> o.usual().stream()).distinct().toList();
  }

  /** All metrics that suit the main output. */
  public List<String> mainMetrics() {
    return main().all();
  }

  /** The output of the last layer. */
  public OutputPlan main() {
    return outputs().get(0);
  }

  /** Number of classes of the main output; 0 for regression. */
  public int classes() {
    return main().classes().size();
  }

  /**
   * Rows of one forward pass: fewer the longer a row is. A function of the model alone, so that
   * kernels see the same shapes wherever a row lies.
   */
  public int rowsAtOnce() {
    int longest = main().positions();
    for (TextColumn text : preprocess.texts()) {
      longest = Math.max(longest, text.length());
    }
    int rows = Math.min(MOST_POSITIONS / longest, MOST_SCORES / spec().scores());
    return Math.max(1, Math.min(MOST_ROWS, rows));
  }

  /**
   * Empty scores of all outputs.
   *
   * @param names metrics wanted
   * @throws IllegalArgumentException when one does not suit the main output
   */
  List<OutputScores> scores(List<String> names) {
    List<OutputPlan> outputs = outputs();
    for (String name : names) {
      if (outputs.size() > 1 && outputs.stream().noneMatch(o -> o.all().contains(name))) {
        outputs.get(0).metrics(List.of(name), threshold); // says what is wrong with it
      }
    }
    List<String> forMain = new ArrayList<>(names);
    if (outputs.size() > 1) { // what suits a head only
      forMain.removeIf(
          name ->
              !outputs.get(0).all().contains(name)
                  && outputs.stream().anyMatch(o -> o.all().contains(name)));
    }
    return outputs.stream()
        .map(o -> OutputScores.of(o, o.main() ? forMain : names, threshold))
        .toList();
  }
}
