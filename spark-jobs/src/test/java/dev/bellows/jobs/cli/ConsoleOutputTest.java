package dev.bellows.jobs.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bellows.engine.model.Json;
import dev.bellows.jobs.cli.ConsoleOutput.Progress;
import dev.bellows.jobs.cli.ConsoleOutput.Verbosity;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class ConsoleOutputTest {
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final AtomicLong now = new AtomicLong();

  private ConsoleOutput console(
      boolean interactive, Progress progress, Verbosity verbosity, boolean json) {
    PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);
    Terminal terminal = new Terminal(out, out, Map.of("COLUMNS", "60"), interactive, now::get);
    return new ConsoleOutput(terminal, progress, verbosity, json, false);
  }

  private String text() {
    return bytes.toString(StandardCharsets.UTF_8);
  }

  @Test
  void sectionsAlign() {
    ConsoleOutput console = console(false, Progress.AUTO, Verbosity.NORMAL, false);
    console.section("data", "54,000 rows");
    console.more("more of it");
    console.warn("careful");
    console.detail("only with -v");
    assertThat(text().lines())
        .containsExactly("data    54,000 rows", "        more of it", "warn    careful");
  }

  @Test
  void barIsDrawnAtMostTenTimesASecondAndErased() {
    ConsoleOutput console = console(true, Progress.AUTO, Verbosity.NORMAL, false);
    console.progress("epoch 1/2", 5, 10, "loss 0.5");
    console.progress("epoch 1/2", 6, 10, "loss 0.4");
    now.set(200_000_000L);
    console.progress("epoch 1/2", 7, 10, "loss 0.3");
    console.row("    1  0.3");
    assertThat(text())
        .contains("epoch 1/2  [##########----------]  5/10  loss 0.5")
        .contains("7/10")
        .doesNotContain("6/10");
    assertThat(text()).endsWith("\r    1  0.3" + System.lineSeparator());
    for (String drawn : text().split("\r")) {
      assertThat(drawn.strip().length()).isLessThan(60);
    }
  }

  @Test
  void withoutTerminalOneLineEveryTenSeconds() {
    ConsoleOutput console = console(false, Progress.AUTO, Verbosity.NORMAL, false);
    for (int second = 0; second <= 25; second++) {
      now.set(second * 1_000_000_000L);
      console.progress("epoch 1/1", second, 25, "loss 1");
    }
    assertThat(text().lines())
        .containsExactly("epoch 1/1  10/25  loss 1", "epoch 1/1  20/25  loss 1");
  }

  @Test
  void quietSaysOnlyWarningsAndTheResult() {
    ConsoleOutput console = console(false, Progress.AUTO, Verbosity.QUIET, false);
    console.section("data", "x");
    console.row("y");
    console.progress("epoch", 1, 2, "");
    console.warn("careful");
    console.section("done", "z");
    assertThat(text().lines()).containsExactly("warn    careful", "done    z");
  }

  @Test
  void jsonIsOneObjectPerLine() throws Exception {
    ConsoleOutput console = console(true, Progress.AUTO, Verbosity.NORMAL, true);
    console.section("data", "a \"quoted\" name");
    console.warn("careful");
    for (String line : text().lines().toList()) {
      assertThat(Json.parseObject(line, "line")).containsKey("event").containsKey("text");
    }
  }

  /** Names come from data: nothing in them reaches the terminal as a command. */
  @Test
  void fault_70_controlCharactersAreStripped() {
    ConsoleOutput console = console(false, Progress.AUTO, Verbosity.NORMAL, false);
    console.section("data", "column \u001b[2Jevil\r\nnext\u009b31m\u2028x");
    assertThat(text()).isEqualTo("data    column ?[2Jevil??next?31m?x" + System.lineSeparator());
  }
}
