package dev.bellows.jobs.cli;

import dev.bellows.jobs.block.GivenRows;
import dev.bellows.jobs.config.RunConfig;
import dev.bellows.jobs.run.RunFolder;
import dev.bellows.jobs.study.CvJob;
import dev.bellows.jobs.study.SearchJob;
import dev.bellows.jobs.train.StopRequest;
import dev.bellows.jobs.train.TrainOutcome;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.SparkConf;
import org.apache.spark.sql.SparkSession;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code bellows search}. */
@Command(
    name = "search",
    description = "Searches over configurations, each cross-validated over one copy of the data.",
    sortOptions = false)
final class SearchCommand extends FolderCommand {
  @Option(names = "--trials", paramLabel = "N", description = "short for --set search.trials=N")
  @Nullable Integer trials;

  SearchCommand() {
    super(SearchJob.NAME);
  }

  @Override
  List<String> shortcuts() {
    List<String> sets = new ArrayList<>();
    for (String set : super.shortcuts()) { // the time is the search's, not that of each training
      sets.add(set.replaceFirst("^trainer[.]max_time=", "search.max_time="));
    }
    if (trials != null) {
      sets.add("search.trials=" + trials);
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
    return SearchJob.run(
        session, config, GivenRows.NONE, folder, console, List.of(), StopRequest::requested);
  }
}
