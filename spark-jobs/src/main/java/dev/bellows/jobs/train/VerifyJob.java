package dev.bellows.jobs.train;

import dev.bellows.engine.model.FolderFiles;
import dev.bellows.jobs.BellowsException;
import dev.bellows.jobs.Console;
import dev.bellows.jobs.ExitCode;
import dev.bellows.jobs.block.GivenRows;
import java.util.List;
import org.apache.spark.sql.SparkSession;

/**
 * Finds out whether a run folder holds what its run wrote, and whether its steps give the same
 * numbers again. The folder may have moved since, to any file system, and is only read.
 */
public final class VerifyJob {
  private VerifyJob() {}

  /**
   * Compares model, checkpoints and ledger with their checksums; needs no Spark.
   *
   * @throws BellowsException exit 8 naming every damaged file; exit 2 when there is no run
   */
  public static void check(FolderFiles files, Console console) {
    checked(files, console);
  }

  /**
   * As {@link #check}, and takes some steps again: same data, configuration and kernels, on
   * whatever cluster the session has.
   *
   * @param range the steps
   * @param given the data frames that the run was started on
   * @param options keys that may differ from the run's, and their values, e.g. where the data lies
   *     now
   * @throws BellowsException exit 8 naming every damaged file, or the first step and the first
   *     number that differ; exit 2, 3 or 4 when the steps can't be taken again
   */
  public static void replay(
      SparkSession session,
      FolderFiles files,
      StepRange range,
      GivenRows given,
      ResumeOptions options,
      Console console) {
    RunCheck check = checked(files, console);
    try {
      String difference =
          new Replay(session, files, given, options, console).run(range, check.lines());
      if (difference != null) {
        throw new BellowsException(ExitCode.MODEL, difference);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new BellowsException(ExitCode.INTERRUPTED, "the replay was interrupted", e);
    }
  }

  private static RunCheck checked(FolderFiles files, Console console) {
    RunCheck check = RunCheck.of(files);
    console.section("verify", files.root() + "  " + String.join(", ", check.facts()));
    List<String> problems = check.problems();
    if (!problems.isEmpty()) {
      throw new BellowsException(
          ExitCode.MODEL,
          files.root()
              + ": "
              + problems.size()
              + (problems.size() == 1 ? " problem" : " problems")
              + System.lineSeparator()
              + "  "
              + String.join(System.lineSeparator() + "  ", problems));
    }
    return check;
  }
}
