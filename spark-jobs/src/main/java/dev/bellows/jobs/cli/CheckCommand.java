package dev.bellows.jobs.cli;

import dev.bellows.jobs.ExitCode;
import dev.bellows.jobs.Version;
import dev.bellows.jobs.config.Loaded;
import dev.bellows.jobs.config.RunConfig;
import dev.bellows.jobs.train.TrainJob;
import java.util.List;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code bellows check}. */
@Command(
    name = "check",
    description = "Finds all errors of a configuration and its data; trains nothing.",
    sortOptions = false)
final class CheckCommand extends BellowsCommand {
  @Mixin ConfigOptions config = new ConfigOptions();
  @Mixin SparkOptions spark = new SparkOptions();

  @Option(names = "--no-data", description = "look at the configuration only")
  boolean noData;

  @Override
  ExitCode run(ConsoleOutput console) throws Exception {
    SparkSessions.check(spark.master);
    Loaded loaded = config.load(terminal(), null, List.of());
    if (!noData) {
      DataFiles.check(loaded.config().data());
      if (loaded.config().kind() == RunConfig.Kind.TRAIN) {
        try (SparkSession session =
            SparkSessions.open(
                spark.master,
                "bellows check " + Version.current(),
                console,
                terminal().environment(),
                output.verbose)) {
          TrainJob.plan(session, loaded.config(), console);
        }
      }
    }
    console.section(
        "done", config.config + ": no problems" + (noData ? " (data not looked at)" : ""));
    return ExitCode.OK;
  }
}
