package dev.bellows.jobs.cli;

import dev.bellows.engine.kernel.KernelProvider;
import dev.bellows.engine.plan.BatchBuffers;
import dev.bellows.engine.plan.PlanDescription;
import dev.bellows.engine.plan.PlanOptions;
import dev.bellows.engine.plan.SliceTrainer;
import dev.bellows.engine.sample.Philox;
import dev.bellows.engine.tensor.Memory;
import dev.bellows.jobs.BellowsException;
import dev.bellows.jobs.ExitCode;
import dev.bellows.jobs.evaluate.StoredModel;
import java.io.PrintStream;
import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * {@code bellows bench model}: the training step of a stored model on this machine's kernels, call
 * by call, on made-up rows. No Spark, no exchange.
 */
@Command(
    name = "bench",
    description = "Times the training step of a stored model, kernel by kernel, on one thread.",
    sortOptions = false)
final class BenchCommand extends BellowsCommand {
  private static final int RUNS = 200;

  /** What can be timed. */
  enum Subject {
    model
  }

  @Parameters(
      index = "0",
      paramLabel = "NAME",
      description = "what to time: ${COMPLETION-CANDIDATES}")
  Subject subject = Subject.model;

  @Parameters(
      index = "1",
      paramLabel = "MODEL",
      description = "model folder, or the run folder that holds it: a path or a URI")
  String model = "";

  @Option(
      names = "--rows",
      paramLabel = "N",
      defaultValue = "32",
      description = "rows of a slice; default ${DEFAULT-VALUE}")
  int rows = 32;

  @Option(
      names = "--precision",
      paramLabel = "TYPE",
      defaultValue = "float32",
      description = "operands of products: float32 or bfloat16; default ${DEFAULT-VALUE}")
  String precision = "float32";

  @Override
  ExitCode run(ConsoleOutput console) {
    StoredModel stored = InspectCommand.open(model);
    PlanDescription plan = profile(stored, InspectCommand.checkRows(rows), options());
    PrintStream out = terminal().out();
    plan.toText().lines().forEach(out::println);
    out.flush();
    return ExitCode.OK;
  }

  private PlanOptions options() {
    return switch (precision.toLowerCase(Locale.ROOT)) {
      case "float32" -> PlanOptions.DEFAULT;
      case "bfloat16" -> PlanOptions.MIXED;
      default ->
          throw new BellowsException(
              ExitCode.USAGE,
              "--precision: expected float32 or bfloat16, found \"" + precision + '"');
    };
  }

  /** The plan of a step with the time of each call. */
  static PlanDescription profile(StoredModel stored, int rows, PlanOptions options) {
    try (SliceTrainer trainer =
        new SliceTrainer(
            stored.spec(),
            rows,
            KernelProvider.choose(KernelProvider.Preference.AUTO),
            0,
            options)) {
      trainer.setParameters(stored.parameters());
      BatchBuffers batch = trainer.batch();
      for (long i = 0; i < (long) rows * batch.numericWidth(); i++) {
        Memory.putFloat(batch.numeric() + 4 * i, Philox.uniform(0, i));
      }
      batch.setRows(rows);
      trainer.run(0, 0); // checks the rows and warms up
      return trainer.profile(RUNS, System::nanoTime);
    }
  }
}
