package dev.bellows.jobs.train;

import dev.bellows.engine.sample.Augmentation;
import dev.bellows.jobs.config.TrainerConfig;
import dev.bellows.jobs.table.Preprocess;
import dev.bellows.ps.client.ShardAddress;
import dev.bellows.ps.codec.Compression;
import java.io.Serializable;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a training task must know; travels in the task's closure.
 *
 * @param run namespace of the run on the shard servers
 * @param incarnation driver attempt and roll-back count: older ones are refused by the shards
 * @param overNetwork whether the shards are reached over the network; the secret for that is known
 *     to each process and never part of a task
 * @param placement address of each shard
 * @param network the network as JSON text
 * @param length elements on the shards
 * @param tables the network's sparse tables
 * @param local steps that slices take by themselves, or null
 * @param compression how gradients and parameters are coded
 * @param overlap whether parts of a step are on their way while others are computed
 * @param residuals what units had not sent when the segment began; null without compression
 * @param preprocess fitted scaling and dictionaries
 * @param augmentation random changes of training images
 * @param slices V, logical slices of a step
 * @param batchSize rows of a global batch
 * @param rows training rows
 * @param seed the run's seed
 * @param toStep version at which the task ends
 * @param deadlineMs longest wait for any part of a step, milliseconds
 * @param mixedPrecision whether products read operands rounded to bfloat16
 * @param kernelPreference preference for the kernel provider
 * @param kernelId kernels of the driver, which every executor must have too
 * @param failpoints places where a test makes the process fail
 */
record TaskPlan(
    String run,
    long incarnation,
    boolean overNetwork,
    List<ShardAddress> placement,
    String network,
    int length,
    List<RowTable> tables,
    @Nullable LocalSteps local,
    Compression compression,
    boolean overlap,
    @Nullable Residuals residuals,
    Preprocess preprocess,
    Augmentation augmentation,
    int slices,
    int batchSize,
    long rows,
    long seed,
    long toStep,
    long deadlineMs,
    boolean mixedPrecision,
    String kernelPreference,
    String kernelId,
    String failpoints)
    implements Serializable {

  TaskPlan {
    placement = List.copyOf(placement);
    tables = List.copyOf(tables);
  }

  /**
   * The plan of a segment's tasks.
   *
   * @param carried residuals of the units, where codes leave some
   * @param end version at which the tasks end
   */
  static TaskPlan of(
      Setup setup,
      String run,
      boolean overNetwork,
      ShardSession shards,
      @Nullable Residuals carried,
      long end,
      Failpoints failpoints) {
    TrainerConfig trainer = setup.config().trainer();
    return new TaskPlan(
        run,
        shards.incarnation(),
        overNetwork,
        shards.placement().addresses(),
        setup.network(),
        setup.vector().length(),
        setup.vector().tables(),
        setup.localSteps(),
        setup.compression(),
        setup.overlap().on(),
        carried,
        setup.data().preprocess(),
        setup.augmentation(),
        setup.slices(),
        trainer.batchSize(),
        setup.rows(),
        setup.config().seed(),
        end,
        setup.config().distributed().deadline().toMillis(),
        trainer.precision() == TrainerConfig.Precision.BFLOAT16,
        setup.kernelPreference(),
        setup.kernels().id(),
        failpoints.text());
  }

  @Override
  public String toString() {
    return "TaskPlan[" + run + "@" + incarnation + " to step " + toStep + "]";
  }
}
