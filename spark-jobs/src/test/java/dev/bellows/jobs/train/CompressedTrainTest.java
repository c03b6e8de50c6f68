package dev.bellows.jobs.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bellows.engine.model.NioFiles;
import dev.bellows.jobs.ExitCode;
import dev.bellows.jobs.SparkSessionExtension;
import dev.bellows.jobs.block.GivenRows;
import dev.bellows.jobs.config.ConfigException;
import dev.bellows.jobs.config.ConfigLoader;
import dev.bellows.jobs.config.Loaded;
import dev.bellows.jobs.run.RunFolder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Whole trainings with coded gradients: units, not tasks, decide about the bytes. */
@ExtendWith(SparkSessionExtension.class)
class CompressedTrainTest {
  private static final String BF16 = "distributed.compression={bf16: {units: 4}}";
  private static final String TOPK =
      "distributed.compression={topk: {units: 2, share: 0.05, down_share: 0.1}}";

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

  private TrainOutcome train(SparkSession session, String name, String... sets) {
    Loaded loaded = ConfigLoader.parse(TinyData.adam(csv), List.of(sets));
    RunFolder folder = TestRuns.folder(temp.resolve(name), loaded);
    return TrainJob.run(session, loaded.config(), folder, console);
  }

  @Test
  void tasksShardsFailuresAndResumingDoNotChangeTheBytes(SparkSession session) {
    TrainOutcome two = train(session, "two", BF16);
    assertThat(console.text()).contains("bf16 in 4 units");
    assertThat(two.steps()).isEqualTo(27);
    assertThat(two.metrics().get("val_accuracy")).isGreaterThan(0.85);
    TrainOutcome one = train(session, "one", BF16, "distributed.workers=1", "distributed.shards=3");
    assertThat(one.sha256()).isEqualTo(two.sha256());

    System.setProperty(Failpoints.NAME, "task.step:7:throw:" + temp.resolve("throw7"));
    TrainOutcome shaken = train(session, "shaken", BF16);
    assertThat(temp.resolve("throw7")).exists();
    assertThat(console.text()).contains("1 of 2 failures used").contains("to step 5");
    assertThat(shaken.sha256()).isEqualTo(two.sha256());
    assertThat(temp.resolve("one/steps.ledger")).hasSameTextualContentAs(ledger("two"));
    assertThat(temp.resolve("shaken/steps.ledger")).hasSameTextualContentAs(ledger("two"));

    System.setProperty(Failpoints.NAME, "driver.segment:10:throw:" + temp.resolve("throw10"));
    assertThatThrownBy(() -> train(session, "broken", BF16)).hasMessageContaining("failpoint");
    System.clearProperty(Failpoints.NAME);
    TrainOutcome resumed =
        ResumeJob.run(
            session,
            temp.resolve("broken"),
            new ResumeOptions(
                List.of(), false, List.of("distributed.workers=1", "distributed.shards=2")),
            console);
    assertThat(resumed.sha256()).isEqualTo(two.sha256());
    assertThat(temp.resolve("broken/steps.ledger")).hasSameTextualContentAs(ledger("two"));

    VerifyJob.check(new NioFiles(temp.resolve("two")), console);
    VerifyJob.replay(
        session,
        new NioFiles(temp.resolve("two")),
        StepRange.parse("7:12"),
        GivenRows.NONE,
        new ResumeOptions(List.of(), false),
        console);
  }

