package dev.bellows.jobs.cli;

import dev.bellows.engine.model.FolderFiles;
import dev.bellows.jobs.ExitCode;
import dev.bellows.jobs.Version;
import dev.bellows.jobs.config.Loaded;
import dev.bellows.jobs.config.RunConfig;
import dev.bellows.jobs.run.RunFolder;
import dev.bellows.jobs.train.StopRequest;
import dev.bellows.jobs.train.TrainJob;
import dev.bellows.jobs.train.TrainOutcome;
import java.time.Clock;
import java.util.List;
import org.apache.spark.SparkConf;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Commands that train into a run folder. */
abstract class FolderCommand extends BellowsCommand {
  /** What an unfinished run in the run folder means. */
  enum Resume {
    AUTO,
    NEVER
  }

  @Mixin ConfigOptions config = new ConfigOptions();
  @Mixin TrainOptions options = new TrainOptions();
  @Mixin SparkOptions spark = new SparkOptions();

  @Option(
      names = "--resume",
      paramLabel = "WHEN",
      defaultValue = "AUTO",
      description =
          "auto: continue an unfinished run of the same configuration in the run folder; never: refuse it")
  Resume resume = Resume.AUTO;

  @Option(names = "--takeover", description = "fence off another process that holds the run folder")
  boolean takeover;

  private final String name;

  FolderCommand(String name) {
    this.name = name;
  }

  /** Assignments that the command's own flags mean. */
  List<String> shortcuts() {
    return options.shortcuts();
  }

  /** Says what the command would take, without training; false when the data must be read first. */
  abstract boolean forecast(RunConfig config, SparkConf conf, ConsoleOutput console);

  /** The same with the data. */
  abstract void plan(SparkSession session, RunConfig config, ConsoleOutput console);

  /** The command's work; closes the folder. */
  abstract TrainOutcome work(
      SparkSession session, RunConfig config, RunFolder folder, ConsoleOutput console);

  @Override
  ExitCode run(ConsoleOutput console) throws Exception {
    SparkSessions.check(spark.master);
    Loaded loaded = config.load(terminal(), RunConfig.Kind.TRAIN, shortcuts());
    DataFiles.check(loaded.config().data());
    String target = options.dryRun ? "dry run" : loaded.config().output().dir();
    Banner.print(
        console,
        name,
        config.config,
        target,
        SparkSessions.master(spark.master),
        loaded.config().seed());
    if (options.dryRun) {
      return dryRun(loaded.config(), console);
    }
    TrainJob.refuseImpossible(loaded.config(), SparkSessions.settings(spark.master));
    FolderFiles dir = SparkSessions.storage().folder(loaded.config().output().dir());
    RunFolder.Options folderOptions =
        new RunFolder.Options(
            loaded.originalYaml(),
            loaded.resolvedYaml(),
            main.commandLine(),
            resume == Resume.AUTO,
            takeover,
            Clock.systemUTC());
    try (RunFolder folder = RunFolder.create(dir, folderOptions)) {
      StopRequest.install();
      try (SparkSession session = open(console)) {
        TrainOutcome outcome = work(session, loaded.config(), folder, console);
        console.progressDone();
        console.section("done", outcome.message());
        return outcome.exitCode();
      } catch (Exception | OutOfMemoryError e) {
        folder.failed(Failures.exitCode(e), String.valueOf(e.getMessage()));
        throw e;
      }
    }
  }

  private ExitCode dryRun(RunConfig config, ConsoleOutput console) throws Exception {
    if (forecast(config, SparkSessions.settings(spark.master), console)) {
      console.section("done", "dry run: nothing was started, nothing was written");
      return ExitCode.OK;
    }
    try (SparkSession session = open(console)) {
      plan(session, config, console);
      console.section("done", "dry run: nothing was trained, nothing was written");
      return ExitCode.OK;
    }
  }

  private SparkSession open(ConsoleOutput console) {
    return SparkSessions.open(
        spark.master,
        "bellows " + name + " " + Version.current(),
        console,
        terminal().environment(),
        output.verbose);
  }
}
