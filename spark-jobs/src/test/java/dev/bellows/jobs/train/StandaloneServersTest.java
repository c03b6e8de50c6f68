package dev.bellows.jobs.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bellows.jobs.run.RunFolder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/** Shards in servers of their own, which are killed, missing, full or of another mind. */
@Tag("cluster")
class StandaloneServersTest {
  private static final String TOKEN = "tOkEn-of-the-servers-7b21e4";

  @TempDir(cleanup = CleanupMode.ON_SUCCESS)
  static Path temp;

  private static final List<ServerProcess> SERVERS = new ArrayList<>();
  private static final List<String> COMMAND_LINES = new ArrayList<>();
  private static Path runs;
  private static String log;
  private static int terminated;
  private static String terminatedLog;

  @BeforeAll
  static void run() throws Exception {
    runs = temp.resolve("runs");
    Files.createDirectories(runs);
    Path ours = secret("ours", TOKEN);
    Path theirs = secret("theirs", "another one");
    Path csv = TinyData.write(temp.resolve("data"));
    Path config = Files.writeString(temp.resolve("adam.yaml"), TinyData.adam(csv));
    ServerProcess first = server("first", "--port", "0", "--secret-file", ours.toString());
    ServerProcess second = server("second", "--port", "0", "--secret-file", ours.toString());
    ServerProcess third = server("third", "--port", "0", "--secret-file", ours.toString());
    ServerProcess stranger = server("stranger", "--port", "0", "--secret-file", theirs.toString());
    ServerProcess sealed =
        server("sealed", "--port", "0", "--secret-file", ours.toString(), "--encrypt");
    ServerProcess small =
        server("small", "--port", "0", "--secret-file", ours.toString(), "--limit", "1");
    String line = "%s | local[2] | " + config + " | %s | %s";
    // no checkpoint before the end
    Path seldom =
        Files.writeString(
            temp.resolve("seldom.yaml"),
            TinyData.adam(csv)
                .replace("every: 5 steps, keep: 2", "every: 1000 steps, keep_best: false"));
    String bare = "%s | local[2] | " + seldom + " | %s | %s";
    String slow = "task.step:-1:sleep=100";
    List<String> script =
        List.of(
            line.formatted("calm", "", ""),
            line.formatted("one", on(first), ""),
            line.formatted("stranger", on(stranger), ""),
            line.formatted("sealed", on(sealed), ""),
            line.formatted("small", on(small) + " distributed.shards=2", ""),
            line.formatted("nobody", standalone("127.0.0.1:1"), ""),
            line.formatted("promoted", on(first, second), slow),
            line.formatted("alone", on(second) + " distributed.deadline=2s", slow),
            bare.formatted(
                "bare", on(third) + " distributed.deadline=2s", "task.step:-1:sleep=150"));
    String again = line.formatted("alone", on(second), "");
    try (DriverProcess driver =
        DriverProcess.start(
            temp.resolve("driver"),
            runs.toString(),
            script,
            Map.of("BELLOWS_SECRET_FILE", ours.toString()))) {
      for (ServerProcess server : SERVERS) {
        COMMAND_LINES.add(Files.readString(Path.of("/proc/" + server.pid() + "/cmdline")));
      }
      afterTheFirstEpoch(driver, "promoted");
      first.kill();
      afterTheFirstEpoch(driver, "alone");
      second.kill();
      afterTheFirstEpoch(driver, "bare");
      third.kill();
      driver.await(300);
      log = driver.log();
    }
    String port = Integer.toString(second.port());
    server("again", "--port", port, "--secret-file", ours.toString()).port();
    String bareAgain = bare.formatted("bare", on(second), "");
    try (DriverProcess driver =
        DriverProcess.start(
            temp.resolve("resumed"),
            runs.toString(),
            List.of(again, bareAgain),
            Map.of("BELLOWS_SECRET_FILE", ours.toString()))) {
      log += driver.await(300).log();
    }
    terminated = stranger.terminate();
    terminatedLog = stranger.log();
  }

  @AfterAll
  static void stop() {
    SERVERS.forEach(ServerProcess::close);
  }

