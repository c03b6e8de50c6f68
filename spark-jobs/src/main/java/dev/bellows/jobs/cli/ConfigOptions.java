package dev.bellows.jobs.cli;

import dev.bellows.jobs.BellowsException;
import dev.bellows.jobs.ExitCode;
import dev.bellows.jobs.config.ConfigLoader;
import dev.bellows.jobs.config.Loaded;
import dev.bellows.jobs.config.RunConfig.Kind;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Flags of every command that reads a configuration. */
final class ConfigOptions {
  @Option(
      names = {"-c", "--config"},
      required = true,
      paramLabel = "FILE",
      description = "the configuration")
  Path config = Path.of("");

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description = "one value over the file, e.g. trainer.epochs=3; may be repeated")
  List<String> sets = new ArrayList<>();

  @Option(
      names = "--data-dir",
      paramLabel = "DIR",
      description = "where relative data paths start; else BELLOWS_DATA, else the working folder")
  @Nullable Path dataDir;

  @Option(names = "--seed", paramLabel = "N", description = "short for --set seed=N")
  @Nullable Long seed;

  /** Reads the file under all overrides; shortcuts of other flags come last. */
  Loaded load(Terminal terminal, @Nullable Kind expected, List<String> shortcuts) {
    if (dataDir != null && !java.nio.file.Files.isDirectory(dataDir)) {
      throw new BellowsException(
          ExitCode.USAGE, "--data-dir: there is no folder " + dataDir.toAbsolutePath());
    }
    List<String> all = new ArrayList<>(sets);
    if (seed != null) {
      all.add("seed=" + seed);
    }
    all.addAll(shortcuts);
    return ConfigLoader.load(config, all, terminal.environment(), dataDir, expected);
  }

  /** A text as a quoted YAML value. */
  static String quoted(String text) {
    return "'" + text.replace("'", "''") + "'";
  }
}
