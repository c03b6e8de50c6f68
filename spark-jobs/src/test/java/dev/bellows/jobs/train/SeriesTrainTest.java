package dev.bellows.jobs.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.bellows.engine.model.Json;
import dev.bellows.engine.sample.Mix64;
import dev.bellows.jobs.SparkSessionExtension;
import dev.bellows.jobs.config.ConfigException;
import dev.bellows.jobs.config.ConfigLoader;
import dev.bellows.jobs.config.Loaded;
import dev.bellows.jobs.predict.PredictJob;
import dev.bellows.jobs.run.RunFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Windows of a series with several steps to learn, through training, metrics and prediction. */
@ExtendWith(SparkSessionExtension.class)
class SeriesTrainTest {
  private static final int STEPS = 600;
  @TempDir static Path temp;
  private static final double[][] VALUES = new double[STEPS][2];

  /** Two noisy waves in units of their own. */
  @BeforeAll
  static void data() throws IOException {
    StringBuilder csv = new StringBuilder("date,load,heat\n");
    for (int t = 0; t < STEPS; t++) {
      double noise = Mix64.unit(Mix64.mix(t)) - 0.5;
      VALUES[t][0] = (float) (100 + 20 * Math.sin(t / 4.0) + noise);
      VALUES[t][1] = (float) (-3 + Math.cos(t / 4.0) + 0.05 * noise);
      csv.append(stamp(t)).append(',').append((float) VALUES[t][0]);
      csv.append(',').append((float) VALUES[t][1]).append('\n');
    }
    Files.writeString(temp.resolve("waves.csv"), csv);
  }

  private static String stamp(int t) {
    return String.format("2024-01-%02d %02d:00", 1 + t / 24, t % 24);
  }

  @AfterEach
  void noStop() {
    StopRequest.clear();
  }

  private static String yaml(String file, String span, int input, int workers, boolean relative) {
    return """
        version: 1
        task: regression
        seed: 3
        data:
          train: {format: series, path: "%s/%s", time: date, input: %d, horizon: 4, span: %s, relative: %s, layout: variables_first}
          validation: {span: [400, 480]}
          test: {span: [480, 600]}
        model:
          type: network
          layers: [{dense: {units: 4}}, {flatten: {}}]
        trainer: {epochs: 12, batch_size: 32, optimizer: {adam: {learning_rate: 0.03}}}
        distributed: {workers: %d, slices: 4}
        """
        .formatted(temp, file, input, span, relative, workers);
  }

  private static TrainOutcome train(SparkSession session, String name, String yaml) {
    Loaded loaded = ConfigLoader.parse(yaml);
    RunFolder folder =
        RunFolder.create(
            temp.resolve(name),
            new RunFolder.Options(
                yaml, loaded.resolvedYaml(), List.of("train"), true, true, Clock.systemUTC()));
    return TrainJob.run(session, loaded.config(), folder, new RecordingConsole());
  }

  @Test
  void waves_are_learnt_measured_beside_baselines_and_predicted(SparkSession session)
      throws IOException {
    TrainOutcome outcome = train(session, "waves", yaml("waves.csv", "[0, 400]", 16, 1, true));
    Map<String, Double> figures = outcome.metrics();
    assertThat(figures.get("test_mse")).isLessThan(0.05);
    assertThat(figures.get("test_mse")).isCloseTo(figures.get("test_loss"), within(1e-6));
    assertThat(figures.get("baseline_linear_mse")).isLessThan(0.01);
    assertThat(figures.get("baseline_repeat_last_mse")).isCloseTo(repeatLast(), within(1e-5));
    String metrics = Files.readString(temp.resolve("waves/evaluation/metrics.json"));
    assertThat(metrics).contains("\"baselines\"").contains("\"repeat_last\"");
    assertThat(Files.readString(temp.resolve("waves/report.html"))).contains("repeat last: mse");
    assertThat(Json.parseObject(metrics, "metrics").get("rows")).isEqualTo(117L);
    PredictJob.run(
        session,
        ConfigLoader.parse(
                """
                version: 1
                model_path: %s/waves/model
                data: {input: {format: series, path: "%s/waves.csv", time: date, input: 16, horizon: 4, span: [590, 600]}}
                predict: {columns: [prediction], keep: [step]}
                output: {dir: %s/predicted}
                """
                    .formatted(temp, temp, temp))
            .config(),
        new RecordingConsole());
    List<Row> rows =
        session.read().parquet(temp + "/predicted/predictions").orderBy("row").collectAsList();
    assertThat(rows).as("also the window after which nothing is known").hasSize(11);
    assertThat(rows.get(10).<Long>getAs("step")).isEqualTo(600);
    List<Double> next = rows.get(0).getList(rows.get(0).fieldIndex("prediction"));
    assertThat(next).hasSize(8);
    for (int h = 0; h < 4; h++) {
      assertThat(next.get(h)).as("load").isCloseTo(VALUES[590 + h][0], within(10.0));
      assertThat(next.get(4 + h)).as("heat").isCloseTo(VALUES[590 + h][1], within(0.5));
    }
  }

