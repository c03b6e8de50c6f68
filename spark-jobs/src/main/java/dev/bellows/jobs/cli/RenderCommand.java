package dev.bellows.jobs.cli;

import dev.bellows.jobs.ExitCode;
import dev.bellows.jobs.config.Differences;
import dev.bellows.jobs.config.Loaded;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code bellows render}. */
@Command(
    name = "render",
    description = "Prints a configuration with every default filled in.",
    sortOptions = false)
final class RenderCommand extends BellowsCommand {
  @Mixin ConfigOptions config = new ConfigOptions();

  @Option(names = "--diff", description = "only the keys whose value is not the default")
  boolean diff;

  @Override
  ExitCode run(ConsoleOutput console) {
    Loaded loaded = config.load(terminal(), null, List.of());
    if (diff) {
      Differences.fromDefaults(loaded)
          .forEach((key, value) -> terminal().out().println(key + ": " + value));
    } else {
      terminal().out().print(loaded.resolvedYaml());
    }
    terminal().out().flush();
    return ExitCode.OK;
  }
}
