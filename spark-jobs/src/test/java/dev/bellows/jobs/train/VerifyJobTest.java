package dev.bellows.jobs.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bellows.engine.model.FolderFiles;
import dev.bellows.engine.model.NioFiles;
import dev.bellows.jobs.BellowsException;
import dev.bellows.jobs.ExitCode;
import dev.bellows.jobs.SparkSessionExtension;
import dev.bellows.jobs.StrictFileSystem;
import dev.bellows.jobs.block.GivenRows;
import dev.bellows.jobs.config.ConfigLoader;
import dev.bellows.jobs.config.Loaded;
import dev.bellows.jobs.run.RunFolder;
import dev.bellows.jobs.run.Storage;
import dev.bellows.ps.protocol.Message.CodedStep;
import dev.bellows.ps.protocol.Message.LedgerEntry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Checksums and replays of a real run's folder. */
@ExtendWith(SparkSessionExtension.class)
class VerifyJobTest {
  private static final ResumeOptions UNCHANGED = new ResumeOptions(List.of(), false);
  private static final long STEPS = 27;

  @TempDir static Path temp;
  private static Path csv;

  private final RecordingConsole console = new RecordingConsole();

  @BeforeAll
  static void run(SparkSession session) throws Exception {
    csv = TinyData.write(temp.resolve("data"));
    Loaded loaded = ConfigLoader.parse(TinyData.adam(csv), List.of());
    RunFolder folder = TestRuns.folder(temp.resolve("run"), loaded);
    TrainJob.run(session, loaded.config(), folder, new RecordingConsole());
  }

  /** A copy of the run, to be damaged. */
  private static Path copy(String name) throws IOException {
    Path from = temp.resolve("run");
    Path to = temp.resolve(name);
    try (Stream<Path> all = Files.walk(from)) {
      for (Path path : all.toList()) {
        Files.copy(path, to.resolve(from.relativize(path).toString()));
      }
    }
    return to;
  }

  private void replay(SparkSession session, FolderFiles run, String steps, ResumeOptions options) {
    VerifyJob.replay(session, run, StepRange.parse(steps), GivenRows.NONE, options, console);
  }