  private static Path secret(String name, String text) throws IOException {
    Path file =
        Files.createFile(
            temp.resolve(name),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    return Files.writeString(file, text + "\n");
  }

  private static ServerProcess server(String name, String... options) throws IOException {
    ServerProcess server = ServerProcess.start(temp.resolve(name + ".log"), options);
    SERVERS.add(server);
    return server;
  }

  private static String on(ServerProcess... servers) throws InterruptedException {
    List<String> addresses = new ArrayList<>();
    for (ServerProcess server : servers) {
      addresses.add("127.0.0.1:" + server.port());
    }
    return standalone(String.join(",", addresses));
  }

  private static String standalone(String addresses) {
    return "distributed.placement=standalone distributed.servers=[" + addresses + "]";
  }

  private static void afterTheFirstEpoch(DriverProcess driver, String run) throws Exception {
    driver.awaitLog("BEGIN " + run, 300);
    for (int i = 0; i < 2400 && !part(driver.log(), run).contains(" *best"); i++) {
      Thread.sleep(50);
    }
  }

  /** What the driver said of the first run of a name. */
  private static String part(String text, String run) {
    String rest = text.substring(text.indexOf("BEGIN " + run + "\n"));
    int end = rest.indexOf("\nBEGIN ");
    return end < 0 ? rest : rest.substring(0, end);
  }

  private static String sha(String run) {
    return log.lines()
        .filter(l -> l.startsWith("RESULT " + run + " 0 "))
        .map(l -> l.split(" ")[3])
        .findFirst()
        .orElse("no result of " + run + " in\n" + log);
  }

  @Test
  void theModelIsThatOfOneProcess() {
    assertThat(sha("one")).isEqualTo(sha("calm"));
    assertThat(part(log, "one"))
        .contains("1 shard (stand-alone, replica 0: distributed.servers [127.0.0.1:");
  }

  @Test
  void fault_03_aKilledServerGoesOnInItsReplica() {
    assertThat(part(log, "promoted"))
        .contains("2 shards (stand-alone, replica 1: distributed.servers [")
        .containsPattern("WARN step \\d+: server 127\\.0\\.0\\.1:\\d+ lost \\(.*its shards go on");
    assertThat(sha("promoted")).isEqualTo(sha("calm"));
  }

  @Test
  void fault_04_allServersLostEndsWithExitSevenAndResumesWithTheSameBytes() {
    assertThat(part(log, "alone"))
        .containsPattern("FAILED alone 7 no stand-alone server .* came back within 2 s; start one")
        .containsPattern("newest of step \\d+: `bellows resume .*` goes on");
    assertThat(sha("alone")).isEqualTo(sha("calm"));
    assertThat(RunFolder.readRun(runs.resolve("alone"))).containsEntry("exit_code", 0L);
  }

  @Test
  void fault_04_withoutACheckpointTheLastMessageSaysSo() {
    assertThat(part(log, "bare"))
        .containsPattern("FAILED bare 7 no stand-alone server .* came back within 2 s; start one")
        .containsPattern("There is no checkpoint yet: `bellows resume .*` starts at step 0");
    assertThat(sha("bare")).as("from the beginning").isEqualTo(sha("calm"));
  }

  @Test
  void aServerThatIsNotThereIsNamed() {
    assertThat(log)
        .containsPattern("FAILED nobody 7 distributed.servers: 127.0.0.1:1: cannot connect.*")
        .contains("start it there with submit/bellows-server");
  }

  @Test
  void fault_21_anotherSecretOrNoEncryptionEndsWithExitNine() {
    assertThat(part(log, "stranger"))
        .containsPattern("FAILED stranger 9 distributed.servers: .*secrets differ");
    assertThat(part(log, "sealed"))
        .containsPattern("FAILED sealed 9 distributed.servers: .*wants AES-256-GCM");
  }

  @Test
  void aFullServerEndsWithExitSix() {
    assertThat(part(log, "small"))
        .containsPattern("FAILED small 6 the parameter server refused: .*limit 1048576");
  }

  @Test
  void sigtermEndsAServerCleanly() {
    assertThat(terminated).as(terminatedLog).isZero();
    assertThat(terminatedLog).contains("asked to stop");
    assertThat(terminatedLog.lines().filter(l -> l.startsWith("ready"))).hasSize(1);
  }

  @Test
  void fault_21_theTokenIsInNoLogNoCommandLineAndNoRunFolder() throws IOException {
    assertThat(log).doesNotContain(TOKEN);
    assertThat(COMMAND_LINES).hasSize(6).noneMatch(command -> command.contains(TOKEN));
    assertThat(SERVERS).noneMatch(server -> server.log().contains(TOKEN));
    try (Stream<Path> files = Files.walk(runs)) {
      List<Path> all = files.filter(Files::isRegularFile).toList();
      assertThat(all).hasSizeGreaterThan(10);
      assertThat(all).noneMatch(file -> text(file).contains(TOKEN));
    }
  }

  private static String text(Path file) {
    try {
      return Files.readString(file, StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
