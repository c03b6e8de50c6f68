package dev.bellows.jobs.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bellows.engine.sample.Mix64;
import dev.bellows.jobs.SparkSessionExtension;
import dev.bellows.jobs.config.ConfigLoader;
import dev.bellows.jobs.config.Loaded;
import dev.bellows.jobs.run.RunFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Training on images that change in each epoch. */
@ExtendWith(SparkSessionExtension.class)
class AugmentedTrainingTest {
  private static final int ROWS = 90;
  @TempDir static Path temp;
  private static Path images;

  /** Colour images in CIFAR's format: a bright square on noise, its colour the class. */
  @BeforeAll
  static void data() throws IOException {
    byte[] bytes = new byte[ROWS * 3073];
    for (int r = 0; r < ROWS; r++) {
      int at = r * 3073;
      int label = r % 3;
      bytes[at] = (byte) label;
      for (int i = 0; i < 3072; i++) {
        bytes[at + 1 + i] = (byte) (Mix64.mix(r * 5000L + i) & 0x7f);
      }
      for (int i = 0; i < 64; i++) {
        int pixel = (4 + r % 20 + i / 8) * 32 + 4 + r % 16 + i % 8;
        bytes[at + 1 + label * 1024 + pixel] = (byte) 255;
      }
    }
    images = Files.write(temp.resolve("squares.bin"), bytes);
  }

  @AfterEach
  void noStop() {
    StopRequest.clear();
  }

  private static String sha(
      SparkSession session, String name, String augment, int workers, String... more) {
    String yaml =
        """
        version: 1
        task: classification
        seed: 3
        data: {train: {format: cifar, path: "%s"}}
        features: {image: {type: image, scale: standard, augment: %s}}
        target: {classes: 3}
        model:
          type: network
          layers:
            - {conv2d: {filters: 4, kernel: 3, stride: 2, activation: relu}}
            - {global_avgpool: {}}
            - {dense: {units: 3}}
        trainer: {epochs: 3, batch_size: 16, checkpoint: {every: 4 steps, keep: 2}}
        distributed: {workers: %d, slices: 4}
        """
            .formatted(images, augment, workers);
    Loaded loaded = ConfigLoader.parse(yaml, List.of(more));
    RunFolder folder = TestRuns.folder(temp.resolve(name), loaded);
    return String.valueOf(
        TrainJob.run(session, loaded.config(), folder, new RecordingConsole()).sha256());
  }

  private static final String AUGMENT = "{flip: horizontal, crop: {padding: 3}, rotate: 8}";

  @Test
  void same_bytes_for_any_partitions_and_after_a_stop(SparkSession session) {
    String whole = sha(session, "one", AUGMENT, 1);
    assertThat(sha(session, "two", AUGMENT, 2)).isEqualTo(whole);
    assertThat(sha(session, "none", "null", 1)).as("without changes").isNotEqualTo(whole);
    assertThat(sha(session, "stopped", AUGMENT, 2, "trainer.max_time=1ms")).isEqualTo("null");
    assertThat(sha(session, "stopped", AUGMENT, 1)).as("resumed").isEqualTo(whole);
  }

  @Test
  void changes_that_do_not_fit_are_refused(SparkSession session) {
    assertThatThrownBy(() -> sha(session, "far", "{crop: {padding: 40}}", 1))
        .hasMessageContaining("augment.crop.padding 40 moves images of 32 x 32 out of sight");
  }
}
