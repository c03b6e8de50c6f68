package dev.bellows.jobs.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bellows.engine.model.Json;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Commands that need no Spark, and what every command refuses before it starts Spark. */
class MainTest {
  @TempDir Path folder;

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  private int run(String... args) {
    return run(Map.of(), args);
  }

  private int run(Map<String, String> environment, String... args) {
    out.reset();
    err.reset();
    Terminal terminal =
        new Terminal(
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8),
            environment,
            false,
            () -> 0L);
    return Main.run(args, terminal);
  }

  private String out() {
    return out.toString(StandardCharsets.UTF_8);
  }

  private String err() {
    return err.toString(StandardCharsets.UTF_8);
  }

  private Path config(String text) throws Exception {
    return Files.writeString(folder.resolve("typo.yaml"), text);
  }

  private static String good() {
    return """
        version: 1
        task: classification
        data: {train: {format: csv, path: nothing-here.csv}}
        model: {type: logistic}
        """;
  }

  @Test
  void helpListsOnlyCommandsThatExist() {
    assertThat(run("--help")).isZero();
    assertThat(out())
        .contains(
            "train",
            "cv",
            "search",
            "evaluate",
            "predict",
            "resume",
            "check",
            "render",
            "explain",
            "schema",
            "synth",
            "inspect",
            "verify",
            "bench",
            "doctor")
        .doesNotContain("serve", "ensemble");
    assertThat(run()).isZero();
    assertThat(run("--version")).isZero();
    assertThat(out()).startsWith("bellows ").contains("spark 4.1.0");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "train",
        "evaluate",
        "predict",
        "resume",
        "check",
        "render",
        "explain",
        "schema",
        "synth",
        "inspect",
        "verify",
        "bench",
        "doctor",
        "server"
      })
  void everyCommandHasHelp(String command) {
    assertThat(run(command, "-h")).isZero();
    assertThat(out()).startsWith("Usage: bellows " + command).contains("--verbose");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "trian -c a|unknown command \"trian\"; did you mean train?",
        "serve|unknown command \"serve\"",
        "train --confg a|did you mean --config?",
        "train|missing required option",
        "train -c a --masterr local|unknown option \"--masterr\"; did you mean --master?",
        "train -c a --master lokal|expected local[N]",
        "train -c a --progress fast|progress",
        "train -c a --seed x|seed",
        "explain trainer.epoch|did you mean trainer.epochs?",
        "synth digit|expected one of",
        "synth digits --rows 0|expected 1..",
        "resume nowhere|there is no run folder",
        "resume nofs://a/run|No FileSystem for scheme",
        "report nofs://a/run|HADOOP_CONF_DIR",
        "inspect nofs://a/model|No FileSystem for scheme",
        "render -c a extra|unknown argument \"extra\"",
        "check -c a --data-dir nowhere|there is no folder",
      })
  void usageErrorsAreOneLineAndExit2(String line, String message) {
    assertThat(run(line.split(" "))).as(line).isEqualTo(2);
    assertThat(err()).containsIgnoringCase(message).contains("(exit 2)");
    assertThat(err().lines()).hasSize(1);
    assertThat(out()).isEmpty();
  }

  @Test
  void fault_46_checkPrintsAllProblemsAndExit3() throws Exception {
    Path file = config(good() + "trainer:\n  lerning_rate: 0.1\n  epochs: \"2.7\"\nseed: -1\n");
    assertThat(run("check", "-c", file.toString())).isEqualTo(3);
    assertThat(err())
        .isEqualToNormalizingNewlines(
            """
            typo.yaml: 3 problems, nothing was started (exit 3)
              6:3   trainer.lerning_rate  unknown key; did you mean trainer.optimizer.*.learning_rate?
              7:11  trainer.epochs        expected a whole number >= 1, found "2.7"
              8:7   seed                  expected a whole number >= 0, found "-1"
            """);
    assertThat(run("train", "-c", file.toString())).isEqualTo(3);
    assertThat(run("doctor", "-c", file.toString())).isEqualTo(3);
  }

  @Test
  void missingDataIsFoundBeforeSparkStarts() throws Exception {
    Path file = config(good());
    assertThat(run("train", "-c", file.toString(), "--run-dir", folder.resolve("run").toString()))
        .isEqualTo(4);
    assertThat(err())
        .contains("no such file")
        .contains("nothing-here.csv")
        .contains("BELLOWS_DATA")
        .contains("(exit 4)");
    assertThat(folder.resolve("run")).doesNotExist();
    assertThat(run("check", "-c", file.toString(), "--no-data")).isZero();
  }

  @Test
  void fault_35_runFolderThatIsNotOursIsRefusedAndUntouched() throws Exception {
    Files.writeString(folder.resolve("nothing-here.csv"), "a,label\n1,x\n2,y\n");
    Path file = config(good());
    Path foreign = Files.createDirectory(folder.resolve("foreign"));
    Files.writeString(foreign.resolve("thesis.txt"), "mine");
    String[] train = {
      "train",
      "-c",
      file.toString(),
      "--data-dir",
      folder.toString(),
      "--run-dir",
      foreign.toString()
    };
    assertThat(run(train)).isEqualTo(2);
    assertThat(err()).contains("foreign").contains("(exit 2)");
    assertThat(foreign.resolve("thesis.txt")).hasContent("mine");
    assertThat(foreign).isDirectoryNotContaining(p -> !p.endsWith("thesis.txt"));
    train[6] = file.toString();
    assertThat(run(train)).isEqualTo(2);
    assertThat(file).hasContent(good());
  }

  @Test
  void wrongKindOfFileNamesTheCommand() throws Exception {
    Path file = config("version: 1\nmodel_path: m\ndata: {input: {format: parquet, path: a}}\n");
    assertThat(run("train", "-c", file.toString())).isEqualTo(3);
    assertThat(err()).contains("is a file for predict; run: bellows predict -c");
  }

  @Test
  void missingModelIsExit8() throws Exception {
    Path file =
        config(
            "version: 1\nmodel_path: nowhere/model\ndata: {input: {format: parquet, path: /}}\n");
    assertThat(run("predict", "-c", file.toString())).isEqualTo(8);
    assertThat(err()).contains("there is no model folder");
    assertThat(run("inspect", folder.resolve("none").toString())).isEqualTo(8);
    Path empty = Files.createDirectory(folder.resolve("empty"));
    assertThat(run("inspect", empty.toString())).isEqualTo(8);
  }

  @Test
  void stackTraceOnlyWithVerbose() throws Exception {
    Path file = config("version: 2\n");
    run("check", "-c", file.toString());
    assertThat(err()).doesNotContain("\tat ");
    run("check", "-v", "-c", file.toString());
    assertThat(err()).contains("\tat dev.bellows");
  }

  @Test
  void renderReadsBackAndDiffShowsOnlyChanges() throws Exception {
    Path file = config(good() + "trainer: {epochs: 12}\n");
    assertThat(run("render", "-c", file.toString(), "--set", "seed=4")).isZero();
    String rendered = out();
    Path again = Files.writeString(folder.resolve("again.yaml"), rendered);
    assertThat(run("render", "-c", again.toString())).isZero();
    assertThat(out()).isEqualTo(rendered).contains("epochs: 12").contains("seed: 4");
    assertThat(run("render", "--diff", "-c", file.toString())).isZero();
    assertThat(out()).contains("trainer.epochs: 12").doesNotContain("batch_size");
  }

  @Test
  void schemaIsJson() throws Exception {
    for (String kind : new String[] {"train", "evaluate", "predict"}) {
      assertThat(run("schema", "--kind", kind)).isZero();
      assertThat(Json.parseObject(out(), "schema")).containsKey("properties");
    }
  }

  @Test
  void explainKnowsAKeyAndListsAll() {
    assertThat(run("explain", "model.layers")).isZero();
    assertThat(out()).contains("conv2d", "lstm", "multi_head_attention");
    assertThat(run("explain", "trainer.determinism")).isZero();
    assertThat(out()).contains("costs");
    assertThat(run("explain")).isZero();
    assertThat(out()).contains("trainer.optimizer.adam.learning_rate");
  }

  @Test
  void synthWritesWhatItSays() throws Exception {
    Path digits = folder.resolve("d");
    assertThat(
            run("synth", "digits", "--rows", "20", "--test-rows", "5", "--out", digits.toString()))
        .isZero();
    assertThat(out()).contains("20 + 5 rows");
    assertThat(digits.resolve("train-images-idx3-ubyte.gz")).exists();
    assertThat(run("synth", "table", "--rows", "10", "--out", folder.resolve("t.csv").toString()))
        .isZero();
    assertThat(folder.resolve("t.csv")).content().hasLineCount(11);
    assertThat(run("synth", "digits", "--out", folder.resolve("t.csv").toString())).isEqualTo(2);
  }

  @Test
  void variableIsWeakerThanSet() throws Exception {
    Path file = config(good());
    Map<String, String> environment = Map.of("BELLOWS_SET", "trainer.epochs=5;seed=3");
    assertThat(run(environment, "render", "--diff", "-c", file.toString(), "--seed", "9")).isZero();
    assertThat(out()).contains("trainer.epochs: 5").contains("seed: 9");
  }

  @Test
  void aRunFolderIsNotLeftRunningWhenSparkDoesNotStart() throws Exception {
    Path data = Files.writeString(folder.resolve("rows.csv"), "a,label\n1,x\n2,y\n");
    Path file = config(good().replace("nothing-here.csv", data.toString()));
    Path runFolder = folder.resolve("run");
    // local-cluster without SPARK_HOME is refused where a session would be made
    String[] command = {
      "train",
      "-c",
      file.toString(),
      "--master",
      "local-cluster[1,1,512]",
      "--set",
      "output.dir=" + runFolder
    };
    assertThat(run(command)).isEqualTo(2);
    assertThat(err()).contains("SPARK_HOME");
    Map<String, Object> noted =
        Json.parseObject(Files.readString(runFolder.resolve("run.json")), "run.json");
    assertThat(noted).containsEntry("status", "failed").containsEntry("exit_code", 2L);
    assertThat(String.valueOf(noted.get("message"))).contains("SPARK_HOME");
  }

  @Test
  void fault_50_secretNeverReachesTheScreen() throws Exception {
    Path file = config(good());
    assertThat(run("train", "-c", file.toString(), "--set", "output.password=hunter2"))
        .isEqualTo(3);
    assertThat(err() + out()).contains("secrets don't belong").doesNotContain("hunter2");
  }

  @Test
  void verifyTellsDamageFromWrongUse() throws Exception {
    Path run = Files.createDirectories(folder.resolve("run"));
    assertThat(run("verify", run.toString())).isEqualTo(2);
    Files.writeString(
        run.resolve("run.json"),
        "{\"format\": \"bellows-run\", \"format_version\": 1, \"status\": \"failed\"}");
    assertThat(run("verify", run.toString())).as(err()).isZero();
    assertThat(out()).contains("no model yet", "no problems");
    Files.writeString(run.resolve("steps.ledger"), "step,loss\n");
    assertThat(run("verify", run.toString())).isEqualTo(8);
    assertThat(err()).contains("1 problem (exit 8)", "steps.ledger:1: expected the head");
    assertThat(run("verify", run.toString(), "--steps", "9:9")).isEqualTo(2);
    assertThat(err()).contains("expected A:B for steps A to B-1");
  }
}