  @Test
  void sparseCodesKeepTheirBytesWhenStoppedAndHalveTheTraffic(SparkSession session)
      throws Exception {
    TrainOutcome whole = train(session, "topk", TOPK);
    assertThat(whole.metrics().get("val_accuracy")).isGreaterThan(0.8);
    train(session, "raw");
    assertThat(payload("topk")).isLessThan(0.25 * payload("raw"));
    // two tasks, two units: what the ledger notes is what the tasks counted
    double bytes = 0;
    for (String line : Files.readAllLines(ledger("topk")).subList(1, 28)) {
      LedgerLine step = LedgerLine.parse(line);
      assertThat(step.cell(7)).isEqualTo("topk");
      bytes += Double.parseDouble(step.cell(8)) + 2 * Double.parseDouble(step.cell(9));
      assertThat(Double.parseDouble(step.cell(10))).isStrictlyBetween(0.1, 1.0);
    }
    assertThat(payload("topk")).isBetween(bytes, 1.001 * bytes);
    assertThat(Files.readString(temp.resolve("topk/report.html")))
        .contains("<caption>Codes of a step</caption>", "<td>topk</td>");
    assertThat(Files.readString(temp.resolve("topk/config.resolved.yaml")))
        .contains("down_share: 0.1");

    System.setProperty(Failpoints.NAME, "task.step:-1:sleep=40");
    StopRequest.request(ExitCode.TERMINATED);
    TrainOutcome stopped = train(session, "stopped", TOPK);
    assertThat(stopped.exitCode()).isEqualTo(ExitCode.TERMINATED);
    StopRequest.clear();
    System.clearProperty(Failpoints.NAME);
    TrainOutcome resumed =
        ResumeJob.run(
            session, temp.resolve("stopped"), new ResumeOptions(List.of(), false), console);
    assertThat(resumed.sha256()).isEqualTo(whole.sha256());
  }

  private static Path ledger(String run) {
    return temp.resolve(run).resolve("steps.ledger");
  }

  private static double payload(String run) {
    Object summary = RunFolder.readRun(temp.resolve(run)).get("payload_bytes");
    return ((Number) summary).doubleValue();
  }

  @Test
  void tasksAreCutDownToWholeUnits() {
    Loaded loaded = ConfigLoader.parse(TinyData.adam(csv), List.of(BF16, "distributed.slices=7"));
    // units of two slices: 0-1, 2-3, 4-5, 6
    assertThat(Setup.partitions(loaded.config(), 1)).isEqualTo(1);
    assertThat(Setup.partitions(loaded.config(), 64)).isLessThanOrEqualTo(4);
    Loaded even = ConfigLoader.parse(TinyData.adam(csv), List.of(BF16, "distributed.slices=8"));
    assertThat(Setup.partitions(even.config(), 64)).isEqualTo(4);
    assertThat(Setup.partitions(even.config(), 3)).isEqualTo(2);
    Loaded raw = ConfigLoader.parse(TinyData.adam(csv), List.of("distributed.slices=8"));
    assertThat(Setup.partitions(raw.config(), 64)).isEqualTo(8);
  }

  @Test
  void whatCompressionCannotDoIsRefused() {
    refused("{bf16: {units: 3}}", "must be a power of two, found 3");
    refused("{bf16: {units: 16}}", "16 units can't share 8 slices", "distributed.slices=8");
    refused("{bf16: {units: 2}}", "needs consistency: bsp", "distributed.consistency=ssp(2)");
    refused("{bf16: {units: 2}}", "needs consistency: bsp", "distributed.consistency=local(4)");
    refused("{int8: {units: 2}}", "replicas would not save them", "distributed.replicas=1");
    refused("{topk: {share: 0}}", "share");
  }

  private static void refused(String compression, String message, String... more) {
    List<String> sets = new ArrayList<>(List.of(more));
    sets.add("distributed.compression=" + compression);
    assertThatThrownBy(() -> ConfigLoader.parse(TinyData.adam(csv), sets))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining(message);
  }

  @Test
  void reportsKeepResidualsBitByBit() {
    float[][] residuals = {{1f, -0f, Float.MIN_VALUE}, {-2f, 3f, 0.1f}};
    long[] timeline = {0, 9, 100, 200};
    TaskReport report = new TaskReport(1, 2, 3, 4, 5, 6, 7, timeline, 2, residuals);
    TaskReport back = TaskReport.of(report.toNumbers());
    assertThat(back.underWayNanos()).isEqualTo(7);
    assertThat(back.timeline()).isEqualTo(timeline);
    assertThat(back.unitFrom()).isEqualTo(2);
    assertThat(back.payloadBytes()).isEqualTo(6);
    assertThat(back.residuals()).isDeepEqualTo(residuals);
    assertThat(TaskReport.of(new TaskReport(1, 2, 3, 4, 5, 6).toNumbers()).residuals()).isEmpty();
  }
}
