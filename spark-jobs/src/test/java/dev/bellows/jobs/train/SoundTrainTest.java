package dev.bellows.jobs.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bellows.engine.sample.Mix64;
import dev.bellows.jobs.SparkSessionExtension;
import dev.bellows.jobs.config.ConfigException;
import dev.bellows.jobs.config.ConfigLoader;
import dev.bellows.jobs.predict.PredictJob;
import dev.bellows.jobs.source.DataException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Recordings, from WAV files to predictions; they are tones that rise or fall. */
@ExtendWith(SparkSessionExtension.class)
class SoundTrainTest {
  @TempDir Path temp;

  private TrainOutcome train(SparkSession session, String name, String yaml, String... sets) {
    return TestRuns.train(session, temp.resolve(name), yaml, sets);
  }

  /** A tone that rises or falls by a third of its pitch, with its header. */
  private static byte[] tone(boolean rises, long seed) {
    int samples = 2000 + Math.floorMod(Mix64.mix(seed), 1000);
    double pitch = 600 + Math.floorMod(Mix64.mix(seed + 1), 600);
    ByteBuffer out = ByteBuffer.allocate(44 + 2 * samples).order(ByteOrder.LITTLE_ENDIAN);
    out.put("RIFF".getBytes(StandardCharsets.US_ASCII)).putInt(36 + 2 * samples);
    out.put("WAVEfmt ".getBytes(StandardCharsets.US_ASCII)).putInt(16);
    out.putShort((short) 1).putShort((short) 1).putInt(8000).putInt(16000);
    out.putShort((short) 2).putShort((short) 16);
    out.put("data".getBytes(StandardCharsets.US_ASCII)).putInt(2 * samples);
    double phase = 0;
    for (int i = 0; i < samples; i++) {
      double along = (double) i / samples;
      phase += 2 * Math.PI * pitch * (1 + (rises ? along : 1 - along) / 3) / 8000;
      out.putShort((short) (6000 * Math.sin(phase)));
    }
    return out.array();
  }

  private Path tones(String folder, int count, long seed) throws IOException {
    Path dir = Files.createDirectories(temp.resolve(folder));
    for (int i = 0; i < count; i++) {
      boolean rises = Math.floorMod(Mix64.mix(seed + 11L * i), 2) == 0;
      Files.write(
          dir.resolve((rises ? "up_" : "down_") + i + ".wav"), tone(rises, seed + 100L * i));
    }
    return dir;
  }

  private static String yaml(Path dir) {
    return """
        version: 1
        task: classification
        seed: 3
        data:
          train: {format: wav, path: "%s", pattern: '(?<label>[a-z]+)_(?<take>\\d+)\\.wav'}
          validation: {fraction: 0.25}
        features:
          audio: {type: audio, spectrogram: {rate: 8000, window_ms: 32.0, hop_ms: 16.0, bands: 24, frames: 20}, augment: {crop: {padding: 1}, fill: zero}}
          take: {type: ignore}
        model:
          type: network
          layers:
            - {conv2d: {filters: 8, kernel: 5, activation: relu}}
            - {maxpool2d: {size: 2}}
            - {conv2d: {filters: 12, kernel: 3, activation: relu}}
            - {global_avgpool: {}}
            - {dense: {units: auto}}
        trainer: {epochs: 25, batch_size: 16, optimizer: {adam: {learning_rate: 0.01}}}
        output: {dir: unused}
        """
        .formatted(dir);
  }

  @Test
  void tonesAreToldApartWhateverThePartitions(SparkSession session) throws Exception {
    Path dir = tones("tones", 80, 5);
    TrainOutcome one = train(session, "one", yaml(dir), "distributed.workers=1");
    TrainOutcome two = train(session, "two", yaml(dir), "distributed.workers=2");
    assertThat(two.sha256()).isEqualTo(one.sha256());
    assertThat(one.metrics().get("val_accuracy")).isGreaterThanOrEqualTo(0.9);
    // the model knows how its spectrograms are made: the configuration of a prediction does not
    Path fresh = tones("fresh", 10, 4000);
    String predict =
        "version: 1\nmodel_path: %s/one/model\ndata: {input: {format: wav, path: %s, pattern: '(?<truth>[a-z]+)_.*'}}\npredict: {keep: [truth, file]}\noutput: {dir: %s/out}\n"
            .formatted(temp, fresh, temp);
    PredictJob.run(
        session, ConfigLoader.parse(predict, List.of()).config(), new RecordingConsole());
    List<Row> rows = session.read().parquet(temp + "/out/predictions").collectAsList();
    long right = rows.stream().filter(r -> r.getAs("truth").equals(r.getAs("prediction"))).count();
    assertThat(rows).hasSize(10);
    assertThat(right).isGreaterThanOrEqualTo(8);
    assertThat(rows.get(0).<String>getAs("file")).endsWith(".wav");
  }

  @Test
  void fault_75_aFileThatIsCutOffIsNamed(SparkSession session) throws Exception {
    Path dir = tones("cut", 12, 5);
    Path file = dir.resolve("up_99.wav");
    byte[] whole = tone(true, 9);
    Files.write(file, Arrays.copyOf(whole, whole.length - 7));
    assertThatThrownBy(() -> train(session, "cut-run", yaml(dir)))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("up_99.wav")
        .hasMessageContaining(
            "its header says %d bytes, found %d: the file is cut off"
                .formatted(whole.length, whole.length - 7));
    TrainOutcome dropped =
        train(
            session,
            "drop",
            yaml(dir),
            "data.bad_rows={drop: {max_fraction: 0.2}}",
            "trainer.epochs=1");
    assertThat(dropped.metrics()).containsKey("val_accuracy");
  }

  @Test
  void fault_75_otherNamesAndRatesAreNamed(SparkSession session) throws Exception {
    Path dir = tones("other", 6, 5);
    assertThatThrownBy(
            () -> train(session, "rate", yaml(dir), "features.audio.spectrogram.rate=16000"))
        .hasMessageContaining("expected 16000 samples a second (spectrogram.rate), found 8000");
    Files.write(dir.resolve("strange.wav"), tone(true, 9));
    assertThatThrownBy(() -> train(session, "name", yaml(dir)))
        .hasMessageContaining("expected a file name of the form")
        .hasMessageContaining("found \"strange.wav\"");
    assertThatThrownBy(() -> train(session, "type", yaml(dir), "features.audio={type: image}"))
        .hasMessageContaining("there is no feature of type audio");
    assertThatThrownBy(
            () -> ConfigLoader.parse(yaml(dir), List.of("features.audio.spectrogram.bands=100")))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("features.audio.spectrogram")
        .hasMessageContaining("bands: 100 are more than a window of 256 samples tells apart");
  }
}
