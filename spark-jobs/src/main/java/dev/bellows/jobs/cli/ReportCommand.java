package dev.bellows.jobs.cli;

import dev.bellows.jobs.ExitCode;
import dev.bellows.jobs.report.RunReport;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code bellows report}. */
@Command(name = "report", description = "Rebuilds report.html of run folders.", sortOptions = false)
final class ReportCommand extends BellowsCommand {
  @Parameters(arity = "1..*", paramLabel = "RUN", description = "run folders")
  List<Path> runs = new ArrayList<>();

  @Override
  ExitCode run(ConsoleOutput console) {
    runs.forEach(ResumeChecks::check);
    for (Path run : runs) {
      console.section("done", RunReport.write(run).toString());
    }
    return ExitCode.OK;
  }
}
