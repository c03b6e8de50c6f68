package dev.bellows.jobs.train;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What a loss costs: a training on two executor processes loses an executor, a shard, an executor
 * that is decommissioned, one that stands still, and its driver. For {@code
 * benchmarks/recovery.md}.
 *
 * <p>Arguments: configuration, epochs, step of the loss, an empty work folder; the data is found
 * through {@code BELLOWS_DATA}. Prints a row for each fault: from the fault to the end of the first
 * step that was not finished before, steps taken again, and whether the bytes are those of the calm
 * run.
 */
public final class RecoveryBench {
  private static final String CLUSTER = "local-cluster[2,1,1024]";
  private static final String SHARDS = "distributed.shards=2";

  private RecoveryBench() {}

  /** Starts the runs. */
  public static void main(String[] args) throws Exception {
    Path work = Files.createDirectories(Path.of(args[3])).toAbsolutePath();
    Path config = BenchConfig.absolute(args[0], work);
    String epochs = "trainer.epochs=" + args[1];
    long at = Long.parseLong(args[2]);
    Path runs = work.resolve("runs");
    List<String> script = new ArrayList<>();
    add(script, "calm", config, epochs, "", "");
    String kill = "task.step:" + at + ":kill:";
    add(script, "executor", config, epochs + " distributed.placement=driver", kill, work);
    add(script, "shard", config, epochs + " " + SHARDS, kill, work);
    add(script, "bare", config, epochs + " " + SHARDS + " distributed.replicas=0", kill, work);
    String stop = "task.push:" + at + ":stop:";
    add(script, "paused", config, epochs + " " + SHARDS + " distributed.deadline=6s", stop, work);
    add(script, "left", config, epochs + " " + SHARDS, "", at + "=decommission");
    List<String> alone = new ArrayList<>();
    add(alone, "driver", config, epochs, "", "");
    System.out.println("| fault | to the next new step, s | steps taken again | equal bytes |");
    System.out.println("|---|---:|---:|---|");
    try (DriverProcess driver = DriverProcess.start(work.resolve("a"), runs, script)) {
      Path paused = work.resolve("paused.at");
      for (int i = 0; i < 12_000 && !driver.log().contains("no sign of life"); i++) {
        Thread.sleep(50);
      }
      ClusterScript.signal("-CONT", Long.parseLong(Files.readString(paused)));
      driver.await(600);
      Map<String, String> sums =
          driver.results(List.of("calm", "executor", "shard", "bare", "paused", "left"));
      for (String run : List.of("executor", "shard", "bare", "paused")) {
        row(runs, run, Files.getLastModifiedTime(work.resolve(run + ".at")).toInstant(), sums);
      }
      row(runs, "left", Instant.parse(event(runs, "left", "hand_off", "time")), sums);
      resume(work, runs, alone, at, sums.get("calm"));
    }
  }

  private static void add(
      List<String> script, String name, Path config, String sets, String fail, Path work) {
    add(script, name, config, sets, fail + work.resolve(name + ".at"), "");
  }

  private static void add(
      List<String> script, String name, Path config, String sets, String fail, String actions) {
    script.add(
        "%s | %s | %s | %s | %s | | %s".formatted(name, CLUSTER, config, sets, fail, actions));
  }

  private static void row(Path runs, String run, Instant fault, Map<String, String> sums)
      throws IOException {
    Instant recovered = Instant.parse(event(runs, run, "recovered", "time"));
    List<Map<String, Object>> back = RunEvents.of(runs.resolve(run), "roll_back");
    long again = back.isEmpty() ? 1 : (Long) back.get(0).get("from") - (Long) back.get(0).get("to");
    print(run, recovered.toEpochMilli() - fault.toEpochMilli(), again, sums.get(run), sums);
  }

  private static void print(String run, long ms, long again, String sum, Map<String, String> sums) {
    System.out.printf(
        Locale.ROOT,
        "| %s | %.2f | %d | %s |%n",
        run,
        ms / 1e3,
        again,
        String.valueOf(sum).equals(sums.get("calm")) ? "yes" : "NO");
  }

  private static String event(Path runs, String run, String kind, String key) throws IOException {
    List<Map<String, Object>> all = RunEvents.of(runs.resolve(run), kind);
    if (all.isEmpty()) {
      throw new IllegalStateException("run " + run + " has no event " + kind);
    }
    return String.valueOf(all.get(0).get(key));
  }

  /** The driver is killed, another process goes on with its run. */
  private static void resume(Path work, Path runs, List<String> script, long at, String calm)
      throws Exception {
    Path ledger = runs.resolve("driver/steps.ledger");
    long fault;
    try (DriverProcess driver = DriverProcess.start(work.resolve("b"), runs, script)) {
      while (reached(ledger) < at) {
        Thread.sleep(20);
      }
      fault = System.currentTimeMillis();
      driver.process().destroyForcibly().waitFor();
    }
    long reached = reached(ledger);
    try (DriverProcess driver = DriverProcess.start(work.resolve("c"), runs, script)) {
      driver.await(300);
      String first =
          driver.log().lines().filter(l -> l.startsWith("FIRST ")).findFirst().orElseThrow();
      long from = Long.parseLong(event(runs, "driver", "resume", "step"));
      print(
          "driver, resumed",
          Long.parseLong(first.split(" ")[2]) - fault,
          reached + 1 - from,
          driver.results(List.of("driver")).get("driver"),
          Map.of("calm", calm));
    }
  }

  /** The last step of a ledger, -1 without one. */
  private static long reached(Path ledger) throws IOException {
    List<String> lines = Files.exists(ledger) ? Files.readAllLines(ledger) : List.of();
    return lines.size() < 2 ? -1 : LedgerLine.parse(lines.get(lines.size() - 1)).step();
  }
}
