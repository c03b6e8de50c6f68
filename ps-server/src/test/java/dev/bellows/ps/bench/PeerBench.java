package dev.bellows.ps.bench;

import dev.bellows.ps.transport.ShardHost;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * What a step costs beside computing, next to bare Netty: two executor processes push a vector each
 * and pull the next version, Adam runs where the sum completes. In every round each side runs once,
 * so that a busy machine is busy for all. Sides per number of parameters:
 *
 * <ul>
 *   <li>bare: as many bytes between the same processes with {@link BarePing},
 *   <li>driver: one shard, in this process,
 *   <li>executors: two shards, one in each executor process.
 * </ul>
 *
 * <p>Prints medians and the median of the rounds' ratios, and what was allocated per step in each
 * process; checks that all tasks of all sides end with the same bits. Arguments: {@code [rounds
 * [parameters ...]]}, or {@code steady} for the heaps of the executors over 100,000 steps.
 */
public final class PeerBench {
  private static final int WARM_UP_ROUNDS = 2;

  private PeerBench() {}

  /** Runs the benchmark. */
  public static void main(String[] args) throws Exception {
    if (args.length > 0 && args[0].equals("steady")) {
      steady();
      return;
    }
    int rounds = args.length > 0 ? Integer.parseInt(args[0]) : 7;
    int[] sizes =
        args.length > 1
            ? Arrays.stream(args).skip(1).mapToInt(Integer::parseInt).toArray()
            : new int[] {16_384, 1_048_576};
    try (PeerExecutors executors = new PeerExecutors();
        ShardHost host = PeerWorker.host()) {
      List<String> shards = executors.ask("host");
      System.out.println(
          "| parameters | codec | side | ms/step | least | most | of bare | allocated bytes/step: server,"
              + " executors |");
      System.out.println("|---|---|---|---|---|---|---|---|");
      for (int length : sizes) {
        compare(executors, length, rounds, "NONE", Integer.toString(host.port()), shards);
        compare(executors, length, rounds, "BF16", Integer.toString(host.port()), shards);
      }
    }
  }

  private static void compare(
      PeerExecutors executors,
      int length,
      int rounds,
      String codec,
      String driver,
      List<String> shards)
      throws IOException, InterruptedException {
    int steps = length <= 100_000 ? 1000 : 60;
    int bytes = length * (codec.equals("BF16") ? Short.BYTES : Float.BYTES);
    String suffix = "-" + codec + "-" + length;
    try (BarePing.Server bare = new BarePing.Server(bytes, PeerWorker.CLIENTS)) {
      Side floor = new Side("bare" + suffix, "bare Netty", steps);
      executors.ask("bare " + floor.name + " " + bare.port() + " " + bytes);
      Side one = new Side("driver" + suffix, "shard in the driver", steps);
      executors.join(one.name, length, codec, List.of(driver));
      Side two = new Side("executors" + suffix, "shards in the executors", steps);
      executors.join(two.name, length, codec, shards);
      List<Side> sides = List.of(floor, one, two);
      for (int round = -WARM_UP_ROUNDS; round < rounds; round++) {
        for (Side side : sides) {
          side.round(executors, round >= 0);
        }
      }
      for (Side side : sides) {
        side.report(length, codec, floor);
      }
      if (one.hash != two.hash) {
        throw new IllegalStateException("the bits differ between placements");
      }
    }
  }

  private static void steady() throws IOException {
    int batch = 10_000;
    try (PeerExecutors executors = new PeerExecutors()) {
      executors.join("steady", 4096, "NONE", executors.ask("host"));
      System.out.println("| steps | allocated bytes/step | heap in use after a collection, kB |");
      System.out.println("|---|---|---|");
      for (int steps = batch; steps <= 110_000; steps += batch) {
        List<String> answers = executors.ask("steps steady " + batch);
        List<String> heaps = executors.ask("heap");
        StringBuilder row = new StringBuilder("| " + steps + " | ");
        for (String answer : answers) {
          row.append(Long.parseLong(answer.split(" ")[1]) / batch).append(' ');
        }
        row.append("| ");
        for (String heap : heaps) {
          row.append(Long.parseLong(heap.split(" ")[0]) / 1000).append(' ');
        }
        System.out.println(row.append('|'));
      }
      System.out.println("collections beside ours: " + executors.ask("heap"));
    }
  }

  /** One side and its measured rounds. */
  private static final class Side {
    private final String name;
    private final String title;
    private final int steps;
    private final List<Double> ms = new ArrayList<>();
    private long serverBytes = Long.MAX_VALUE;
    private long executorBytes = Long.MAX_VALUE;
    private int hash;

    Side(String name, String title, int steps) {
      this.name = name;
      this.title = title;
      this.steps = steps;
    }

    void round(PeerExecutors executors, boolean measured) throws IOException {
      long before = PeerWorker.allocatedBytes();
      List<String> answers = executors.ask("steps " + name + " " + steps);
      serverBytes = Math.min(serverBytes, PeerWorker.allocatedBytes() - before);
      double slower = 0;
      long bytes = 0;
      hash = Integer.parseInt(answers.get(0).split(" ")[2]);
      for (String answer : answers) {
        String[] fields = answer.split(" ");
        slower = Math.max(slower, Double.parseDouble(fields[0]));
        bytes = Math.max(bytes, Long.parseLong(fields[1]));
        if (Integer.parseInt(fields[2]) != hash) {
          throw new IllegalStateException("the executors end with different bits");
        }
      }
      executorBytes = Math.min(executorBytes, bytes);
      if (measured) {
        ms.add(slower);
      }
    }

    void report(int length, String codec, Side floor) {
      List<Double> ratios = new ArrayList<>();
      for (int i = 0; i < ms.size(); i++) {
        ratios.add(floor.ms.get(i) / ms.get(i));
      }
      System.out.println(
          String.format(
              Locale.ROOT,
              "| %,d | %s | %s | %.3f | %.3f | %.3f | %.0f %% | %.0f, %.0f |",
              length,
              codec,
              title,
              median(ms),
              ms.stream().min(Double::compare).orElse(0.0),
              ms.stream().max(Double::compare).orElse(0.0),
              100 * median(ratios),
              serverBytes / (double) steps,
              executorBytes / (double) steps));
    }

    private static double median(List<Double> values) {
      return values.stream().sorted().toList().get(values.size() / 2);
    }
  }
}
