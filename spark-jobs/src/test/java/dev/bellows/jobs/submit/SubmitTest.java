package dev.bellows.jobs.submit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.bellows.engine.sample.Mix64;
import dev.bellows.jobs.run.RunFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The jar that is shipped, started as on a cluster: {@code submit/bellows} and {@code spark-submit}
 * against a stand-alone master and two workers. Runs after the jar is packaged.
 */
@Tag("submit")
final class SubmitTest {
  private static final int SECONDS = 120;
  private static final Path ROOT = root();
  private static final Pattern READY = Pattern.compile("ready +127\\.0\\.0\\.1:(\\d+) ");
  private static final Pattern SECOND_EPOCH = Pattern.compile("\\n +(2)  \\d");

  @TempDir static Path work;

  private static Path home = Path.of("");
  private static Path jar = Path.of("");
  private static StandaloneCluster cluster;
  private static String expected = "";

  @BeforeAll
  static void start() throws Exception {
    Path target = ROOT.resolve("spark-jobs/target");
    String version = System.getProperty("bellows.version", "");
    jar = target.resolve("bellows-" + version + ".jar");
    assumeTrue(
        Files.exists(jar), () -> "no " + jar + ": these tests run in ./mvnw verify, after package");
    String classPath = Files.readString(Path.of(System.getProperty("bellows.classpath.file", "")));
    home = SparkHome.assemble(target.resolve("spark-installation"), classPath.strip());
    table();
    cluster = StandaloneCluster.start(home, work.resolve("cluster"), 2);
    expected = train("reference", 0, bellows(Map.of(), "train", "--master", "local[2]"));
  }

  @AfterAll
  static void stop() {
    if (cluster != null) {
      cluster.close();
    }
  }

  @Test
  void theLauncherSubmitsToAStandAloneClusterAndTheBytesAreThoseOfLocal() throws Exception {
    Command command =
        bellows(
            Map.of("SPARK_HOME", home.toString()),
            "train",
            "--master",
            cluster.url(),
            "--conf",
            "spark.executor.memory=600m",
            "--conf",
            "spark.executor.extraJavaOptions=-Done=1 -Dtwo=2",
            "--conf",
            "spark.authenticate.secret=do not print me");
    assertThat(train("standalone", 0, command)).isEqualTo(expected);
    assertThat(command.output)
        .contains("bin/spark-submit --class dev.bellows.jobs.cli.Main --master " + cluster.url())
        .contains("2 workers, 2 shards (executor, replica 1: there are executor processes)")
        .contains("spark.authenticate.secret=***")
        .doesNotContainPattern("not.{0,2} print")
        .doesNotContain("Version of org.bytedeco");
  }

  @Test
  void plainSparkSubmitNeedsNothingButTheJar() throws Exception {
    Command command = submit("local[2]", "train");
    assertThat(train("plain", 0, command)).isEqualTo(expected);
  }

  @Test
  void exitCodesComeThroughSparkSubmit() throws Exception {
    Path properties =
        Files.writeString(
            work.resolve("cluster.conf"),
            "spark.master " + cluster.url() + "\nspark.executor.memory 600m\n");
    Command data =
        bellows(
            Map.of("SPARK_HOME", home.toString()),
            "train",
            "--properties-file",
            properties.getFileName().toString(),
            "--set",
            "target.name=price");
    train("data", 4, data);
    assertThat(data.output)
        .contains(cluster.url())
        .contains("target.name names the column \"price\"");
    Command config = submit("local[2]", "train", "--set", "trainer.epoch=1");
    train("config", 3, config);
    assertThat(config.output).contains("did you mean trainer.epochs?");
  }

