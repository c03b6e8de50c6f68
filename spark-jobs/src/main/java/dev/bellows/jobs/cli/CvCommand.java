package dev.bellows.jobs.cli;

import dev.bellows.jobs.block.GivenRows;
import dev.bellows.jobs.config.RunConfig;
import dev.bellows.jobs.run.RunFolder;
import dev.bellows.jobs.study.CvJob;
import dev.bellows.jobs.train.StopRequest;
import dev.bellows.jobs.train.TrainOutcome;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.SparkConf;
import org.apache.spark.sql.SparkSession;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code bellows cv}. */
@Command(
    name = "cv",
    description = "Cross-validates one configuration over one copy of the data.",
    sortOptions = false)
final class CvCommand extends FolderCommand {
  @Option(names = "--folds", paramLabel = "K", description = "short for --set cv.folds=K")
  @Nullable Integer folds;

  @Option(names = "--repeats", paramLabel = "N", description = "short for --set cv.repeats=N")
  @Nullable Integer repeats;

  CvCommand() {
    super(CvJob.NAME);
  }

  @Override
  List<String> shortcuts() {
    List<String> sets = new ArrayList<>(super.shortcuts());
    if (folds != null) {
      sets.add("cv.folds=" + folds);
    }
    if (repeats != null) {
      sets.add("cv.repeats=" + repeats);
    }
    return sets;
  }

  @Override
  boolean forecast(RunConfig config, SparkConf conf, ConsoleOutput console) {
    return false;
  }

  @Override
  void plan(SparkSession session, RunConfig config, ConsoleOutput console) {
    CvJob.plan(session, config, console);
  }

  @Override
  TrainOutcome work(
      SparkSession session, RunConfig config, RunFolder folder, ConsoleOutput console) {
    return CvJob.run(
        session, config, GivenRows.NONE, folder, console, List.of(), StopRequest::requested);
  }
}
