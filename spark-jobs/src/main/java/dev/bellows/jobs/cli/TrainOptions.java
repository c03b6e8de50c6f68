package dev.bellows.jobs.cli;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Flags of commands that write a run folder. Most are short for a key of the configuration. */
final class TrainOptions {
  @Option(
      names = "--run-dir",
      paramLabel = "DIR",
      description = "run folder, a path or a URI; short for --set output.dir=DIR")
  @Nullable String runDir;

  @Option(names = "--name", paramLabel = "NAME", description = "run folder runs/NAME")
  @Nullable String name;

  @Option(
      names = "--dry-run",
      description = "read, check and plan; train nothing and write nothing")
  boolean dryRun;

  @Option(
      names = "--max-time",
      paramLabel = "TIME",
      description = "stop with a checkpoint after e.g. 30m")
  @Nullable String maxTime;

  @Option(
      names = "--fast-dev-run",
      paramLabel = "N",
      description = "train N steps only, to see that all works")
  @Nullable Integer fastDevRun;

  @Option(
      names = "--overfit-batches",
      paramLabel = "N",
      description = "train and validate on N batches only")
  @Nullable Integer overfitBatches;

  /** The flags as assignments. */
  List<String> shortcuts() {
    List<String> sets = new ArrayList<>();
    if (name != null) {
      sets.add("output.dir=" + ConfigOptions.quoted("runs/" + name));
    }
    if (runDir != null) {
      sets.add("output.dir=" + ConfigOptions.quoted(runDir));
    }
    if (maxTime != null) {
      sets.add("trainer.max_time=" + maxTime);
    }
    if (fastDevRun != null) {
      sets.add("trainer.fast_dev_run=" + fastDevRun);
    }
    if (overfitBatches != null) {
      sets.add("trainer.overfit_batches=" + overfitBatches);
    }
    return sets;
  }
}
