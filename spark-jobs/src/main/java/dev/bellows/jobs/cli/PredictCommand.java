package dev.bellows.jobs.cli;

import dev.bellows.jobs.ExitCode;
import dev.bellows.jobs.config.RunConfig;
import dev.bellows.jobs.predict.PredictJob;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine.Command;

/** {@code bellows predict}. */
@Command(
    name = "predict",
    description = "Writes the predictions of a stored model.",
    sortOptions = false)
final class PredictCommand extends ModelCommand {
  PredictCommand() {
    super("predict", RunConfig.Kind.PREDICT);
  }

  @Override
  ExitCode work(SparkSession session, RunConfig config, ConsoleOutput console) throws Exception {
    long rows = PredictJob.run(session, config, console);
    console.progressDone();
    console.section("done", String.format("%,d rows  ->  %s", rows, config.output().dir()));
    return ExitCode.OK;
  }
}
