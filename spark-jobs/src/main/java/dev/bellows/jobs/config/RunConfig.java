package dev.bellows.jobs.config;

import java.io.Serializable;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One configuration file, resolved: every default filled in, every value checked. What a value
 * means, its default and its range come from {@link ConfigKeys}; {@code bellows explain KEY} prints
 * them. Sections that the file kind does not use hold their defaults.
 *
 * @param kind what the file is for
 * @param task what is learnt; null in evaluate and predict files, where the model says it
 * @param seed the one seed of everything random
 * @param modelPath stored model folder of evaluate and predict files; null in train files
 * @param data where rows come from
 * @param features what each column means
 * @param target the column to be learnt
 * @param targets more columns, each learnt by a head, in the order of the heads
 * @param model what is trained
 * @param trainer how it is trained
 * @param distributed how the work is spread
 * @param device where kernels run
 * @param output where results go
 * @param evaluate metrics of evaluate files
 * @param predict columns of predict files
 * @param cv how rows are divided for cross-validation
 * @param search what is varied by a search; null for none
 */
public record RunConfig(
    Kind kind,
    @Nullable Task task,
    long seed,
    @Nullable String modelPath,
    DataConfig data,
    FeaturesConfig features,
    TargetConfig target,
    List<HeadTarget> targets,
    ModelConfig model,
    TrainerConfig trainer,
    DistributedConfig distributed,
    Device device,
    OutputConfig output,
    EvaluateConfig evaluate,
    PredictConfig predict,
    CvConfig cv,
    @Nullable SearchConfig search)
    implements Serializable {

  /** What a configuration file is for: decided by its sections. */
  public enum Kind {
    TRAIN,
    EVALUATE,
    PREDICT
  }

  /** What is learnt. */
  public enum Task {
    CLASSIFICATION,
    REGRESSION,
    TAGGING,
    LANGUAGE_MODEL,
    TRANSLATION,
    SEGMENTATION
  }

  /** Where kernels run. */
  public enum Device {
    AUTO,
    CPU,
    GPU
  }
}
