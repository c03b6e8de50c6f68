package dev.bellows.jobs.cli;

import dev.bellows.engine.model.FolderFiles;
import dev.bellows.jobs.ExitCode;
import dev.bellows.jobs.Version;
import dev.bellows.jobs.block.GivenRows;
import dev.bellows.jobs.train.ResumeOptions;
import dev.bellows.jobs.train.StepRange;
import dev.bellows.jobs.train.StopRequest;
import dev.bellows.jobs.train.VerifyJob;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.SparkSession;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code bellows verify}. */
@Command(
    name = "verify",
    description =
        "Compares a run folder with its checksums, and some of its steps with themselves taken again.",
    sortOptions = false)
final class VerifyCommand extends BellowsCommand {
  @Parameters(paramLabel = "RUN", description = "the run folder: a path or a URI")
  String run = "";

  @Option(
      names = "--steps",
      paramLabel = "A:B",
      description =
          "also take steps A to B-1 again, from the last checkpoint before them, and compare loss,"
              + " metric and CRC of the parameters of each")
  @Nullable String steps;

  @Option(
      names = "--allow-change",
      paramLabel = "KEY",
      description = "a key that may differ from the run's, e.g. kernels; may be repeated")
  List<String> allowChange = new ArrayList<>();

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description =
          "one value over the run's configuration, e.g. data.train.path=... when the data has moved;"
              + " what would change the numbers must be allowed by --allow-change")
  List<String> sets = new ArrayList<>();

  @Mixin SparkOptions spark = new SparkOptions();

  @Override
  ExitCode run(ConsoleOutput console) throws Exception {
    StepRange range = steps == null ? null : StepRange.parse(steps);
    SparkSessions.check(spark.master);
    FolderFiles folder = SparkSessions.storage().folder(run);
    if (range == null) {
      VerifyJob.check(folder, console);
    } else {
      StopRequest.install();
      try (SparkSession session =
          SparkSessions.open(
              spark.master,
              "bellows verify " + Version.current(),
              console,
              terminal().environment(),
              output.verbose)) {
        ResumeOptions options = new ResumeOptions(allowChange, false, sets);
        VerifyJob.replay(session, folder, range, GivenRows.NONE, options, console);
      }
    }
    console.section("done", "no problems" + (range == null ? "" : ", the steps are the same"));
    return ExitCode.OK;
  }
}
