package dev.bellows.jobs.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bellows.engine.model.NioFiles;
import dev.bellows.jobs.SparkSessionExtension;
import dev.bellows.jobs.block.Block;
import dev.bellows.jobs.block.GivenRows;
import dev.bellows.jobs.block.InnerHoldout;
import dev.bellows.jobs.block.StudyRows;
import dev.bellows.jobs.config.ConfigLoader;
import dev.bellows.jobs.config.RunConfig;
import dev.bellows.jobs.evaluate.StoredModel;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A training in one thread is the training through the parameter server, bit for bit. */
@ExtendWith(SparkSessionExtension.class)
class LocalTrainingTest {
  @TempDir Path temp;

  private static String yaml(Path csv, String kind) {
    return switch (kind) {
      case "adam, clipped by norm" -> TinyData.adam(csv);
      case "wide, momentum" -> TinyData.momentum(csv);
      case "average of weights" ->
          TinyData.adam(csv).replace("  epochs: 3", "  epochs: 3\n  ema: 0.9");
      default ->
          TinyData.yaml(csv, "sgd: {learning_rate: 0.05}", "l2: 0.001")
              .replace("{deadline: 20s", "{consistency: local(3), deadline: 20s");
    };
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"adam, clipped by norm", "wide, momentum", "average of weights", "local(3)"})
  void endsWithTheBytesOfTheServers(String kind, SparkSession session) throws Exception {
    Path csv = TinyData.write(temp.resolve("data"));
    String yaml = yaml(csv, kind);
    TestRuns.train(session, temp.resolve("run"), yaml);
    float[] expected = StoredModel.open(new NioFiles(temp.resolve("run/model"))).parameters();

    RunConfig config = ConfigLoader.parse(yaml, List.of()).config();
    try (StudyRows rows = StudyRows.read(session, config, ".", GivenRows.NONE)) {
      int[] all = IntStream.range(0, rows.rows()).toArray();
      int[] train = InnerHoldout.divide(config, all, rows.keys(), rows.labels())[0];
      BitSet ranks = new BitSet();
      for (int row : train) {
        ranks.set(row);
      }
      StudyRows.Fit fit = rows.fit(ranks);
      Block block = rows.shard().first().block();
      assertThat(train).hasSizeLessThan(rows.rows());
      try (LocalTraining training =
          new LocalTraining(config, fit.preprocess(), fit.classCounts(), block, train)) {
        training.epoch();
        LocalTraining.Point point = training.point();
        training.epoch();
        training.restore(point); // as another process would go on
        training.epoch();
        training.epoch();
        assertThat(training.exported()).containsExactly(expected);
      }
    }
  }
}
