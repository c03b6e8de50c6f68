package dev.bellows.jobs.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bellows.jobs.RealData;
import dev.bellows.jobs.SparkSessionExtension;
import dev.bellows.jobs.config.ConfigLoader;
import dev.bellows.jobs.config.Loaded;
import dev.bellows.jobs.run.RunFolder;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPInputStream;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** The training loss while training and as the model is used, beside each other in the history. */
@ExtendWith(SparkSessionExtension.class)
class MeasuredTrainingTest {
  @TempDir Path temp;

  /** The digits as image and label files; returns their folder. */
  private Path digits() throws IOException {
    List<String> lines;
    try (InputStream in =
        new GZIPInputStream(Files.newInputStream(RealData.file("digits8x8/digits8x8.csv.gz")))) {
      lines = new String(in.readAllBytes(), StandardCharsets.US_ASCII).lines().skip(1).toList();
    }
    ByteBuffer images = ByteBuffer.allocate(16 + 64 * lines.size());
    images.putInt(2051).putInt(lines.size()).putInt(8).putInt(8);
    ByteBuffer labels = ByteBuffer.allocate(8 + lines.size());
    labels.putInt(2049).putInt(lines.size());
    for (String line : lines) {
      String[] cells = line.split(",");
      for (int pixel = 0; pixel < 64; pixel++) {
        images.put((byte) Double.parseDouble(cells[pixel]));
      }
      labels.put((byte) Double.parseDouble(cells[64]));
    }
    Files.write(temp.resolve("images"), images.array());
    Files.write(temp.resolve("labels"), labels.array());
    return temp;
  }

  private List<String> history(SparkSession session, String... sets) throws Exception {
    String yaml =
        """
        version: 1
        task: classification
        seed: 3
        data: {train: {format: idx, images: "%s/images", labels: "%s/labels"}, validation: {fraction: 0.2}}
        features: {image: {type: image, scale: minmax}}
        target: {classes: 10}
        model:
          type: network
          layers:
            - {conv2d: {filters: 16, kernel: 3, activation: relu}}
            - {maxpool2d: {size: 2}}
            - {flatten: {}}
            - {dropout: {rate: 0.5}}
            - {dense: {units: 10}}
        trainer: {epochs: 4, batch_size: 32, measure_training: true, optimizer: {adam: {learning_rate: 0.003}}}
        output: {dir: unused}
        """
            .formatted(digits(), temp);
    Loaded loaded = ConfigLoader.parse(yaml, List.of(sets));
    Path run = temp.resolve("run");
    RunFolder folder = TestRuns.folder(run, loaded);
    TrainJob.run(session, loaded.config(), folder, new RecordingConsole());
    return Files.readAllLines(run.resolve("history.csv"));
  }

  private static double[] column(List<String> csv, String name) {
    int at = Arrays.asList(csv.get(0).split(",")).indexOf(name);
    assertThat(at).as(name + " in " + csv.get(0)).isNotNegative();
    return csv.stream().skip(1).mapToDouble(l -> Double.parseDouble(l.split(",")[at])).toArray();
  }

  @Test
  @DisplayName("TRN-37 validation below the running training loss: the re-measured one tells why")
  void theHistoryHasBothLosses(SparkSession session) throws Exception {
    List<String> history = history(session);
    double[] running = column(history, "loss");
    double[] measured = column(history, "train_loss");
    double[] validation = column(history, "val_loss");
    assertThat(running).hasSize(4);
    for (int epoch = 0; epoch < 2; epoch++) {
      assertThat(running[epoch]).as("epoch " + epoch).isGreaterThan(validation[epoch]);
    }
    for (int epoch = 0; epoch < 4; epoch++) {
      assertThat(measured[epoch]).as("epoch " + epoch).isLessThan(running[epoch]);
    }
    assertThat(column(history, "train_accuracy")[3]).isGreaterThan(0.9);
  }

  @Test
  void whatIsNotMeasuredCannotBeWatched(SparkSession session) {
    assertThatThrownBy(
            () ->
                history(
                    session,
                    "trainer.measure_training=false",
                    "trainer.early_stopping={metric: train_loss}"))
        .hasMessageContaining("train_loss needs trainer.measure_training: true");
  }
}
