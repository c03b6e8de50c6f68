package dev.bellows.jobs.cli;

import java.util.Locale;
import picocli.CommandLine.Option;

/** Flags of every command that say how it speaks. */
final class OutputOptions {
  /** When to colour. */
  enum Color {
    AUTO,
    ALWAYS,
    NEVER
  }

  /** Form of the output. */
  enum LogFormat {
    TEXT,
    JSON
  }

  @Option(
      names = {"-v", "--verbose"},
      description = "say more; show stack traces")
  boolean verbose;

  @Option(
      names = {"-q", "--quiet"},
      description = "say only warnings, errors and the result")
  boolean quiet;

  @Option(
      names = "--log-format",
      paramLabel = "FORM",
      defaultValue = "TEXT",
      description = "text or json (one object per line)")
  LogFormat logFormat = LogFormat.TEXT;

  @Option(
      names = "--progress",
      paramLabel = "FORM",
      defaultValue = "AUTO",
      description = "auto, bar, lines (one per 10 s) or off")
  ConsoleOutput.Progress progress = ConsoleOutput.Progress.AUTO;

  @Option(
      names = "--color",
      paramLabel = "WHEN",
      defaultValue = "AUTO",
      description = "auto, always or never; NO_COLOR is obeyed")
  Color color = Color.AUTO;

  ConsoleOutput console(Terminal terminal) {
    boolean noColor = !terminal.environment().getOrDefault("NO_COLOR", "").isEmpty();
    boolean dumb =
        terminal.environment().getOrDefault("TERM", "").toLowerCase(Locale.ROOT).equals("dumb");
    boolean painted =
        color == Color.ALWAYS
            || (color == Color.AUTO && terminal.interactive() && !noColor && !dumb);
    ConsoleOutput.Verbosity verbosity =
        quiet
            ? ConsoleOutput.Verbosity.QUIET
            : verbose ? ConsoleOutput.Verbosity.VERBOSE : ConsoleOutput.Verbosity.NORMAL;
    return new ConsoleOutput(terminal, progress, verbosity, logFormat == LogFormat.JSON, painted);
  }
}
