package dev.bellows.jobs.cli;

import dev.bellows.engine.model.FolderFiles;
import dev.bellows.jobs.ExitCode;
import dev.bellows.jobs.report.RunReport;
import dev.bellows.jobs.run.RunFolder;
import dev.bellows.jobs.run.Storage;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code bellows report}. */
@Command(name = "report", description = "Rebuilds report.html of run folders.", sortOptions = false)
final class ReportCommand extends BellowsCommand {
  @Parameters(arity = "1..*", paramLabel = "RUN", description = "run folders: paths or URIs")
  List<String> runs = new ArrayList<>();

  @Override
  ExitCode run(ConsoleOutput console) {
    Storage storage = SparkSessions.storage();
    List<FolderFiles> folders = runs.stream().map(storage::folder).toList();
    folders.forEach(RunFolder::requireRun);
    folders.forEach(folder -> console.section("done", RunReport.write(folder)));
    return ExitCode.OK;
  }
}
