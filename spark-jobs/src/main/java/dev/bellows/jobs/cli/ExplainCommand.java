package dev.bellows.jobs.cli;

import dev.bellows.jobs.BellowsException;
import dev.bellows.jobs.ExitCode;
import dev.bellows.jobs.config.ConfigKeys;
import dev.bellows.jobs.config.Explain;
import dev.bellows.jobs.config.RunConfig.Kind;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code bellows explain}. */
@Command(
    name = "explain",
    description = "Says what a key means: value, default, range, example.",
    sortOptions = false)
final class ExplainCommand extends BellowsCommand {
  @Parameters(
      arity = "0..1",
      paramLabel = "KEY",
      description = "e.g. trainer.epochs; without: the list of all keys")
  @Nullable String key;

  @Override
  ExitCode run(ConsoleOutput console) {
    if (key == null) {
      ConfigKeys.docs(Kind.TRAIN)
          .forEach((path, doc) -> terminal().out().println(path + "  " + doc));
      terminal().out().flush();
      return ExitCode.OK;
    }
    String wanted = key;
    String text =
        Explain.key(wanted)
            .orElseThrow(
                () ->
                    new BellowsException(
                        ExitCode.USAGE,
                        "there is no key \""
                            + wanted
                            + "\""
                            + Explain.nearest(wanted)
                                .map(n -> "; did you mean " + n + "?")
                                .orElse("")));
    terminal().out().print(text);
    terminal().out().flush();
    return ExitCode.OK;
  }
}
