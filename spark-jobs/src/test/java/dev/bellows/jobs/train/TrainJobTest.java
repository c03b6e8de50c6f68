package dev.bellows.jobs.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.bellows.engine.optim.OptimizerSpec;
import dev.bellows.engine.optim.UpdateSpec;
import dev.bellows.jobs.BellowsException;
import dev.bellows.jobs.ExitCode;
import dev.bellows.jobs.SparkSessionExtension;
import dev.bellows.jobs.cluster.Connectors;
import dev.bellows.jobs.config.ConfigLoader;
import dev.bellows.jobs.config.Loaded;
import dev.bellows.jobs.run.RunFolder;
import dev.bellows.ps.client.ClientOptions;
import dev.bellows.ps.client.PsControl;
import dev.bellows.ps.client.RunPlan;
import dev.bellows.ps.client.ShardAddress;
import dev.bellows.ps.shard.ShardMap;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Whole trainings in local mode. */
@ExtendWith(SparkSessionExtension.class)
class TrainJobTest {
  @TempDir static Path temp;
  private static Path csv;

  @BeforeAll
  static void data() throws Exception {
    csv = TinyData.write(temp.resolve("data"));
  }

  @AfterEach
  void noFailpoints() {
    System.clearProperty(Failpoints.NAME);
    StopRequest.clear();
  }

  private static Loaded load(String yaml, String... sets) {
    return ConfigLoader.parse(yaml, List.of(sets));
  }

  private static TrainOutcome train(
      SparkSession session, String name, RecordingConsole console, String yaml, String... sets) {
    Loaded loaded = load(yaml, sets);
    return TrainJob.run(
        session, loaded.config(), TestRuns.folder(temp.resolve(name), loaded), console);
  }

  @Test
  void leavesAWholeRunFolderAndAModel(SparkSession session) throws Exception {
    RecordingConsole console = new RecordingConsole();
    TrainOutcome outcome = train(session, "whole", console, TinyData.adam(csv));
    assertThat(outcome.exitCode()).isEqualTo(ExitCode.OK);
    assertThat(outcome.steps()).isEqualTo(27);
    Path dir = temp.resolve("whole");
    for (String name :
        List.of(
            "run.json",
            "config.yaml",
            "config.resolved.yaml",
            "plan.json",
            "data-profile.json",
            "events.jsonl",
            "history.csv",
            "metrics.json",
            "steps.ledger",
            "model/model.json",
            "model/weights.safetensors",
            "model/SHA256SUMS")) {
      assertThat(dir.resolve(name)).as(name).isNotEmptyFile();
    }
    Map<String, Object> run = RunFolder.readRun(dir);
    assertThat(run)
        .containsEntry("status", "finished")
        .containsEntry("model_sha256", outcome.sha256())
        .containsEntry("failures", 0L);
    assertThat(Files.readAllLines(dir.resolve("history.csv"))).hasSize(4);
    assertThat(Files.readAllLines(dir.resolve("steps.ledger"))).hasSize(28);
    assertThat(outcome.metrics().get("val_accuracy")).isGreaterThan(0.9);
    assertThat(console.text()).contains("266 train / 67 val rows").contains("*best");
    // the resolved configuration trains to the same bytes
    TrainOutcome again =
        train(session, "again", console, Files.readString(dir.resolve("config.resolved.yaml")));
    assertThat(again.sha256()).isEqualTo(outcome.sha256());
  }

  /** The steps go on while the driver asks for a copy: it asks again, further ahead. */
  @Test
  void copyThatStepsHaveOutrunIsAskedForAgain(SparkSession session) throws Exception {
    String yaml =
        TinyData.adam(csv)
            .replace("epochs: 3", "epochs: 2")
            .replace("batch_size: 32", "batch_size: 8")
            .replace("every: 5 steps", "every: 1 epochs");
    RecordingConsole console = new RecordingConsole();
    String calm = train(session, "not-outrun", console, yaml).sha256();

    System.setProperty(
        Failpoints.NAME,
        "task.step:-1:sleep=60;driver.copy:-1:sleep=500:" + temp.resolve("outrun-mark"));
    TrainOutcome stopped = train(session, "outrun", console, yaml, "trainer.max_time=300ms");
    System.clearProperty(Failpoints.NAME);
    assertThat(temp.resolve("outrun-mark")).exists();
    assertThat(console.text()).contains("came too late; next time 4 ahead");
    assertThat(stopped.message()).contains("trainer.max_time is over");
    TrainOutcome resumed =
        ResumeJob.run(
            session,
            temp.resolve("outrun"),
            new ResumeOptions(List.of(), false, List.of("trainer.max_time=1h")),
            console);
    assertThat(resumed.sha256()).isEqualTo(calm);
  }

