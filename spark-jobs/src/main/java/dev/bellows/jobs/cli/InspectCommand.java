package dev.bellows.jobs.cli;

import dev.bellows.engine.kernel.KernelProvider;
import dev.bellows.engine.model.FolderFiles;
import dev.bellows.engine.model.Provenance;
import dev.bellows.engine.nn.InputSpec;
import dev.bellows.engine.nn.Network;
import dev.bellows.engine.plan.PlanOptions;
import dev.bellows.engine.plan.SliceTrainer;
import dev.bellows.jobs.BellowsException;
import dev.bellows.jobs.ExitCode;
import dev.bellows.jobs.evaluate.StoredModel;
import java.io.PrintStream;
import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code bellows inspect}. */
@Command(
    name = "inspect",
    description = "Shows a stored model: layers, sizes, where it comes from.",
    sortOptions = false)
final class InspectCommand extends BellowsCommand {
  private static final int MAX_ROWS = 1 << 20;

  @Parameters(
      paramLabel = "MODEL",
      description = "model folder, or the run folder that holds it: a path or a URI")
  String model = "";

  @Option(names = "--plan", description = "also the kernel calls of one training step")
  boolean plan;

  @Option(
      names = "--rows",
      paramLabel = "N",
      defaultValue = "16",
      description = "rows of a slice in --plan; default ${DEFAULT-VALUE}")
  int rows = 16;

  @Option(names = "--profile", description = "--plan with the time of each call, on made-up rows")
  boolean profile;

  /** Opens a model folder or the one in a run folder. */
  static StoredModel open(String model) {
    FolderFiles given = SparkSessions.storage().folder(model);
    FolderFiles folder = ModelCommand.exists(given.below("model")) ? given.below("model") : given;
    if (!ModelCommand.exists(folder)) {
      throw new BellowsException(ExitCode.MODEL, "there is no model folder " + folder);
    }
    return StoredModel.open(folder);
  }

  /** Refuses what can't be the rows of a slice. */
  static int checkRows(int rows) {
    if (rows < 1 || rows > MAX_ROWS) {
      throw new BellowsException(
          ExitCode.USAGE, "--rows: expected 1.." + MAX_ROWS + ", found " + rows);
    }
    return rows;
  }

  @Override
  ExitCode run(ConsoleOutput console) {
    checkRows(rows);
    StoredModel stored = open(model);
    PrintStream out = terminal().out();
    InputSpec input = stored.spec().input();
    Provenance from = stored.folder().provenance();
    line(out, "model", model + "  " + stored.folder().task());
    line(out, "weights", "sha256 " + stored.folder().weightsSha256());
    line(
        out,
        "input",
        String.format(
            Locale.ROOT,
            "%,d numeric, %,d categories, %,d sparse",
            input.numeric(),
            input.categorical().size(),
            input.sparseWidth()));
    line(out, "made by", "bellows " + from.versions() + "  kernels " + from.kernels());
    line(out, "from", "seed " + from.seed() + "  data " + from.dataFingerprint());
    line(out, "", "config sha256 " + from.configSha256());
    Network.summary(stored.spec()).lines().forEach(text -> out.println(ConsoleOutput.clean(text)));
    if (profile) {
      BenchCommand.profile(stored, rows, PlanOptions.DEFAULT)
          .toText()
          .lines()
          .forEach(out::println);
    } else if (plan) {
      try (SliceTrainer trainer =
          new SliceTrainer(
              stored.spec(), rows, KernelProvider.choose(KernelProvider.Preference.AUTO), 0)) {
        trainer.batch().setRows(rows);
        trainer.describe().toText().lines().forEach(out::println);
      }
    }
    out.flush();
    return ExitCode.OK;
  }

  private static void line(PrintStream out, String head, String text) {
    out.println(head + " ".repeat(Math.max(1, 9 - head.length())) + ConsoleOutput.clean(text));
  }
}
