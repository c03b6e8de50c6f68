package dev.bellows.jobs.cli;

import dev.bellows.jobs.config.Suggest;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine;

/** Help for mistyped commands and options. */
final class Usage {
  private Usage() {}

  /**
   * An option that is none, as the likely reason why another one is missing; empty when there is
   * none.
   */
  static String mistyped(CommandLine line) {
    for (String argument : line.getUnmatchedArguments()) {
      String closest = argument.startsWith("-") ? nearest(line, argument, List.of()) : "";
      if (!closest.isEmpty()) {
        return "; unknown option \"" + argument + "\", did you mean " + closest + "?";
      }
    }
    return "";
  }

  /** The command or option that was probably meant; empty when none is near. */
  static String nearest(CommandLine line, String typed, List<String> suggestions) {
    List<String> known = new ArrayList<>(line.getSubcommands().keySet());
    line.getCommandSpec().options().forEach(option -> known.addAll(List.of(option.names())));
    String name = typed.contains("=") ? typed.substring(0, typed.indexOf('=')) : typed;
    return Suggest.nearest(name, known)
        .orElseGet(() -> suggestions.stream().filter(known::contains).findFirst().orElse(""));
  }
}
