package dev.bellows.jobs.cli;

import dev.bellows.jobs.BellowsException;
import dev.bellows.jobs.ExitCode;
import java.nio.file.Files;
import java.nio.file.Path;

/** What can be refused before Spark starts. */
final class ResumeChecks {
  private ResumeChecks() {}

  static void check(Path run) {
    if (!Files.isDirectory(run)) {
      throw new BellowsException(
          ExitCode.USAGE,
          "there is no run folder "
              + run.toAbsolutePath()
              + "; give the folder that a train command wrote");
    }
    if (!Files.exists(run.resolve("run.json"))) {
      throw new BellowsException(
          ExitCode.USAGE, run.toAbsolutePath() + " is no run folder: it has no run.json");
    }
  }
}