  @Test
  void fullParameterServerEndsWithExitSixAndLeavesNothingBehind(SparkSession session) {
    ClientOptions crowd =
        ClientOptions.of(
            "crowd", 1, ShardMap.of(256 * 1024, 256), Collections.nCopies(256, ShardAddress.LOCAL));
    RunPlan plan =
        new RunPlan(
            UpdateSpec.plain(OptimizerSpec.of(OptimizerSpec.Kind.SGD, 1), 256 * 1024).encode(),
            1,
            1,
            1,
            1,
            0);
    RecordingConsole console = new RecordingConsole();
    try (PsControl control = PsControl.open(crowd, Connectors.get(null))) {
      control.create(plan);
      assertThatThrownBy(() -> train(session, "crowded", console, TinyData.adam(csv)))
          .isInstanceOf(BellowsException.class)
          .matches(e -> ((BellowsException) e).exitCode() == ExitCode.MEMORY_OR_DISK)
          .hasMessageContaining("the parameter server refused")
          .hasMessageContaining("256 namespaces, its limit");
      assertThat(temp.resolve("crowded/model")).doesNotExist();
      assertThat(console.text()).doesNotContain("failures used");
    }
  }

  @Test
  void fault_11_moreWorkersThanSlotsRunsWithFewerAndSaysSo(SparkSession session) {
    RecordingConsole console = new RecordingConsole();
    TrainOutcome outcome =
        train(
            session,
            "fewer",
            console,
            TinyData.adam(csv),
            "distributed.workers=8",
            "trainer.epochs=1");
    assertThat(outcome.exitCode()).isEqualTo(ExitCode.OK);
    assertThat(console.text())
        .contains("asks for 8 tasks, the cluster has 2 slots: 2 run at a time");
  }

