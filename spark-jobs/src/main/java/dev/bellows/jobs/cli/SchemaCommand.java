package dev.bellows.jobs.cli;

import dev.bellows.engine.model.Json;
import dev.bellows.jobs.ExitCode;
import dev.bellows.jobs.config.JsonSchema;
import dev.bellows.jobs.config.RunConfig.Kind;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code bellows schema}. */
@Command(
    name = "schema",
    description = "Prints the JSON Schema of configuration files, for editors.",
    sortOptions = false)
final class SchemaCommand extends BellowsCommand {
  @Option(
      names = "--kind",
      paramLabel = "KIND",
      defaultValue = "TRAIN",
      description = "train, evaluate or predict")
  Kind kind = Kind.TRAIN;

  @Override
  ExitCode run(ConsoleOutput console) {
    terminal().out().println(Json.pretty(JsonSchema.of(kind)));
    terminal().out().flush();
    return ExitCode.OK;
  }
}
