package dev.bellows.jobs.cli;

import dev.bellows.engine.model.FolderFiles;
import dev.bellows.jobs.ExitCode;
import dev.bellows.jobs.Version;
import dev.bellows.jobs.block.GivenRows;
import dev.bellows.jobs.config.ConfigLoader;
import dev.bellows.jobs.config.RunConfig;
import dev.bellows.jobs.run.RunFolder;
import dev.bellows.jobs.study.CvJob;
import dev.bellows.jobs.study.SearchJob;
import dev.bellows.jobs.train.ResumeJob;
import dev.bellows.jobs.train.ResumeOptions;
import dev.bellows.jobs.train.StopRequest;
import dev.bellows.jobs.train.TrainOutcome;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code bellows resume}. */
@Command(
    name = "resume",
    description = "Continues a run folder from its last whole checkpoint.",
    sortOptions = false)
final class ResumeCommand extends BellowsCommand {
  @Parameters(paramLabel = "RUN", description = "the run folder: a path or a URI")
  String run = "";

  @Option(
      names = "--allow-change",
      paramLabel = "KEY",
      description = "a key that may differ from the run's, e.g. trainer.epochs; may be repeated")
  List<String> allowChange = new ArrayList<>();

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description =
          "one value over the run's configuration; its key must be allowed by --allow-change")
  List<String> sets = new ArrayList<>();

  @Option(names = "--takeover", description = "fence off another process that holds the run folder")
  boolean takeover;

  @Option(
      names = "--dry-run",
      description = "read, check and plan; train nothing and write nothing")
  boolean dryRun;

  @Mixin SparkOptions spark = new SparkOptions();

  @Override
  ExitCode run(ConsoleOutput console) throws Exception {
    SparkSessions.check(spark.master);
    FolderFiles folder = SparkSessions.storage().folder(run);
    RunFolder.requireRun(folder);
    if (dryRun) {
      String yaml = new String(folder.read("config.resolved.yaml"), StandardCharsets.UTF_8);
      return DryRun.run(this, "resume", ConfigLoader.parse(yaml, sets).config(), spark, console);
    }
    StopRequest.install();
    try (SparkSession session =
        SparkSessions.open(
            spark.master,
            "bellows resume " + Version.current(),
            console,
            terminal().environment(),
            output.verbose)) {
      TrainOutcome outcome = work(session, folder, console);
      console.progressDone();
      console.section("done", outcome.message());
      return outcome.exitCode();
    }
  }

  private TrainOutcome work(SparkSession session, FolderFiles files, ConsoleOutput console) {
    Object job = RunFolder.readRun(files).get(CvJob.JOB);
    if (job == null) {
      return ResumeJob.run(session, files, new ResumeOptions(allowChange, takeover, sets), console);
    }
    RunFolder folder = RunFolder.open(files, takeover, main.commandLine(), Clock.systemUTC());
    RunConfig config = ConfigLoader.parse(folder.resolvedYaml(), sets).config();
    if (job.equals(SearchJob.NAME)) {
      return SearchJob.run(
          session, config, GivenRows.NONE, folder, console, allowChange, StopRequest::requested);
    }
    return CvJob.run(
        session, config, GivenRows.NONE, folder, console, allowChange, StopRequest::requested);
  }
}
