package dev.bellows.jobs.cli;

import dev.bellows.engine.model.FolderFiles;
import dev.bellows.jobs.BellowsException;
import dev.bellows.jobs.ExitCode;
import dev.bellows.jobs.Version;
import dev.bellows.jobs.config.Loaded;
import dev.bellows.jobs.config.RunConfig;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.apache.spark.sql.SparkSession;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Commands that use a stored model. */
abstract class ModelCommand extends BellowsCommand {
  private final String name;
  private final RunConfig.Kind kind;

  @Mixin ConfigOptions config = new ConfigOptions();
  @Mixin SparkOptions spark = new SparkOptions();

  @Option(
      names = "--model",
      paramLabel = "DIR",
      description = "stored model, a path or a URI; short for --set model_path=DIR")
  @Nullable String model;

  @Option(
      names = "--data",
      paramLabel = "PATH",
      description = "rows; short for --set data.input.path or data.test.path")
  @Nullable String data;

  @Option(
      names = {"--output", "--run-dir"},
      paramLabel = "DIR",
      description = "results, a path or a URI; short for --set output.dir=DIR")
  @Nullable String out;

  ModelCommand(String name, RunConfig.Kind kind) {
    this.name = name;
    this.kind = kind;
  }

  /** Whether a folder is there. */
  static boolean exists(FolderFiles folder) {
    try {
      return folder.isFolder("");
    } catch (IOException e) {
      throw new BellowsException(
          ExitCode.MODEL, "cannot look at " + folder + ": " + e.getMessage(), e);
    }
  }

  abstract ExitCode work(SparkSession session, RunConfig config, ConsoleOutput console)
      throws Exception;

  @Override
  final ExitCode run(ConsoleOutput console) throws Exception {
    SparkSessions.check(spark.master);
    List<String> sets = new ArrayList<>();
    if (model != null) {
      sets.add("model_path=" + ConfigOptions.quoted(model));
    }
    if (data != null) {
      String source = kind == RunConfig.Kind.EVALUATE ? "test" : "input";
      sets.add("data." + source + ".path=" + ConfigOptions.quoted(data));
    }
    if (out != null) {
      sets.add("output.dir=" + ConfigOptions.quoted(out));
    }
    Loaded loaded = config.load(terminal(), kind, sets);
    RunConfig run = loaded.config();
    FolderFiles folder = SparkSessions.storage().folder(Objects.requireNonNull(run.modelPath()));
    if (!exists(folder)) {
      throw new BellowsException(
          ExitCode.MODEL,
          "there is no model folder " + folder + " (model_path); train one, or give --model");
    }
    DataFiles.check(run.data());
    Banner.print(
        console,
        name,
        config.config,
        run.output().dir(),
        SparkSessions.master(spark.master),
        run.seed());
    try (SparkSession session =
        SparkSessions.open(
            spark.master,
            "bellows " + name + " " + Version.current(),
            console,
            terminal().environment(),
            output.verbose)) {
      return work(session, run, console);
    }
  }
}
