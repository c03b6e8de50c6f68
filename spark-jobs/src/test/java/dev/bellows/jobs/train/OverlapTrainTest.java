package dev.bellows.jobs.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bellows.engine.model.Json;
import dev.bellows.jobs.BellowsException;
import dev.bellows.jobs.ExitCode;
import dev.bellows.jobs.SparkSessionExtension;
import dev.bellows.jobs.config.ConfigException;
import dev.bellows.jobs.config.ConfigLoader;
import dev.bellows.jobs.config.Loaded;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * Parts of steps on their way while steps are computed: when they are, and always the same bytes.
 */
@ExtendWith(SparkSessionExtension.class)
class OverlapTrainTest {
  private static final String ON = "distributed.overlap=true";
  private static final String OFF = "distributed.overlap=false";
  private static final String NETWORK = "distributed.transport=network";

  @TempDir static Path temp;
  private static Path csv;
  private final RecordingConsole console = new RecordingConsole();

  @BeforeAll
  static void data() throws Exception {
    csv = TinyData.write(temp.resolve("data"));
  }

  @AfterEach
  void noFailpoints() {
    System.clearProperty(Failpoints.NAME);
    StopRequest.clear();
  }

  private TrainOutcome train(SparkSession session, String name, String yaml, String... sets) {
    Loaded loaded = ConfigLoader.parse(yaml, List.of(sets));
    return TrainJob.run(
        session, loaded.config(), TestRuns.folder(temp.resolve(name), loaded), console);
  }

  @Test
  void bytesDoNotDependOnOverlap(SparkSession session) throws Exception {
    String wide = TinyData.momentum(csv);
    TrainOutcome whole = train(session, "whole", wide, NETWORK, OFF);
    assertThat(console.text()).contains("no overlap: distributed.overlap is false");
    TrainOutcome parts = train(session, "parts", wide, NETWORK, "distributed.shards=3");
    assertThat(console.text()).contains("slices/step  overlap  ").contains("hidden behind");
    assertThat(parts.sha256()).isEqualTo(whole.sha256());
    TrainOutcome alone = train(session, "alone", wide, ON, "distributed.workers=1");
    assertThat(alone.sha256()).isEqualTo(whole.sha256());

    Map<String, ?> run = Json.parseObject(Files.readString(temp.resolve("parts/run.json")), "run");
    assertThat(((Number) run.get("communication_hidden")).doubleValue()).isBetween(0.0, 1.0);
    Map<String, ?> timeline =
        Json.parseObject(Files.readString(temp.resolve("parts/timeline.json")), "timeline");
    List<?> tasks = (List<?>) timeline.get("tasks");
    assertThat(tasks).hasSize(2);
    for (Object task : tasks) {
      List<String> kinds = new ArrayList<>();
      for (Object interval : (List<?>) task) {
        Map<?, ?> known = (Map<?, ?>) interval;
        kinds.add(String.valueOf(known.get("kind")));
        assertThat(((Number) known.get("to_ms")).doubleValue())
            .isGreaterThan(((Number) known.get("from_ms")).doubleValue());
      }
      assertThat(kinds).contains("compute", "under_way");
    }
    assertThat(temp.resolve("parts/report.html"))
        .content()
        .contains("id=\"chart-timeline\"")
        .contains("\"timeline\":[[");
  }

  @Test
  void aClippedNormLeavesPushesToOverlap(SparkSession session) {
    TrainOutcome whole = train(session, "norm-whole", TinyData.adam(csv), OFF);
    TrainOutcome parts =
        train(session, "norm-parts", TinyData.adam(csv), NETWORK, "distributed.shards=3");
    assertThat(console.text()).contains("overlap of pushes: gradient_clip.norm needs the whole");
    assertThat(parts.sha256()).isEqualTo(whole.sha256());
  }

  @Test
  void aTaskThatIsLostBetweenItsPartsChangesNoByte(SparkSession session) {
    String wide = TinyData.wide(csv, "adam: {learning_rate: 0.01}", "l2: 0.0001");
    TrainOutcome whole = train(session, "calm", wide, OFF);
    System.setProperty(Failpoints.NAME, "task.push:7:throw:" + temp.resolve("throw7"));
    TrainOutcome parts = train(session, "shaken", wide, NETWORK, "distributed.shards=2");
    assertThat(temp.resolve("throw7")).exists();
    assertThat(console.text()).contains("1 of 2 failures used");
    assertThat(parts.sha256()).isEqualTo(whole.sha256());
  }

  @Test
  void fault_54_aBadGradientIsNamedOrLeftOutAsWithoutOverlap(SparkSession session) {
    String wide = TinyData.wide(csv, "sgd: {learning_rate: 0.01}", "l2: 0.0001");
    System.setProperty(Failpoints.NAME, "task.nan:6:nan:" + temp.resolve("nan6"));
    assertThatThrownBy(() -> train(session, "bad", wide, NETWORK, "distributed.shards=2"))
        .isInstanceOf(BellowsException.class)
        .hasMessageContaining("step 6")
        .hasMessageContaining("slice")
        .extracting(e -> ((BellowsException) e).exitCode())
        .isEqualTo(ExitCode.DIVERGED);

    String skips = "trainer.on_nan={skip: 2}";
    System.setProperty(Failpoints.NAME, "task.nan:6:nan:" + temp.resolve("nan6a"));
    TrainOutcome whole = train(session, "skip-whole", wide, skips, OFF);
    System.setProperty(Failpoints.NAME, "task.nan:6:nan:" + temp.resolve("nan6b"));
    TrainOutcome parts = train(session, "skip-parts", wide, skips, NETWORK);
    assertThat(console.text()).contains("overlap of pushes: on_nan: skip needs the whole step");
    assertThat(parts.sha256()).isEqualTo(whole.sha256());
  }

  @Test
  void whatCanNotOverlapIsRefused() {
    for (String other :
        List.of("distributed.consistency=ssp(2)", "distributed.compression={bf16: {units: 2}}")) {
      assertThatThrownBy(() -> ConfigLoader.parse(TinyData.momentum(csv), List.of(ON, other)))
          .isInstanceOf(ConfigException.class)
          .hasMessageContaining("distributed.overlap");
    }
  }
}