  private static void flip(Path file, long at) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    bytes[(int) at] ^= 4;
    Files.write(file, bytes);
  }

  /** Replaces the loss of a step; the line's own check is made to fit. */
  private static void rewriteLoss(Path run, long step, String loss) throws IOException {
    Path file = run.resolve("steps.ledger");
    List<String> lines = new java.util.ArrayList<>(Files.readAllLines(file));
    List<String> cells =
        new java.util.ArrayList<>(LedgerLine.parse(lines.get((int) step + 1)).cells());
    cells.set(1, loss);
    lines.set((int) step + 1, new LedgerLine(step, String.join(",", cells)).line());
    Files.writeString(file, String.join("\n", lines) + "\n");
  }

  @Test
  void aWholeRunTakesItsStepsAgainToTheSameNumbers(SparkSession session) {
    FolderFiles run = new NioFiles(temp.resolve("run"));
    VerifyJob.check(run, console);
    assertThat(console.text()).contains("model whole", "ledger of " + STEPS + " steps");
    replay(session, run, "26:", UNCHANGED);
    assertThat(console.text()).contains("steps 26 to 26 from the checkpoint of step 25");
    replay(
        session,
        run,
        "3:12",
        new ResumeOptions(List.of(), false, List.of("distributed.workers=1")));
    assertThat(console.text()).contains("steps 3 to 11 from the initial values");
  }

  @Test
  void aRunThatHasMovedWithItsDataIsTheSameRun(SparkSession session) throws Exception {
    Path moved = copy("moved");
    Path data = temp.resolve("elsewhere.csv");
    Files.copy(csv, data);
    StrictFileSystem.register(session.sparkContext().hadoopConfiguration());
    FolderFiles remote = Storage.of(session).folder(StrictFileSystem.uri(moved));
    ResumeOptions there = new ResumeOptions(List.of(), false, List.of("data.train.path=" + data));
    replay(session, remote, "26:27", there);
    Files.writeString(data, Files.readString(data).replaceFirst("class1", "class2"));
    assertThatThrownBy(() -> replay(session, remote, "26:27", there))
        .isInstanceOfSatisfying(
            BellowsException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.DATA))
        .hasMessageContaining("data: was ");
    try (Stream<Path> all = Files.walk(moved)) {
      assertThat(all.filter(Files::isRegularFile))
          .allSatisfy(
              path ->
                  assertThat(path)
                      .hasSameBinaryContentAs(
                          temp.resolve("run").resolve(moved.relativize(path).toString())));
    }
  }

  @Test
  void fault_33_everyDamagedFileIsNamed() throws Exception {
    Path run = copy("damaged");
    flip(run.resolve("model/weights.safetensors"), 600);
    flip(run.resolve("model/preprocess.json"), 20);
    flip(run.resolve("checkpoints/step-000025/shard-0.safetensors"), 700);
    flip(run.resolve("checkpoints/step-000027/manifest.json"), 40);
    List<String> lines = Files.readAllLines(run.resolve("steps.ledger"));
    String changed = lines.get(9).replaceFirst(",1,", ",0,");
    assertThat(changed).isNotEqualTo(lines.get(9));
    Files.writeString(
        run.resolve("steps.ledger"),
        String.join("\n", lines).replace(lines.get(9), changed) + "\n");
    assertThatThrownBy(() -> VerifyJob.check(new NioFiles(run), console))
        .isInstanceOfSatisfying(
            BellowsException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.MODEL))
        .hasMessageContaining("5 problems")
        .hasMessageContaining("model/weights.safetensors: expected SHA-256")
        .hasMessageContaining("model/preprocess.json: expected SHA-256")
        .hasMessageContaining("step-000025/shard-0.safetensors")
        .hasMessageContaining("step-000027/manifest.json")
        .hasMessageContaining("steps.ledger:10 (step 8): the line was changed");
  }

  @Test
  void aStepWithOtherNumbersIsNamed(SparkSession session) throws Exception {
    Path run = copy("changed");
    rewriteLoss(run, 26, "0.125");
    FolderFiles files = new NioFiles(run);
    VerifyJob.check(files, console); // the line agrees with its check
    assertThatThrownBy(() -> replay(session, files, "25:27", UNCHANGED))
        .isInstanceOfSatisfying(
            BellowsException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.MODEL))
        .hasMessageContaining("first difference at step 26: loss noted 0.125, replayed ");
    replay(session, files, "25:26", UNCHANGED);
    assertThatThrownBy(() -> replay(session, files, "25:28", UNCHANGED))
        .isInstanceOfSatisfying(
            BellowsException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.USAGE))
        .hasMessageContaining("no whole line of step 27");
  }

  @Test
  void missingLinesAndForeignCheckpointsAreNoticed() throws Exception {
    Path run = copy("cut");
    List<String> lines = Files.readAllLines(run.resolve("steps.ledger"));
    Files.write(run.resolve("steps.ledger"), lines.subList(0, 20));
    assertThatThrownBy(() -> VerifyJob.check(new NioFiles(run), console))
        .hasMessageContaining("the run took 27 steps, the ledger has 19");
    List<String> cells = new java.util.ArrayList<>(LedgerLine.parse(lines.get(25)).cells());
    cells.set(6, "00000000");
    lines.set(25, new LedgerLine(24, String.join(",", cells)).line());
    Files.write(run.resolve("steps.ledger"), lines);
    assertThatThrownBy(() -> VerifyJob.check(new NioFiles(run), console))
        .hasMessageContaining("step-000025: its parameters have CRC32C ")
        .hasMessageContaining("the ledger notes 00000000 after step 24");
    Files.delete(run.resolve("steps.ledger"));
    assertThatThrownBy(() -> VerifyJob.check(new NioFiles(run), console))
        .hasMessageContaining("steps.ledger: there is no such file");
  }

  @Test
  void aRunThatWasKilledIsWholeAsFarAsItCame() throws Exception {
    Path run = copy("killed");
    String json = Files.readString(run.resolve("run.json"));
    Files.writeString(run.resolve("run.json"), json.replace("\"finished\"", "\"running\""));
    Files.delete(run.resolve("model/SHA256SUMS"));
    Path ledger = run.resolve("steps.ledger");
    Files.writeString(ledger, Files.readString(ledger) + "27,0.2");
    VerifyJob.check(new NioFiles(run), console);
    assertThat(console.text()).contains("no whole model yet", "last line was not finished");
  }

  @Test
  void lineIsReadAsItWasWritten() {
    LedgerLine line =
        LedgerLine.of(new LedgerEntry(7, 32, 16.5, 24, 32, true, true, 0x01020304), "none");
    assertThat(line.text()).isEqualTo("7,0.515625,0.75,32.0,32,1,01020304");
    assertThat(LedgerLine.parse(line.line())).isEqualTo(line);
    assertThat(line.crc()).isEqualTo("01020304");
    LedgerLine coded =
        LedgerLine.of(
            new LedgerEntry(
                7, 32, 16.5, 24, 32, true, false, 0, new CodedStep(1000, 600, 16, 0.25)),
            "bf16");
    assertThat(coded.text()).isEqualTo("7,0.515625,0.75,32.0,32,1,,bf16,1000,600,0.125");
    assertThat(LedgerLine.parse(coded.line())).isEqualTo(coded);
    assertThat(coded.crc()).isEmpty();
    assertThat(line.cell(7)).isEmpty();
    assertThat(Map.of("a", "", "b", "7,1", "c", line.line() + "0").values())
        .allSatisfy(
            text ->
                assertThatThrownBy(() -> LedgerLine.parse(text))
                    .isInstanceOf(IllegalArgumentException.class));
  }
}
