package dev.bellows.jobs.cli;

import dev.bellows.jobs.BellowsException;
import dev.bellows.jobs.ExitCode;
import dev.bellows.jobs.synth.SynthDigits;
import dev.bellows.jobs.synth.SynthTables;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code bellows synth}. */
@Command(
    name = "synth",
    description = "Makes test data: digits, table, libsvm, regression or visits.",
    sortOptions = false)
final class SynthCommand extends BellowsCommand {
  /** What is made. */
  enum Kind {
    DIGITS,
    TABLE,
    LIBSVM,
    REGRESSION,
    VISITS
  }

  private static final int MAX_ROWS = 10_000_000;

  @Parameters(
      paramLabel = "KIND",
      description =
          "digits (IDX), table (CSV, two classes), libsvm, regression (CSV), visits (CSV, pairs of categories)")
  Kind kind = Kind.DIGITS;

  @Option(
      names = "--rows",
      paramLabel = "N",
      defaultValue = "10000",
      description = "rows; default ${DEFAULT-VALUE}")
  int rows = 10_000;

  @Option(
      names = "--test-rows",
      paramLabel = "N",
      description = "held-out rows of digits; default a fifth of --rows")
  @Nullable Integer testRows;

  @Option(
      names = "--out",
      paramLabel = "PATH",
      description = "folder (digits) or file; default data/KIND...")
  @Nullable Path out;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "7",
      description = "default ${DEFAULT-VALUE}")
  long seed = 7;

  @Override
  ExitCode run(ConsoleOutput console) throws Exception {
    int held = testRows == null ? Math.max(1, rows / 5) : testRows;
    if (rows < 1 || rows > MAX_ROWS || held < 1 || held > MAX_ROWS) {
      throw new BellowsException(
          ExitCode.USAGE,
          "--rows and --test-rows: expected 1.." + MAX_ROWS + ", found " + rows + " and " + held);
    }
    Path target = out == null ? standard() : out;
    if (kind == Kind.DIGITS ? Files.isRegularFile(target) : Files.isDirectory(target)) {
      throw new BellowsException(
          ExitCode.USAGE,
          "--out: expected a "
              + (kind == Kind.DIGITS ? "folder" : "file")
              + ", found "
              + target.toAbsolutePath());
    }
    switch (kind) {
      case DIGITS -> SynthDigits.write(target, rows, held, seed);
      case TABLE -> SynthTables.table(target, rows, seed);
      case LIBSVM -> SynthTables.libsvm(target, rows, seed);
      case REGRESSION -> SynthTables.regression(target, rows, seed);
      case VISITS -> SynthTables.visits(target, rows, seed);
    }
    String size = kind == Kind.DIGITS ? rows + " + " + held + " rows" : rows + " rows";
    console.section("done", size + "  seed " + seed + "  ->  " + target);
    return ExitCode.OK;
  }

  private Path standard() {
    return switch (kind) {
      case DIGITS -> Path.of("data", "digits");
      case TABLE -> Path.of("data", "table.csv");
      case LIBSVM -> Path.of("data", "sparse.libsvm");
      case REGRESSION -> Path.of("data", "regression.csv");
      case VISITS -> Path.of("data", "visits.csv");
    };
  }
}
