package dev.bellows.jobs.config;

import java.io.Serializable;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How a network is trained.
 *
 * @param epochs passes over the training rows
 * @param batchSize rows of one step over all workers
 * @param optimizer update rule
 * @param schedule learning rate over time
 * @param l1 L1 penalty
 * @param l2 L2 penalty (added to the gradient; see weight_decay of adamw for the decoupled form)
 * @param clipValue largest absolute gradient element; 0: no clipping
 * @param clipNorm largest global gradient norm; 0: no clipping
 * @param earlyStopping when to stop early; null: never
 * @param onNan what a non-finite gradient does
 * @param nanSkips how many steps may be skipped under {@link OnNan#SKIP}
 * @param determinism STRICT: same bytes for any topology
 * @param precision of the operands of matrix products; sums, gradients and parameters are float32
 * @param checkpoint when state is saved
 * @param maxTime stop after this long at the next step, with a checkpoint; null: no limit
 * @param fastDevRun train only this many steps and one epoch, to see that everything works; 0: off
 * @param overfitBatches train and validate on only this many batches; 0: off
 * @param ema share that the moving average of the parameters keeps in a step; 0: no average. With
 *     one, it is what is evaluated and stored
 * @param measureTraining measure the training rows again at each epoch's end, as a model is used
 */
public record TrainerConfig(
    int epochs,
    int batchSize,
    OptimizerConfig optimizer,
    ScheduleConfig schedule,
    double l1,
    double l2,
    double clipValue,
    double clipNorm,
    @Nullable EarlyStoppingConfig earlyStopping,
    OnNan onNan,
    int nanSkips,
    Determinism determinism,
    Precision precision,
    CheckpointConfig checkpoint,
    @Nullable Duration maxTime,
    int fastDevRun,
    int overfitBatches,
    double ema,
    boolean measureTraining)
    implements Serializable {

  /** What a non-finite gradient does. */
  public enum OnNan {
    STOP,
    SKIP
  }

  /** Type of the operands of matrix products and convolutions while training. */
  public enum Precision {
    FLOAT32,
    BFLOAT16
  }

  /** How exactly runs repeat. */
  public enum Determinism {
    STRICT,
    RELAXED
  }
}