  /** With mean and deviation of the 400 training steps. */
  private static double repeatLast() {
    double sum = 0;
    for (int c = 0; c < 2; c++) {
      double mean = 0;
      double squares = 0;
      for (int t = 0; t < 400; t++) {
        mean += VALUES[t][c] / 400;
      }
      for (int t = 0; t < 400; t++) {
        squares += (VALUES[t][c] - mean) * (VALUES[t][c] - mean) / 400;
      }
      for (int first = 480; first <= 596; first++) {
        for (int h = 0; h < 4; h++) {
          double off = VALUES[first + h][c] - VALUES[first - 1][c];
          sum += off * off / squares;
        }
      }
    }
    return sum / (117 * 8);
  }

  @Test
  void same_bytes_for_any_partitions(SparkSession session) {
    String one = train(session, "one", yaml("waves.csv", "[0, 400]", 16, 1, false)).sha256();
    assertThat(train(session, "two", yaml("waves.csv", "[0, 400]", 16, 2, false)).sha256())
        .isEqualTo(one);
  }

  @Test
  void fault_74_windows_longer_than_the_series_unsorted_stamps_gaps(SparkSession session)
      throws IOException {
    assertThatThrownBy(() -> train(session, "long", yaml("waves.csv", "[0, 400]", 500, 1, false)))
        .hasMessageContaining(
            "waves.csv has 600 steps; in the span [0, 400) no window of 500 steps");
    List<String> lines = Files.readAllLines(temp.resolve("waves.csv"));
    String third = lines.get(3);
    lines.set(3, lines.get(4));
    lines.set(4, third);
    Files.write(temp.resolve("unsorted.csv"), lines);
    assertThatThrownBy(() -> train(session, "un", yaml("unsorted.csv", "[0, 400]", 16, 1, false)))
        .hasMessageContaining("unsorted.csv line 5: the time stamp \"2024-01-01 02:00\"")
        .hasMessageContaining("sort the file");
    lines.set(4, stamp(3) + ":30,x,1");
    Files.write(temp.resolve("text.csv"), lines);
    assertThatThrownBy(() -> train(session, "text", yaml("text.csv", "[0, 400]", 16, 1, false)))
        .hasMessageContaining("line 5: expected a number in column load, found \"x\"");
    lines.set(4, stamp(3) + ":30,,1");
    Files.write(temp.resolve("gap.csv"), lines);
    assertThatThrownBy(() -> train(session, "gap", yaml("gap.csv", "[0, 400]", 16, 1, false)))
        .hasMessageContaining("4 of 381 rows")
        .hasMessageContaining("1 of its 20 steps have a missing value");
  }

  @Test
  void the_best_epoch_of_a_moving_average_is_restored(SparkSession session) {
    String yaml =
        yaml("waves.csv", "[0, 400]", 16, 1, true)
            .replace(
                "trainer: {",
                "trainer: {ema: 0.9, early_stopping: {metric: val_loss, patience: 5, restore_best: true}, ");
    Map<String, Double> figures = train(session, "averaged", yaml).metrics();
    assertThat(figures.get("test_mse")).isCloseTo(figures.get("test_loss"), within(1e-6));
  }

  @Test
  void fault_74_parts_that_share_steps_are_refused() {
    assertThatThrownBy(() -> ConfigLoader.parse(yaml("waves.csv", "[0, 410]", 16, 1, false)))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("[400, 480] overlaps data.train.span [0, 410]");
    String cut =
        yaml("waves.csv", "[0, 400]", 16, 1, false)
            .replace("{span: [400, 480]}", "{fraction: 0.2}");
    assertThatThrownBy(() -> ConfigLoader.parse(cut))
        .hasMessageContaining("would cut through windows that share steps");
  }
}