  /** The other script: a server of its own, a training on it, SIGTERM. */
  @Test
  void theServerScriptServesATrainingAndEndsWithSigterm() throws Exception {
    Path secret =
        Files.createFile(
            work.resolve("secret"),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    Files.writeString(secret, "a secret of the test\n");
    List<String> words = new ArrayList<>();
    words.add(ROOT.resolve("submit/bellows-server").toString());
    words.addAll(List.of("--memory", "128m", "--port", "0", "--secret-file", secret.toString()));
    words.addAll(List.of("--limit", "32", "--run-limit=16"));
    try (Child server = Child.start("server", work, Map.of(), words)) {
      String port = server.await(READY, 1, SECONDS);
      Command command =
          bellows(
              Map.of("BELLOWS_SECRET_FILE", secret.toString()),
              "train",
              "--master",
              "local[2]",
              "--set",
              "distributed.placement=standalone",
              "--set",
              "distributed.servers=[127.0.0.1:" + port + "]");
      assertThat(train("served", 0, command)).isEqualTo(expected);
      assertThat(command.output).contains("1 shard (stand-alone, replica 0: distributed.servers [");
      server.terminate();
      assertThat(server.await(SECONDS)).as(server.output()).isZero();
      assertThat(server.output()).contains("32 MiB for parameters, 16 a run", "asked to stop");
    }
  }

  @Test
  void sigtermReachesTheTrainingThroughTheLaunchers() throws Exception {
    Command command = submit("local[2]", "train", "--set", "trainer.epochs=20000");
    try (Child child = command.start("terminated")) {
      child.await(SECOND_EPOCH, 1, SECONDS);
      child.terminate();
      assertThat(child.await(SECONDS)).as(child.output()).isEqualTo(143);
    }
    Path run = work.resolve("terminated");
    assertThat(RunFolder.readRun(run)).containsEntry("status", "stopped");
    assertThat(run.resolve("checkpoints")).isNotEmptyDirectory();
  }

  /** A command line that trains into a folder of its own. */
  private static final class Command {
    private final Map<String, String> environment;
    private final List<String> words;
    private String output = "";

    Command(Map<String, String> environment, List<String> words) {
      this.environment = environment;
      this.words = words;
    }

    Child start(String name) throws IOException {
      List<String> all = new ArrayList<>(words);
      all.addAll(List.of("-c", "config.yaml", "--run-dir", name));
      return Child.start(name, work, environment, all);
    }
  }

  private static Command bellows(Map<String, String> environment, String... arguments) {
    List<String> words = new ArrayList<>(List.of(ROOT.resolve("submit/bellows").toString()));
    words.addAll(List.of(arguments));
    return new Command(environment, words);
  }

  private static Command submit(String master, String... arguments) {
    List<String> words = new ArrayList<>(List.of(home.resolve("bin/spark-submit").toString()));
    words.addAll(List.of("--class", "dev.bellows.jobs.cli.Main", "--master", master));
    words.add(jar.toString());
    words.addAll(List.of(arguments));
    return new Command(Map.of(), words);
  }

  /** Runs a command; returns the SHA-256 of the weights when it ended well. */
  private static String train(String name, int exitCode, Command command) throws Exception {
    try (Child child = command.start(name)) {
      int status = child.await(SECONDS);
      command.output = child.output();
      assertThat(status).as(command.output).isEqualTo(exitCode);
    }
    return status(name, exitCode);
  }

  private static String status(String name, int exitCode) {
    if (exitCode != 0) {
      return "";
    }
    Object sha = RunFolder.readRun(work.resolve(name)).get("model_sha256");
    assertThat(sha).isInstanceOf(String.class);
    return String.valueOf(sha);
  }

  /** Three noisy classes; the paths in the configuration are relative to the folder. */
  private static void table() throws IOException {
    StringBuilder csv = new StringBuilder("id,a,b,c,y\n");
    for (int row = 0; row < 300; row++) {
      int label = row % 3;
      csv.append('r').append(row);
      for (int i = 0; i < 3; i++) {
        double noise = Mix64.unit(Mix64.mix(row * 31L + i)) * 2 - 1;
        csv.append(String.format(Locale.ROOT, ",%.4f", noise + Math.sin(label * 2.0 + i)));
      }
      csv.append(",class").append(label).append('\n');
    }
    Files.writeString(work.resolve("table.csv"), csv);
    Files.writeString(
        work.resolve("config.yaml"),
        """
        version: 1
        task: classification
        seed: 11
        data:
          train: {format: csv, path: table.csv}
          validation: {fraction: 0.2}
          id: id
        target: {name: y}
        model:
          type: network
          layers: [{dense: {units: 32, activation: relu}}, {dense: {units: 3}}]
        trainer: {epochs: 3, batch_size: 32, optimizer: {adam: {learning_rate: 0.01}}}
        output: {report: false}
        """);
  }

  private static Path root() {
    Path here = Path.of("").toAbsolutePath();
    return Files.exists(here.resolve("mvnw")) ? here : here.getParent();
  }
}
