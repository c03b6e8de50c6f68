package dev.bellows.engine.bench;

import dev.bellows.engine.kernel.KernelProvider;
import dev.bellows.engine.plan.PlanOptions;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CyclicBarrier;

/**
 * Times whole training steps of {@link PeerModel}s, one thread. Arguments: what (step, slices,
 * tasks, plan), models (comma-separated, or all), products (float32, bfloat16), seconds per figure,
 * figures. Each prints rows of a Markdown table with medians; figures of what is compared are taken
 * in turn. A run whose loss does not fall fails.
 *
 * <ul>
 *   <li>step: samples/s
 *   <li>slices: batches of 128 rows undivided, in slices of 32 and in slices of 16
 *   <li>tasks: one thread alone, and two threads at once with networks of their own
 *   <li>plan: the calls of a step with their times
 * </ul>
 */
public final class StepBench {
  private static final int DIVIDED = 128;
  private static final int LEARN = 40;

  private final KernelProvider provider;
  private final PlanOptions options;
  private final double seconds;
  private final int figures;

  private StepBench(String[] args) {
    this.provider = KernelProvider.choose(KernelProvider.Preference.AUTO);
    this.options =
        argument(args, 2, "float32").equals("bfloat16") ? PlanOptions.MIXED : PlanOptions.DEFAULT;
    this.seconds = Double.parseDouble(argument(args, 3, "1"));
    this.figures = Integer.parseInt(argument(args, 4, "3"));
  }

  /** Prints the table. */
  public static void main(String[] args) throws Exception {
    String what = argument(args, 0, "step");
    String names = argument(args, 1, "all");
    List<PeerModel> models =
        names.equals("all")
            ? PeerModel.all()
            : Arrays.stream(names.split(",", -1)).map(PeerModel::named).toList();
    StepBench bench = new StepBench(args);
    Timing.print("kernels %s, JDK %s%n", bench.provider.id(), System.getProperty("java.version"));
    for (PeerModel model : models) {
      bench.learns(model);
      switch (what) {
        case "step" -> bench.step(model);
        case "slices" -> bench.slices(model);
        case "tasks" -> bench.tasks(model);
        case "plan" -> bench.plan(model);
        default -> throw new IllegalArgumentException("step, slices, tasks or plan, not " + what);
      }
    }
  }

  private static String argument(String[] args, int index, String otherwise) {
    return args.length > index ? args[index] : otherwise;
  }

  private StepRunner runner(PeerModel model, int rows, int sliceRows) {
    return new StepRunner(model, rows, sliceRows, provider, options);
  }

  /** What is timed must be training: the loss falls. */
  private void learns(PeerModel model) {
    try (StepRunner runner = runner(model, model.rows(), model.rows())) {
      double first = 0;
      double last = 0;
      for (int i = 0; i < LEARN; i++) {
        double loss = runner.step();
        first += i < 8 ? loss / 8 : 0;
        last += i >= LEARN - 8 ? loss / 8 : 0;
      }
      if (!(last < first)) {
        throw new IllegalStateException(model.name() + ": loss " + first + " to " + last);
      }
    }
  }

  private void step(PeerModel model) {
    try (StepRunner runner = runner(model, model.rows(), model.rows())) {
      double[] rates = new double[figures];
      for (int i = 0; i < figures; i++) {
        rates[i] = model.rows() * 1e9 / Timing.median(runner::step, seconds);
      }
      double rate = Timing.median(rates);
      Timing.print(
          "| %s | %s | %d rows | %.3f ms | %,.0f samples/s [%,.0f .. %,.0f] | %.1f GFLOP/s |%n",
          model.name(),
          options.products(),
          model.rows(),
          model.rows() * 1e3 / rate,
          rate,
          rates[0],
          rates[figures - 1],
          rate * runner.flopsPerRow() / 1e9);
    }
  }

  private void slices(PeerModel model) {
    int[] sizes = {DIVIDED, 32, 16};
    StepRunner[] runners = new StepRunner[sizes.length];
    double[][] rates = new double[sizes.length][figures];
    for (int s = 0; s < sizes.length; s++) {
      runners[s] = runner(model, DIVIDED, sizes[s]);
    }
    for (int i = 0; i < figures; i++) {
      for (int s = 0; s < sizes.length; s++) {
        rates[s][i] = DIVIDED * 1e9 / Timing.median(runners[s]::step, seconds);
      }
    }
    for (StepRunner runner : runners) {
      runner.close();
    }
    double whole = Timing.median(rates[0]);
    double half = Timing.median(rates[1]);
    double small = Timing.median(rates[2]);
    Timing.print(
        "| %s | %s | undivided %,.0f samples/s | slices of 32: %,.0f, %+.1f %% | of 16: %,.0f, %+.1f"
            + " %% |%n",
        model.name(),
        options.products(),
        whole,
        half,
        100 * (half / whole - 1),
        small,
        100 * (small / whole - 1));
  }

  private void tasks(PeerModel model) throws Exception {
    double[] alone = new double[figures];
    double[] both = new double[figures];
    for (int i = 0; i < figures; i++) {
      alone[i] = together(model, 1);
      both[i] = together(model, 2);
    }
    Timing.print(
        "| %s | %s | one task %,.0f samples/s | two %,.0f | %.2f |%n",
        model.name(),
        options.products(),
        Timing.median(alone),
        Timing.median(both),
        Timing.median(both) / Timing.median(alone));
  }

  /** Samples per second of all threads. */
  private double together(PeerModel model, int count) throws Exception {
    double[] rates = new double[count];
    Thread[] threads = new Thread[count];
    CyclicBarrier begin = new CyclicBarrier(count);
    for (int t = 0; t < count; t++) {
      int index = t;
      threads[t] =
          new Thread(
              () -> {
                try (StepRunner runner = runner(model, model.rows(), model.rows())) {
                  runner.step();
                  begin.await();
                  rates[index] = model.rows() * 1e9 / Timing.median(runner::step, seconds);
                } catch (Exception e) {
                  throw new IllegalStateException(e);
                }
              });
      threads[t].start();
    }
    for (Thread thread : threads) {
      thread.join();
    }
    return Arrays.stream(rates).sum();
  }

  private void plan(PeerModel model) {
    try (StepRunner runner = runner(model, model.rows(), model.rows())) {
      for (int i = 0; i < LEARN; i++) {
        runner.step();
      }
      Timing.print("%s%n", runner.profile().toText());
    }
  }
}
