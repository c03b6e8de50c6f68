package dev.bellows.jobs.cli;

import dev.bellows.jobs.ExitCode;
import java.util.concurrent.Callable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** What all commands share: output flags, help, and exit codes out of exceptions. */
abstract class BellowsCommand implements Callable<Integer> {
  @ParentCommand Main main = new Main();

  @Mixin OutputOptions output = new OutputOptions();

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "show this help")
  boolean help;

  /** The command's work. */
  abstract ExitCode run(ConsoleOutput console) throws Exception;

  final Terminal terminal() {
    return main.terminal();
  }

  @Override
  public final Integer call() {
    ConsoleOutput console = output.console(terminal());
    try {
      return run(console).code();
    } catch (Exception | OutOfMemoryError | StackOverflowError failure) {
      console.progressDone();
      return Failures.report(failure, terminal().err(), output.verbose).code();
    }
  }
}
