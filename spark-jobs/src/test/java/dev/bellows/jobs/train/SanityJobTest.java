package dev.bellows.jobs.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bellows.engine.plan.SanityChecks.Finding;
import dev.bellows.engine.sample.Mix64;
import dev.bellows.jobs.SparkSessionExtension;
import dev.bellows.jobs.config.ConfigLoader;
import dev.bellows.jobs.config.RunConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** What {@code bellows doctor -c CONFIG} looks at, on tables with and without a planted fault. */
@ExtendWith(SparkSessionExtension.class)
class SanityJobTest {
  private static final int ROWS = 200;
  @TempDir static Path folder;

  /** Two numbers that tell ten classes apart, and one that is far too large. */
  @BeforeAll
  static void data() throws IOException {
    StringBuilder csv = new StringBuilder("a,b,large,y\n");
    for (int i = 0; i < ROWS; i++) {
      double angle = i % 10 * 0.6283 + (Mix64.mix(i) >>> 54) * 1e-4;
      csv.append(
          String.format(
              Locale.ROOT,
              "%.4f,%.4f,%d,k%d%n",
              Math.cos(angle),
              Math.sin(angle),
              1000 * (i % 7),
              i % 10));
    }
    Files.writeString(folder.resolve("rows.csv"), csv);
  }

  private static List<Finding> findings(
      SparkSession session, String large, String hidden, RecordingConsole console) {
    String yaml =
        """
        version: 1
        task: classification
        data: {train: {format: csv, path: '%s'}}
        target: {name: y}
        features: {a: {type: number, scale: none}, b: {type: number, scale: none}, large: {%s}}
        model:
          type: network
          layers: [{dense: {units: 64, activation: relu%s}}, {dense: {units: 10}}]
        trainer: {epochs: 1, batch_size: 32}
        """
            .formatted(folder.resolve("rows.csv"), large, hidden);
    RunConfig config = ConfigLoader.parse(yaml, List.of()).config();
    return SanityJob.run(session, config, console);
  }

  @Test
  @DisplayName("TOO-20 doctor -c: loss near ln 10, gradients, one batch learnt by heart")
  void aGoodNetworkPasses(SparkSession session) {
    RecordingConsole console = new RecordingConsole();
    List<Finding> findings = findings(session, "type: ignore", "", console);
    assertThat(findings)
        .extracting(Finding::check)
        .containsExactly("input", "first loss", "gradients", "one batch");
    assertThat(findings).allMatch(Finding::passed);
    assertThat(console.text())
        .contains("expected about 2.3026")
        .containsPattern("one batch: loss 0\\.0(0\\d\\d|100) after"); // at most 0.01, rounded
  }

  @Test
  @DisplayName("TOO-20 doctor -c: planted faults are named")
  void plantedFaultsAreNamed(SparkSession session) {
    RecordingConsole console = new RecordingConsole();
    assertThat(findings(session, "type: number, scale: none", "", console))
        .filteredOn(finding -> !finding.passed())
        .extracting(Finding::check)
        .contains("input", "first loss");
    assertThat(console.text()).contains("warn  input: largest number 6000", "scale the features");
    RecordingConsole dead = new RecordingConsole();
    String zero = ", initializer: zero";
    assertThat(findings(session, "type: ignore", zero, dead))
        .filteredOn(finding -> !finding.passed())
        .extracting(Finding::check)
        .contains("gradients", "one batch");
    assertThat(dead.text()).contains("warn  gradients: none for");
  }
}
