package dev.bellows.jobs.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bellows.jobs.SparkSessionExtension;
import dev.bellows.jobs.api.Bellows;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** The plan of a stored model, timed or not. */
@ExtendWith(SparkSessionExtension.class)
class BenchCommandTest {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  private int run(String... args) {
    out.reset();
    err.reset();
    PrintStream text = new PrintStream(out, true, StandardCharsets.UTF_8);
    PrintStream errors = new PrintStream(err, true, StandardCharsets.UTF_8);
    return Main.run(args, new Terminal(text, errors, Map.of(), false, () -> 0L));
  }

  private String printed() {
    return out.toString(StandardCharsets.UTF_8);
  }

  @Test
  void planIsShownAndTimedCallByCall(SparkSession session, @TempDir Path dir) {
    String run = dir.resolve("run").toString();
    Bellows.on(session)
        .yaml(
            """
            version: 1
            task: regression
            target: {name: y}
            model: {type: network, layers: [dense: {units: 8, activation: relu}, dense: {units: 1}]}
            trainer: {epochs: 1, batch_size: 32}
            """)
        .runDir(run)
        .train(session.range(64).selectExpr("id", "id * 0.5 as x", "id * 2.0 as y"));
    assertThat(run("inspect", run, "--plan", "--rows", "5")).isZero();
    assertThat(printed()).contains("matmul+add", "for 5 rows").doesNotContain("rows/s");
    assertThat(run("inspect", run, "--profile")).isZero();
    assertThat(printed()).contains("matmul+add", "rate", "rows/s", "GFLOP/s");
    assertThat(run("bench", "model", run, "--precision", "bfloat16")).isZero();
    assertThat(printed()).contains("convert", "rounded.", "for 32 rows", "rows/s");
    assertThat(run("bench", "model", run, "--precision", "half")).isEqualTo(2);
    assertThat(err.toString(StandardCharsets.UTF_8))
        .contains("--precision: expected float32 or bfloat16, found \"half\"");
    assertThat(run("bench", "model", run, "--rows", "0")).isEqualTo(2);
    assertThat(run("bench", "model", dir.resolve("none").toString())).isEqualTo(8);
  }
}
