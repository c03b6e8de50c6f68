package dev.bellows.jobs.cli;

import dev.bellows.jobs.config.RunConfig;
import dev.bellows.jobs.run.RunFolder;
import dev.bellows.jobs.train.TrainJob;
import dev.bellows.jobs.train.TrainOutcome;
import org.apache.spark.SparkConf;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine.Command;

/** {@code bellows train}. */
@Command(name = "train", description = "Trains one model.", sortOptions = false)
final class TrainCommand extends FolderCommand {
  TrainCommand() {
    super("train");
  }

  @Override
  boolean forecast(RunConfig config, SparkConf conf, ConsoleOutput console) {
    return TrainJob.forecast(config, conf, console);
  }

  @Override
  void plan(SparkSession session, RunConfig config, ConsoleOutput console) {
    TrainJob.plan(session, config, console);
  }

  @Override
  TrainOutcome work(
      SparkSession session, RunConfig config, RunFolder folder, ConsoleOutput console) {
    return TrainJob.run(session, config, folder, console);
  }
}
