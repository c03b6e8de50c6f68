package dev.bellows.jobs.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bellows.jobs.SparkSessionExtension;
import dev.bellows.jobs.config.ConfigLoader;
import dev.bellows.jobs.evaluate.Evaluator;
import dev.bellows.jobs.predict.PredictJob;
import dev.bellows.jobs.source.Pictures;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** A label per pixel from image files and masks, through training, evaluation and prediction. */
@ExtendWith(SparkSessionExtension.class)
class SegmentationTrainTest {
  @TempDir static Path temp;

  @BeforeAll
  static void data() throws IOException {
    Pictures.squares(temp, 24, 24);
  }

  @AfterEach
  void noStop() {
    StopRequest.clear();
  }

  private static String yaml(int workers, int epochs, String augment) {
    return """
        version: 1
        task: segmentation
        seed: 3
        data:
          train: {format: images, path: "%1$s/image/{?,1?}.png", masks: %1$s/mask, tile: [16, 16], stride: [8, 8]}
          test: {format: images, path: "%1$s/image/2?.png", masks: %1$s/mask, tile: [16, 16]}
        features: {image: {type: image, shape: [16, 16, 1], augment: %2$s}}
        target: {name: mask, classes: 2}
        model: {type: network, preset: {unet: {depth: 1, filters: 4}}}
        trainer: {epochs: %3$d, batch_size: 8, optimizer: {adam: {learning_rate: 0.01}}}
        distributed: {workers: %4$d, slices: 4}
        """
        .formatted(temp, augment, epochs, workers);
  }

  private static TrainOutcome train(SparkSession session, String name, String yaml) {
    return TestRuns.train(session, temp.resolve(name), yaml);
  }

  @Test
  void squares_are_found_measured_and_predicted(SparkSession session) throws IOException {
    TrainOutcome outcome = train(session, "fit", yaml(1, 6, "{flip: both, crop: {padding: 4}}"));
    Map<String, Double> figures = outcome.metrics();
    assertThat(figures.get("test_accuracy")).isGreaterThan(0.95);
    assertThat(figures.get("test_dice")).isGreaterThan(0.95);
    assertThat(figures.get("test_iou")).isBetween(0.9, figures.get("test_dice"));
    Map<String, Double> again =
        Evaluator.run(
            session,
            ConfigLoader.parse(
                    """
                    version: 1
                    model_path: %s/fit/model
                    data: {test: {format: images, path: "%s/image/2?.png", masks: %s/mask, tile: [16, 16]}}
                    output: {dir: %s/evaluated}
                    """
                        .formatted(temp, temp, temp, temp))
                .config(),
            new RecordingConsole());
    assertThat(again.get("dice")).isEqualTo(figures.get("test_dice"));
    PredictJob.run(
        session,
        ConfigLoader.parse(
                """
                version: 1
                model_path: %s/fit/model
                data: {input: {format: images, path: "%s/image/2?.png", tile: [16, 16]}}
                predict: {columns: [prediction], keep: [file]}
                output: {dir: %s/predicted}
                """
                    .formatted(temp, temp, temp))
            .config(),
        new RecordingConsole());
    List<Row> rows =
        session.read().parquet(temp + "/predicted/predictions").orderBy("row").collectAsList();
    assertThat(rows).hasSize(4 * 4);
    assertThat(rows.get(1).<String>getAs("file")).endsWith("image/20.png#1");
    var mask = ImageIO.read(new ByteArrayInputStream(rows.get(0).<byte[]>getAs("prediction")));
    var truth = ImageIO.read(temp.resolve("mask/20.png").toFile());
    int same = 0;
    for (int y = 0; y < 16; y++) {
      for (int x = 0; x < 16; x++) {
        same += mask.getRaster().getSample(x, y, 0) == truth.getRaster().getSample(x, y, 0) ? 1 : 0;
      }
    }
    assertThat(same).as("of 256 pixels").isGreaterThan(230);
  }

  @Test
  void same_bytes_for_any_partitions(SparkSession session) {
    String augment = "{flip: both, turn: true, rotate: 5, fill: zero}";
    String one = train(session, "one", yaml(1, 1, augment)).sha256();
    assertThat(train(session, "two", yaml(2, 1, augment)).sha256()).isEqualTo(one);
    assertThat(train(session, "plain", yaml(1, 1, "null")).sha256()).isNotEqualTo(one);
  }

  @Test
  void folders_are_classes(SparkSession session) throws IOException {
    for (int k = 0; k < 16; k++) {
      String folder = k % 2 == 0 ? "red" : "blue";
      Pictures.write(
          temp.resolve("colours").resolve(folder).resolve(k + ".png"),
          Pictures.colour(8 + k % 3, 8, k % 2 == 0 ? 0xc00000 + k : 0x0000c0 + k));
    }
    TrainOutcome outcome =
        train(
            session,
            "colours-run",
            """
            version: 1
            task: classification
            data:
              train: {format: images, path: "%s/colours", size: [8, 8]}
              test: {format: images, path: "%s/colours", size: [8, 8]}
            model: {type: logistic}
            trainer: {epochs: 20, batch_size: 16}
            """
                .formatted(temp, temp));
    assertThat(outcome.metrics().get("test_accuracy")).isEqualTo(1.0);
  }

  @Test
  void fault_73_bad_images_follow_the_policy_for_bad_rows(SparkSession session) throws IOException {
    Path folder = temp.resolve("faulty");
    Pictures.squares(folder, 12, 16);
    Files.delete(folder.resolve("mask/3.png"));
    String yaml =
        yaml(1, 1, "null")
            .replace(temp + "/", folder + "/")
            .replace("{?,1?}", "?")
            .replace("2?", "1?");
    assertThatThrownBy(() -> train(session, "refused", yaml))
        .hasMessageContaining("1 of 10 rows")
        .hasMessageContaining("image/3.png: has no mask");
    String dropping =
        yaml.replace("features:", "  bad_rows: {drop: {max_fraction: 0.2}}\nfeatures:");
    assertThat(train(session, "dropped", dropping).metrics()).containsKey("test_dice");
  }
}
