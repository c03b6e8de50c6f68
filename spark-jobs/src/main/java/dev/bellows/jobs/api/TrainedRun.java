package dev.bellows.jobs.api;

import dev.bellows.jobs.train.TrainOutcome;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How a training ended.
 *
 * @param folder the run folder: configuration, history, checkpoints, report
 * @param finished whether there is a model; false after an interrupt or {@code trainer.max_time},
 *     when {@link Bellows#resume} goes on
 * @param message one line for people
 * @param metrics final figures by name, such as {@code val_accuracy}; empty without a model, and of
 *     a run that was finished before
 * @param weightsSha256 SHA-256 of the weights file; null without a model
 * @param modelFolder where the model is; null without a model
 */
public record TrainedRun(
    String folder,
    boolean finished,
    String message,
    Map<String, Double> metrics,
    @Nullable String weightsSha256,
    @Nullable String modelFolder) {
  public TrainedRun {
    metrics = Map.copyOf(metrics);
  }

  static TrainedRun of(String folder, TrainOutcome outcome) {
    return new TrainedRun(
        folder,
        outcome.model() != null,
        outcome.message(),
        outcome.metrics(),
        outcome.sha256(),
        outcome.model());
  }

  /**
   * Opens the model.
   *
   * @throws IllegalStateException when the run is not finished
   */
  public BellowsModel model() {
    if (modelFolder == null) {
      throw new IllegalStateException("the run has no model yet: " + message);
    }
    return BellowsModel.load(modelFolder);
  }
}
