package dev.bellows.jobs.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bellows.jobs.BellowsException;
import dev.bellows.jobs.ExitCode;
import dev.bellows.jobs.config.ConfigLoader;
import dev.bellows.jobs.config.RunConfig;
import java.io.DataOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Plans that need neither Spark nor the rows. */
class ForecastTest {
  @TempDir Path folder;

  private RunConfig config(String units, String... sets) throws Exception {
    Path images = folder.resolve("images");
    try (DataOutputStream out = new DataOutputStream(Files.newOutputStream(images))) {
      out.writeInt(0x0803);
      out.writeInt(1000);
      out.writeInt(28);
      out.writeInt(28);
    }
    String yaml =
        """
        version: 1
        task: classification
        data:
          train: {format: idx, images: "%s", labels: "%s"}
          validation: {fraction: 0.1}
        features: {image: {type: image, shape: [28, 28, 1]}}
        target: {name: label, classes: 10}
        model:
          type: network
          layers:
            - {dense: {units: %s, activation: relu}}
            - {dense: {units: 10}}
          loss: softmax_cross_entropy
        trainer: {epochs: 2, batch_size: 128, optimizer: {adam: {learning_rate: 0.001}}}
        output: {dir: runs/images}
        """
            .formatted(images, images, units);
    return ConfigLoader.parse(yaml, List.of(sets)).config();
  }

  private static SparkConf conf(String master) {
    return new SparkConf(false).setMaster(master);
  }

  @Test
  void imagesOfADeclaredShapeArePlannedWithoutSpark() throws Exception {
    RecordingConsole console = new RecordingConsole();
    assertThat(TrainJob.forecast(config("32"), conf("local[2]"), console)).isTrue();
    assertThat(console.text())
        .contains("2 workers", "8 slices/step", "data not read")
        .contains("2 needed, 2 there (threads of this process)")
        .contains("in process: tasks and shards share one process")
        .contains("99.4 KiB up + 99.4 KiB down per task and step = 4 B x 25,450 parameters")
        .contains("99.4 KiB x (2 versions + 2 slots + 4 partial sums)")
        .contains("ms a step expected", "4 slices x", "16 steps")
        .contains("checkpoints/", "model/", "steps.ledger");
  }

  /** With Adam the shards average three vectors, of which a task holds another three, and one. */
  @Test
  void tasksThatAverageHoldTheirOwnStepsToo() throws Exception {
    RecordingConsole console = new RecordingConsole();
    RunConfig local = config("32", "distributed.consistency=local(4)");
    assertThat(TrainJob.forecast(local, conf("local[2]"), console)).isTrue();
    long network = 4 * 25_450;
    long vector = 3 * network;
    String task = Plan.size(vector * 4 + 3 * vector + network);
    assertThat(console.text())
        .contains("298.2 KiB x (2 versions + 0 slots + 4 partial sums)")
        .contains("2 x " + task + " sums and own steps")
        .contains("2 x (198.8 KiB parameters and gradient");
  }

  @Test
  void clusterIsPlannedByWhatItsMasterPromises() throws Exception {
    RecordingConsole console = new RecordingConsole();
    assertThat(TrainJob.forecast(config("32"), conf("local-cluster[3,2,1024]"), console)).isTrue();
    assertThat(console.text())
        .contains("6 needed, 6 there (3 executors)", "executor, replica 1")
        .contains("10 Gbit/s", ", twice", "the driver  heap ");
    assertThat(TrainJob.forecast(config("32"), conf("yarn"), console))
        .as("nobody knows how many executors will come")
        .isFalse();
  }

  @Test
  void whatDoesNotFitIsRefusedWithArithmeticAndFix() throws Exception {
    SparkConf small = conf("local-cluster[2,1,512]").set("spark.executor.memory", "512m");
    assertThatThrownBy(() -> TrainJob.refuseImpossible(config("40000"), small))
        .isInstanceOfSatisfying(
            BellowsException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.CONFIG))
        .hasMessageContaining("not enough memory: shards  ")
        .hasMessageContaining("121.3 MiB x (2 versions + 2 slots + 4 partial sums), twice")
        .hasMessageContaining(" of 512.0 MiB = ")
        .hasMessageContaining("shards may take half of the heap, 256.0 MiB")
        .hasMessageContaining("--conf spark.executor.memory=");
    assertThatThrownBy(
            () ->
                TrainJob.refuseImpossible(config("32", "distributed.transport=in_process"), small))
        .hasMessageContaining("in_process needs a local master");
    assertThatThrownBy(
            () ->
                TrainJob.refuseImpossible(
                    config("32"), conf("local[2]").set("spark.task.cpus", "4")))
        .isInstanceOfSatisfying(
            BellowsException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.CONFIG))
        .hasMessageContaining("spark.task.cpus = 4 cores, local[2] has 2");
    TrainJob.refuseImpossible(config("32"), small);
  }
}
