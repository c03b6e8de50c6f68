package dev.bellows.jobs.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.bellows.engine.model.NioFiles;
import dev.bellows.jobs.BellowsException;
import dev.bellows.jobs.ExitCode;
import dev.bellows.jobs.SparkSessionExtension;
import dev.bellows.jobs.api.BellowsModel;
import dev.bellows.jobs.block.GivenRows;
import dev.bellows.jobs.config.ConfigLoader;
import dev.bellows.jobs.config.Loaded;
import dev.bellows.jobs.run.RunFolder;
import java.nio.file.Path;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Whole trainings with sparse tables: nothing but the configuration decides about the bytes. */
@ExtendWith(SparkSessionExtension.class)
class SparseTrainTest {
  private static final String ADAM = "adam: {learning_rate: 0.05}";

  @TempDir static Path temp;
  private static Path csv;

  private final RecordingConsole console = new RecordingConsole();

  @BeforeAll
  static void data() throws Exception {
    csv = SparseData.write(temp.resolve("data"));
  }

  @AfterEach
  void noFailpoints() {
    System.clearProperty(Failpoints.NAME);
    StopRequest.clear();
  }

  private TrainOutcome train(SparkSession session, String name, String optimizer, String... sets) {
    Loaded loaded = ConfigLoader.parse(SparseData.yaml(csv, optimizer), List.of(sets));
    RunFolder folder = TestRuns.folder(temp.resolve(name), loaded);
    return TrainJob.run(session, loaded.config(), folder, console);
  }

  @Test
  void tasksShardsFailuresAndResumingDoNotChangeTheBytes(SparkSession session) {
    TrainOutcome two = train(session, "two", ADAM);
    assertThat(two.steps()).isEqualTo(3 * 17);
    assertThat(two.metrics().get("val_auc")).isGreaterThan(0.7);
    TrainOutcome one = train(session, "one", ADAM, "distributed.workers=1", "distributed.shards=3");
    assertThat(one.sha256()).isEqualTo(two.sha256());
    TrainOutcome four = train(session, "four", ADAM, "distributed.workers=4");
    assertThat(four.sha256()).isEqualTo(two.sha256());

    unseenValuesArePredicted(session);

    System.setProperty(Failpoints.NAME, "task.push:27:throw:" + temp.resolve("throw27"));
    TrainOutcome shaken = train(session, "shaken", ADAM);
    assertThat(temp.resolve("throw27")).exists();
    assertThat(shaken.sha256()).isEqualTo(two.sha256());

    System.setProperty(Failpoints.NAME, "driver.segment:34:throw:" + temp.resolve("throw34"));
    assertThatThrownBy(() -> train(session, "broken", ADAM)).hasMessageContaining("failpoint");
    System.clearProperty(Failpoints.NAME);
    TrainOutcome resumed =
        ResumeJob.run(
            session,
            temp.resolve("broken"),
            new ResumeOptions(
                List.of(), false, List.of("distributed.workers=1", "distributed.shards=2")),
            console);
    assertThat(resumed.sha256()).isEqualTo(two.sha256());

    VerifyJob.replay(
        session,
        new NioFiles(temp.resolve("two")),
        StepRange.parse("43:46"),
        GivenRows.NONE,
        new ResumeOptions(List.of(), false),
        console);
  }

  /** They share the unknown code, alone and in the cross; the tables are tensors of the model. */
  private static void unseenValuesArePredicted(SparkSession session) {
    Dataset<Row> rows =
        session
            .sql(
                "SELECT * FROM VALUES ('p98', 'q01', 3.5), ('p99', 'q01', 3.5), ('p01', 'q01', 3.5)"
                    + " AS t(person, place, hour)")
            .coalesce(1);
    List<Double> found =
        BellowsModel.load(temp.resolve("two/model").toString())
            .transform(rows)
            .select("probability")
            .collectAsList()
            .stream()
            .map(row -> ((Number) row.getList(0).get(1)).doubleValue())
            .toList();
    assertThat(found.get(0)).isBetween(0.0, 1.0).isCloseTo(found.get(1), within(1e-6));
    assertThat(found.get(0)).isNotCloseTo(found.get(2), within(1e-3));
  }

  @Test
  void everyRuleOfRowsKeepsItsBytes(SparkSession session) {
    for (String rule :
        List.of("sgd: {learning_rate: 0.5, momentum: 0.5}", "adagrad: {learning_rate: 0.1}")) {
      String name = rule.substring(0, 3);
      String few = "trainer.epochs=1";
      String two = train(session, name + "2", rule, few).sha256();
      assertThat(train(session, name + "1", rule, few, "distributed.workers=1").sha256())
          .isEqualTo(two);
    }
  }

  @Test
  void aTableThatIsFullEndsTheRun(SparkSession session) {
    assertThatThrownBy(() -> train(session, "full", ADAM, "features.both.max_rows=100"))
        .isInstanceOfSatisfying(
            BellowsException.class,
            e -> assertThat(e.exitCode()).isEqualTo(ExitCode.MEMORY_OR_DISK))
        .hasMessageContaining("raise max_rows");
  }

  @Test
  void whatRowsCannotDoIsRefused(SparkSession session) {
    refused(session, "must be bsp", "distributed.consistency=ssp(2)");
    refused(session, "distributed.compression", "distributed.compression={bf16: {units: 2}}");
    refused(session, "no norm of the whole gradient", "trainer.gradient_clip={norm: 1.0}");
    refused(session, "no moving average", "trainer.ema=0.9");
    refused(session, "no replicas", "distributed.replicas=1");
    refused(session, "hour.sparse is for categories", "features.hour={type: number, sparse: true}");
    refused(session, "which is no category", "features.both.cross=[person, hour]");
  }

  private void refused(SparkSession session, String message, String set) {
    String name = "refused-" + Integer.toHexString(set.hashCode());
    assertThatThrownBy(() -> train(session, name, ADAM, set))
        .isInstanceOf(BellowsException.class)
        .hasMessageContaining(message);
  }
}
