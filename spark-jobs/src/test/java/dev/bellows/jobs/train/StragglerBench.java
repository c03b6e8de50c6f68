package dev.bellows.jobs.train;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Time to the same loss on two executor processes when one of them is slow all the time, and when
 * steps of either are slow now and then: bsp, ssp(4), async, and bsp with rebalance. For {@code
 * benchmarks/stragglers.md}.
 *
 * <p>Arguments: configuration, most epochs, an empty work folder, further settings; the data is
 * found through {@code BELLOWS_DATA}. The loss is that of the calm bsp run after its second epoch;
 * the time is that from the first epoch's start to the end of the epoch that reaches it.
 */
public final class StragglerBench {
  private static final String CLUSTER = "local-cluster[2,1,1024]";
  private static final int HICCUPS_EVERY = 5;
  private static final int HICCUP_MS = 30;
  private static final int TARGET_EPOCH = 2;

  private record Run(String name, String mode, String trouble) {}

  private StragglerBench() {}

  /** Starts the runs. */
  public static void main(String[] args) throws Exception {
    Path work = Files.createDirectories(Path.of(args[2])).toAbsolutePath();
    Path config = BenchConfig.absolute(args[0], work);
    Path runs = work.resolve("runs");
    StringBuilder more = new StringBuilder("trainer.epochs=" + args[1]);
    for (int i = 3; i < args.length; i++) {
      more.append(' ').append(args[i]);
    }
    List<Run> all = new ArrayList<>();
    for (String trouble : List.of("none", "slow", "hiccups")) {
      for (String mode : List.of("bsp", "ssp(4)", "async", "rebalance")) {
        all.add(new Run(trouble + "-" + mode.replaceAll("\\W", ""), mode, trouble));
      }
    }
    List<String> script = new ArrayList<>();
    for (Run run : all) {
      String how =
          run.mode().equals("rebalance")
              ? "distributed.rebalance=true"
              : "distributed.consistency=" + run.mode();
      script.add(
          "%s | %s | %s | %s %s | %s"
              .formatted(run.name(), CLUSTER, config, more, how, trouble(run, work)));
    }
    try (DriverProcess driver = DriverProcess.start(work.resolve("driver"), runs, script)) {
      driver.await(1500);
      driver.results(all.stream().map(Run::name).toList());
    }
    double target = epochs(runs, "none-bsp").get(TARGET_EPOCH - 1)[1];
    System.out.printf(Locale.ROOT, "training loss to reach: %.4f%n", target);
    System.out.println("| trouble | mode | to the loss, s | epochs | s per epoch |");
    System.out.println("|---|---|---:|---:|---:|");
    for (Run run : all) {
      print(run, epochs(runs, run.name()), target);
    }
  }

  private static String trouble(Run run, Path work) {
    if (run.trouble().equals("slow")) {
      return "task.compute:-1:slow=20:" + work.resolve(run.name() + ".slow");
    }
    if (run.trouble().equals("none")) {
      return "";
    }
    StringBuilder text = new StringBuilder();
    for (int step = HICCUPS_EVERY; step < 1000; step += HICCUPS_EVERY) {
      text.append("task.step:").append(step).append(":sleep=").append(HICCUP_MS).append(':');
      text.append(work.resolve(run.name() + "." + step)).append(';');
    }
    return text.toString();
  }

  /** Seconds and loss of each epoch. */
  private static List<double[]> epochs(Path runs, String run) throws IOException {
    List<double[]> all = new ArrayList<>();
    for (Map<String, Object> epoch : RunEvents.of(runs.resolve(run), "epoch")) {
      all.add(
          new double[] {
            ((Number) epoch.get("seconds")).doubleValue(),
            ((Number) epoch.get("loss")).doubleValue()
          });
    }
    return all;
  }

  private static void print(Run run, List<double[]> epochs, double target) {
    double seconds = 0;
    double all = 0;
    int needed = 0;
    for (double[] epoch : epochs) {
      all += epoch[0];
      if (needed == 0 || epochs.get(needed - 1)[1] > target) {
        needed++;
        seconds += epoch[0];
      }
    }
    boolean reached = epochs.get(needed - 1)[1] <= target;
    System.out.printf(
        Locale.ROOT,
        "| %s | %s | %s | %s | %.2f |%n",
        run.trouble(),
        run.mode(),
        reached ? String.format(Locale.ROOT, "%.1f", seconds) : "not reached",
        reached ? needed : "> " + needed,
        all / epochs.size());
  }
}