  @Test
  void fault_37_aChangedConfigurationIsRefusedUnlessAllowed(SparkSession session) throws Exception {
    RecordingConsole console = new RecordingConsole();
    System.setProperty(Failpoints.NAME, "driver.segment:10:throw:" + temp.resolve("fail37"));
    assertThatThrownBy(() -> train(session, "changed", console, TinyData.adam(csv)))
        .hasMessageContaining("failpoint");
    assertThat(RunFolder.readRun(temp.resolve("changed"))).containsEntry("status", "failed");
    assertThatThrownBy(
            () ->
                train(
                    session, "changed", console, TinyData.adam(csv), "trainer.epochs=4", "seed=12"))
        .isInstanceOfSatisfying(
            BellowsException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.CONFIG))
        .hasMessageContaining("trainer.epochs: was 3, is 4")
        .hasMessageContaining("seed: was 11, is 12")
        .hasMessageContaining("--allow-change");
    Path dir = temp.resolve("changed");
    assertThat(Files.readString(dir.resolve("config.resolved.yaml"))).contains("epochs: 3");
    TrainOutcome longer =
        ResumeJob.run(
            session,
            dir,
            new ResumeOptions(List.of("trainer.epochs"), false, List.of("trainer.epochs=4")),
            console);
    assertThat(longer.steps()).isEqualTo(36);
    assertThat(console.text()).contains("from the checkpoint of step 10");
    // constant learning rate: a run of four epochs from the start gives the same
    assertThat(train(session, "four", console, TinyData.adam(csv), "trainer.epochs=4").sha256())
        .isEqualTo(longer.sha256());
  }

  @Test
  void fault_37_changedDataIsRefused(SparkSession session) throws Exception {
    RecordingConsole console = new RecordingConsole();
    Path other = temp.resolve("other");
    Path copy = TinyData.write(other);
    System.setProperty(Failpoints.NAME, "driver.segment:10:throw:" + temp.resolve("fail37b"));
    assertThatThrownBy(() -> train(session, "moved", console, TinyData.adam(copy)))
        .hasMessageContaining("failpoint");
    List<String> lines = Files.readAllLines(copy);
    Files.write(copy, lines.subList(0, lines.size() - 1));
    assertThatThrownBy(
            () ->
                ResumeJob.run(
                    session, temp.resolve("moved"), new ResumeOptions(List.of(), false), console))
        .isInstanceOfSatisfying(
            BellowsException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.DATA))
        .hasMessageContaining("data: was ");
  }

  @Test
  void fault_37_changedRowsOfSeparateValidationAndTestSourcesAreRefused(SparkSession session)
      throws Exception {
    RecordingConsole console = new RecordingConsole();
    Path validation = TinyData.write(temp.resolve("held37/validation"));
    Path test = TinyData.write(temp.resolve("held37/test"));
    String yaml =
        TinyData.adam(csv)
            .replace(
                "validation: {fraction: 0.2}",
                "validation: {format: csv, path: \"%s\", header: true}\n  test: {format: csv, path: \"%s\", header: true}"
                    .formatted(validation, test));
    System.setProperty(Failpoints.NAME, "driver.segment:11:throw:" + temp.resolve("fail37c"));
    assertThatThrownBy(() -> train(session, "held37/run", console, yaml))
        .hasMessageContaining("failpoint");
    String cell = Files.readString(test).replaceFirst("red", "blue");
    Files.writeString(test, cell);
    List<String> lines = Files.readAllLines(validation);
    Files.write(validation, lines.subList(0, lines.size() - 1));
    Path run = temp.resolve("held37/run");
    assertThatThrownBy(
            () -> ResumeJob.run(session, run, new ResumeOptions(List.of(), false), console))
        .isInstanceOfSatisfying(
            BellowsException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.DATA))
        .hasMessageContaining("2 things changed")
        .hasMessageContaining("data.validation: was ")
        .hasMessageContaining("data.test: was ");
    assertThatThrownBy(
            () ->
                ResumeJob.run(
                    session, run, new ResumeOptions(List.of("data.validation"), false), console))
        .hasMessageContaining("1 thing changed")
        .hasMessageContaining("data.test: was ");
    TrainOutcome allowed =
        ResumeJob.run(session, run, new ResumeOptions(List.of("data"), false), console);
    assertThat(allowed.exitCode()).isEqualTo(ExitCode.OK);
  }

  @Test
  void fault_39_resumeOfAFinishedRunChangesNothing(SparkSession session) throws Exception {
    RecordingConsole console = new RecordingConsole();
    TrainOutcome first =
        train(session, "finished", console, TinyData.adam(csv), "trainer.epochs=1");
    Path dir = temp.resolve("finished");
    String run = Files.readString(dir.resolve("run.json"));
    String events = Files.readString(dir.resolve("events.jsonl"));
    TrainOutcome again = ResumeJob.run(session, dir, new ResumeOptions(List.of(), false), console);
    assertThat(again.exitCode()).isEqualTo(ExitCode.OK);
    assertThat(again.message()).contains("finished already");
    assertThat(again.sha256()).isEqualTo(first.sha256());
    assertThat(dir.resolve("run.json")).hasContent(run);
    assertThat(dir.resolve("events.jsonl")).hasContent(events);
    // the same command with another configuration is not "finished already"
    assertThatThrownBy(
            () -> train(session, "finished", console, TinyData.adam(csv), "trainer.epochs=2"))
        .isInstanceOfSatisfying(
            BellowsException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.CONFIG))
        .hasMessageContaining("trainer.epochs: was 1, is 2");
    assertThat(dir.resolve("run.json")).hasContent(run);
  }

  @Test
  void fault_54_aGradientThatIsNotFiniteStopsTheRun(SparkSession session) throws Exception {
    RecordingConsole console = new RecordingConsole();
    System.setProperty(Failpoints.NAME, "task.nan:17:nan:" + temp.resolve("nan.marker"));
    assertThatThrownBy(() -> train(session, "nan", console, TinyData.adam(csv)))
        .isInstanceOfSatisfying(
            BellowsException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.DIVERGED))
        .hasMessageContaining("not finite at step 17, slice ")
        .hasMessageContaining("layer embedding.colour")
        .hasMessageContaining("learning rate");
    Path dir = temp.resolve("nan");
    assertThat(RunFolder.readRun(dir))
        .containsEntry("status", "diverged")
        .containsEntry("exit_code", 5L);
    assertThat(dir.resolve("checkpoints/step-000015/manifest.json")).exists();
    assertThat(dir.resolve("model")).doesNotExist();
  }

  @Test
  void aBadSliceOfSeveralComputedAtOnceIsNamed(SparkSession session) {
    RecordingConsole console = new RecordingConsole();
    String yaml = TinyData.wide(csv, "sgd: {learning_rate: 1.0e30}", "l1: 0.0");
    assertThatThrownBy(() -> train(session, "lanes", console, yaml, "distributed.workers=1"))
        .isInstanceOfSatisfying(
            BellowsException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.DIVERGED))
        .hasMessageContaining("not finite at step 1, slice 0")
        .hasMessageContaining("layer embedding.colour");
  }

  @Test
  void stepsMayOverlap(SparkSession session) throws Exception {
    RecordingConsole console = new RecordingConsole();
    String yaml = TinyData.wide(csv, "adam: {learning_rate: 0.01}", "l1: 0.0");
    for (String mode : List.of("ssp(0)", "ssp(4)", "async")) {
      TrainOutcome outcome =
          train(session, "relaxed " + mode, console, yaml, "distributed.consistency=" + mode);
      assertThat(outcome.steps()).isEqualTo(27);
      assertThat(outcome.metrics().get("val_accuracy")).as(mode).isGreaterThan(0.85);
      assertThat(console.text()).contains(mode);
      assertThat(Files.readAllLines(temp.resolve("relaxed " + mode).resolve("steps.ledger")))
          .hasSize(28);
    }
  }

  @Test
  void averagesOfLocalStepsHaveTheSameBytesForAnyNumberOfTasks(SparkSession session)
      throws Exception {
    RecordingConsole console = new RecordingConsole();
    String mode = "distributed.consistency=local(4)";
    String yaml = TinyData.adam(csv);
    TrainOutcome two = train(session, "local2", console, yaml, mode);
    TrainOutcome one = train(session, "local1", console, yaml, mode, "distributed.workers=1");
    assertThat(one.sha256()).isEqualTo(two.sha256());
    assertThat(two.steps()).as("9 steps of an epoch in 3 rounds").isEqualTo(9);
    assertThat(two.metrics().get("val_accuracy")).isGreaterThan(0.85);
    assertThat(console.text()).contains("local(4): a step is 4 batches");
    TrainOutcome cosine =
        train(session, "localCosine", console, yaml, mode, "trainer.schedule={cosine: {}}");
    assertThat(cosine.steps()).isEqualTo(9);
    List<String> history = Files.readAllLines(temp.resolve("localCosine/history.csv"));
    int rate = List.of(history.get(0).split(",")).indexOf("learning_rate");
    assertThat(Double.parseDouble(history.get(3).split(",")[rate]))
        .as("the last local step's")
        .isLessThan(0.0005);
    // with one slice that takes one step by itself nothing is averaged
    String[] alone = {"distributed.slices=1", "trainer.batch_size=8"};
    TrainOutcome bsp = train(session, "bsp", console, yaml, alone);
    TrainOutcome local =
        train(
            session,
            "local",
            console,
            yaml,
            alone[0],
            alone[1],
            "distributed.consistency=local(1)");
    assertThat(local.metrics().get("val_loss"))
        .isCloseTo(bsp.metrics().get("val_loss"), within(1e-3));
  }

  @Test
  void mixedPrecisionHasTheSameBytesForAnyTopologyAndOthersThanFloat32(SparkSession session) {
    RecordingConsole console = new RecordingConsole();
    String mixed = "trainer.precision=bfloat16";
    TrainOutcome two = train(session, "mixed2", console, TinyData.adam(csv), mixed);
    TrainOutcome one =
        train(session, "mixed1", console, TinyData.adam(csv), mixed, "distributed.workers=1");
    TrainOutcome exact = train(session, "exact", console, TinyData.adam(csv));
    assertThat(one.sha256()).isEqualTo(two.sha256()).isNotEqualTo(exact.sha256());
    assertThat(one.metrics().get("val_accuracy")).isGreaterThan(0.9);
  }

  @Test
  void fault_54_skipLeavesTheStepOut(SparkSession session) {
    RecordingConsole console = new RecordingConsole();
    System.setProperty(Failpoints.NAME, "task.nan:17:nan:" + temp.resolve("skip.marker"));
    TrainOutcome outcome =
        train(session, "skip", console, TinyData.adam(csv), "trainer.on_nan={skip: 2}");
    assertThat(outcome.steps()).isEqualTo(27);
    assertThat(console.text()).contains("step 17: gradient is not finite, step left out");
  }

  @Test
  void fault_62_anAbsurdLearningRateIsFoundWithinTwentySteps(SparkSession session)
      throws Exception {
    RecordingConsole console = new RecordingConsole();
    assertThatThrownBy(
            () ->
                train(
                    session,
                    "explodes",
                    console,
                    TinyData.yaml(csv, "sgd: {learning_rate: 1.0e6}", "l1: 0.0"),
                    "trainer.epochs=30"))
        .isInstanceOfSatisfying(
            BellowsException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.DIVERGED))
        .hasMessageContaining("diverged")
        .hasMessageContaining("learning rate of 1e+05");
    List<String> ledger = Files.readAllLines(temp.resolve("explodes/steps.ledger"));
    assertThat(ledger.size()).isLessThanOrEqualTo(21);
  }

  @Test
  void aFailedTaskIsTriedAgainWithTheSameBytes(SparkSession session) {
    RecordingConsole console = new RecordingConsole();
    String undisturbed = train(session, "calm", console, TinyData.momentum(csv)).sha256();
    System.setProperty(
        Failpoints.NAME,
        "task.step:7:throw:" + temp.resolve("t1") + ";task.push:20:throw:" + temp.resolve("t2"));
    TrainOutcome outcome = train(session, "shaken", console, TinyData.momentum(csv));
    assertThat(outcome.sha256()).isEqualTo(undisturbed);
    assertThat(console.text()).contains("2 of 2 failures used");
  }

  @Test
  void stopsOnRequestAtAStepAndGoesOnToTheSameBytes(SparkSession session) {
    RecordingConsole console = new RecordingConsole();
    String undisturbed = train(session, "unstopped", console, TinyData.adam(csv)).sha256();
    System.setProperty(Failpoints.NAME, "task.step:-1:sleep=40");
    StopRequest.request(ExitCode.TERMINATED);
    TrainOutcome stopped = train(session, "stopped", console, TinyData.adam(csv));
    assertThat(stopped.exitCode()).isEqualTo(ExitCode.TERMINATED);
    assertThat(stopped.message()).contains("stopped after step").contains("resume");
    assertThat(RunFolder.readRun(temp.resolve("stopped"))).containsEntry("exit_code", 143L);
    StopRequest.clear();
    System.clearProperty(Failpoints.NAME);
    TrainOutcome resumed =
        ResumeJob.run(
            session, temp.resolve("stopped"), new ResumeOptions(List.of(), false), console);
    assertThat(resumed.sha256()).isEqualTo(undisturbed);
  }

  @Test
  void earlyStoppingRestoresTheBestEpoch(SparkSession session) {
    RecordingConsole console = new RecordingConsole();
    TrainOutcome outcome =
        train(
            session,
            "early",
            console,
            TinyData.yaml(
                csv,
                "adam: {learning_rate: 0.02}",
                "early_stopping: {metric: val_loss, patience: 2}"),
            "trainer.epochs=40");
    assertThat(outcome.steps()).isLessThan(40 * 9);
    Map<String, Object> run = RunFolder.readRun(temp.resolve("early"));
    long best = (Long) run.get("best_epoch");
    assertThat(outcome.metrics().get("epoch")).isEqualTo(best);
    assertThat(outcome.steps()).isEqualTo((best + 2) * 9);
  }

  @Test
  void fastDevRunAndOverfitBatchesAreShort(SparkSession session) {
    RecordingConsole console = new RecordingConsole();
    assertThat(train(session, "dev", console, TinyData.adam(csv), "trainer.fast_dev_run=4").steps())
        .isEqualTo(4);
    TrainOutcome overfit =
        train(
            session,
            "overfit",
            console,
            TinyData.adam(csv),
            "trainer.overfit_batches=2",
            "trainer.epochs=40");
    assertThat(overfit.steps()).isEqualTo(80);
    assertThat(overfit.metrics().get("accuracy")).isGreaterThan(0.95);
  }

  @Test
  void aPlanIsMadeWithoutTraining(SparkSession session) {
    RecordingConsole console = new RecordingConsole();
    Map<String, Object> plan = TrainJob.plan(session, load(TinyData.adam(csv)).config(), console);
    assertThat(plan)
        .containsEntry("total_steps", 27L)
        .containsEntry("slices", 8L)
        .containsEntry("workers", 2L)
        .containsKey("bytes_up_per_worker_step");
    assertThat(console.text()).contains("8 slices/step");
  }

  /** The average is one more slot of the shards: same bytes for any number of tasks. */
  @Test
  void movingAverageIsWhatIsEvaluatedAndStored(SparkSession session) {
    RecordingConsole console = new RecordingConsole();
    String yaml = TinyData.adam(csv);
    TrainOutcome plain = train(session, "plain", console, yaml);
    TrainOutcome one =
        train(session, "ema1", console, yaml, "trainer.ema=0.9", "distributed.workers=1");
    TrainOutcome two =
        train(session, "ema2", console, yaml, "trainer.ema=0.9", "distributed.workers=2");
    assertThat(one.sha256()).isEqualTo(two.sha256()).isNotEqualTo(plain.sha256());
    TrainOutcome off = train(session, "ema0", console, yaml, "trainer.ema=0");
    assertThat(off.sha256()).isEqualTo(plain.sha256());
  }
}
