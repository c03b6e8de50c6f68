package dev.bellows.jobs.cli;

import dev.bellows.jobs.ExitCode;
import dev.bellows.jobs.Version;
import dev.bellows.jobs.config.RunConfig;
import dev.bellows.jobs.train.TrainJob;
import org.apache.spark.sql.SparkSession;

/** {@code --dry-run}: what a run would take; without Spark where the configuration tells. */
final class DryRun {
  private DryRun() {}

  static ExitCode run(
      BellowsCommand command,
      String name,
      RunConfig config,
      SparkOptions spark,
      ConsoleOutput console)
      throws Exception {
    if (TrainJob.forecast(config, SparkSessions.settings(spark.master), console)) {
      console.section("done", "dry run: nothing was started, nothing was written");
      return ExitCode.OK;
    }
    try (SparkSession session =
        SparkSessions.open(
            spark.master,
            "bellows " + name + " " + Version.current(),
            console,
            command.terminal().environment(),
            command.output.verbose)) {
      TrainJob.plan(session, config, console);
      console.section("done", "dry run: nothing was trained, nothing was written");
      return ExitCode.OK;
    }
  }
}
