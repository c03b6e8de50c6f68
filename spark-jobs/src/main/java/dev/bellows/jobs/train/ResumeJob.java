package dev.bellows.jobs.train;

import dev.bellows.engine.model.FolderFiles;
import dev.bellows.engine.model.NioFiles;
import dev.bellows.jobs.BellowsException;
import dev.bellows.jobs.Console;
import dev.bellows.jobs.ExitCode;
import dev.bellows.jobs.block.GivenRows;
import dev.bellows.jobs.config.ConfigLoader;
import dev.bellows.jobs.config.RunConfig;
import dev.bellows.jobs.run.RunFolder;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import org.apache.spark.sql.SparkSession;

/**
 * Goes on with a run that was stopped, failed or killed, on any cluster: the final bytes are those
 * of an undisturbed run.
 */
public final class ResumeJob {
  private ResumeJob() {}

  /**
   * Goes on with the run in a folder with the configuration that it holds.
   *
   * @throws dev.bellows.jobs.BellowsException exit 2 when there is no run or it is held by another
   *     process; 3 or 4 when configuration, kernels, version or data changed since its checkpoint
   */
  public static TrainOutcome run(
      SparkSession session, Path runDir, ResumeOptions options, Console console) {
    return run(session, new NioFiles(runDir), options, console);
  }

  /** The same on any file system, see {@link dev.bellows.jobs.run.Storage}. */
  public static TrainOutcome run(
      SparkSession session, FolderFiles files, ResumeOptions options, Console console) {
    RunFolder folder =
        RunFolder.open(
            files, options.takeover(), List.of("resume", files.root()), Clock.systemUTC());
    return run(session, folder, options, console);
  }

  /** The same for a folder that is open already. */
  public static TrainOutcome run(
      SparkSession session, RunFolder folder, ResumeOptions options, Console console) {
    return run(session, folder, GivenRows.NONE, options, console, StopRequest::requested);
  }

  /**
   * The same with the data frames that the run was started on.
   *
   * @param stop asked several times a second whether to stop
   */
  public static TrainOutcome run(
      SparkSession session,
      RunFolder folder,
      GivenRows given,
      ResumeOptions options,
      Console console,
      StopRequest.Source stop) {
    RunConfig config;
    try {
      GivenMark.requireSame(folder, given);
      config =
          given.equals(GivenRows.NONE)
              ? ConfigLoader.parse(folder.resolvedYaml(), options.sets()).config()
              : ConfigLoader.parseForRows(folder.resolvedYaml(), options.sets(), null).config();
    } catch (RuntimeException e) {
      folder.failed(
          e instanceof BellowsException b ? b.exitCode() : ExitCode.INTERNAL,
          String.valueOf(e.getMessage()));
      folder.close();
      throw e;
    }
    return TrainJob.run(session, config, given, folder, console, options.allowChange(), stop);
  }
}
