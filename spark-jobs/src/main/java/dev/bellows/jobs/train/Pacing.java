package dev.bellows.jobs.train;

import dev.bellows.jobs.Console;
import dev.bellows.jobs.cluster.Paces;
import dev.bellows.jobs.run.RunFolder;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.apache.spark.api.java.JavaSparkContext;
import org.jspecify.annotations.Nullable;

/**
 * What the driver makes of the pace of a run's tasks: it names stragglers (in the progress line,
 * once as a warning and an event, and in Spark's own page), and deals slices by it. Used by the
 * training thread.
 */
final class Pacing implements AutoCloseable {
  private final String run;
  private final Setup setup;
  private final JavaSparkContext spark;
  private final RunFolder folder;
  private final Console console;
  private final Balance balance;
  private final Set<String> named = new HashSet<>();
  private String remark = "";

  Pacing(String run, Setup setup, JavaSparkContext spark, RunFolder folder, Console console) {
    this.run = run;
    this.setup = setup;
    this.spark = spark;
    this.folder = folder;
    this.console = console;
    this.balance = new Balance(setup.partitions(), setup.slices());
    Paces.expect(run);
  }

  /**
   * Takes what the tasks said.
   *
   * @param seats task slots that there are
   * @param step the first step that is not finished
   * @return whether it pays to deal the slices anew
   */
  boolean pays(List<Balance.Seat> seats, long step) {
    balance.observe(Paces.take(run));
    name(balance.straggler(), step);
    long left = setup.segments().totalSteps() - step;
    return setup.rebalances() && balance.pays(seats, left, System.nanoTime());
  }

  /** Deals slices to slots. */
  Balance.Deal deal(List<Balance.Seat> seats) {
    balance.observe(Paces.take(run));
    return balance.deal(seats);
  }

  /** Tasks start anew. */
  void dealt() {
    balance.dealt(System.nanoTime());
  }

  /** Who is slow; empty when nobody is. */
  String remark() {
    return remark;
  }

  private void name(Balance.@Nullable Straggler slow, long step) {
    remark =
        slow == null
            ? ""
            : String.format(
                Locale.ROOT,
                "executor %s %.0fx slower%s",
                slow.executorId(),
                slow.factor(),
                slow.idle() ? ", idle" : "");
    if (slow == null || !named.add(slow.executorId())) {
      return;
    }
    String what =
        String.format(
            Locale.ROOT,
            "step %d: executor %s computes a slice %.1fx slower than the others",
            step,
            slow.executorId(),
            slow.factor());
    folder.event(
        "straggler", Map.of("step", step, "executor", slow.executorId(), "factor", slow.factor()));
    console.warn(
        what
            + (setup.rebalances()
                ? "; its slices move where that pays"
                : "; distributed.rebalance: true moves its slices"));
    spark.setJobDescription("bellows: straggler at " + what);
    try {
      spark.emptyRDD().collect(); // a job without tasks: a line in Spark's own page, at no cost
    } finally {
      spark.setJobDescription(null);
    }
  }

  @Override
  public void close() {
    Paces.forget(run);
  }
}
