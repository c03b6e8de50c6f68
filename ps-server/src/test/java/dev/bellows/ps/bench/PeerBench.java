package dev.bellows.ps.bench;

import dev.bellows.engine.optim.NanPolicy;
import dev.bellows.engine.optim.OptimizerSpec;
import dev.bellows.engine.optim.ScheduleSpec;
import dev.bellows.engine.optim.UpdateSpec;
import dev.bellows.ps.client.ClientOptions;
import dev.bellows.ps.client.Connector;
import dev.bellows.ps.client.PsControl;
import dev.bellows.ps.client.RunPlan;
import dev.bellows.ps.client.ShardAddress;
import dev.bellows.ps.shard.ShardMap;
import dev.bellows.ps.transport.ConnectorOptions;
import dev.bellows.ps.transport.NettyConnector;
import dev.bellows.ps.transport.Secret;
import dev.bellows.ps.transport.ShardHost;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
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
 *   <li>bare: the same bytes between the same processes with {@link BarePing},
 *   <li>driver: one shard, in this process,
 *   <li>executors: two shards, one in each executor process.
 * </ul>
 *
 * <p>Prints medians and the median of the rounds' ratios, and what was allocated per step in each
 * process; checks that all tasks of all sides end with the same bits. Arguments: {@code [rounds
 * [parameters ...]]}.
 */
public final class PeerBench {
  private static final int WARM_UP_ROUNDS = 2;

  private PeerBench() {}

  /** Runs the benchmark. */
  public static void main(String[] args) throws Exception {
    int rounds = args.length > 0 ? Integer.parseInt(args[0]) : 7;
    int[] sizes =
        args.length > 1
            ? Arrays.stream(args).skip(1).mapToInt(Integer::parseInt).toArray()
            : new int[] {16_384, 1_048_576};
    try (Executors executors = new Executors();
        ShardHost host = PeerWorker.host()) {
      List<String> shards = executors.ask("host");
      System.out.println(
          "| parameters | side | ms/step | least | most | of bare | allocated bytes/step: server,"
              + " executors |");
      System.out.println("|---|---|---|---|---|---|---|");
      for (int length : sizes) {
        int steps = length <= 100_000 ? 1000 : 60;
        try (BarePing.Server bare = new BarePing.Server(length * Float.BYTES, PeerWorker.CLIENTS)) {
          Side floor = new Side("bare-" + length, "bare Netty", steps);
          executors.ask("bare " + floor.name + " " + bare.port() + " " + length * Float.BYTES);
          Side one = new Side("driver-" + length, "shard in the driver", steps);
          join(executors, one.name, length, List.of(Integer.toString(host.port())));
          Side two = new Side("executors-" + length, "shards in the executors", steps);
          join(executors, two.name, length, shards);
          compare(executors, List.of(floor, one, two), rounds);
          for (Side side : List.of(floor, one, two)) {
            side.report(length, floor);
          }
          if (one.hash != two.hash) {
            throw new IllegalStateException("the bits differ between placements");
          }
        }
      }
    }
  }

  private static void compare(Executors executors, List<Side> sides, int rounds)
      throws IOException {
    for (int round = -WARM_UP_ROUNDS; round < rounds; round++) {
      for (Side side : sides) {
        side.round(executors, round >= 0);
      }
    }
  }

  private static void join(Executors executors, String run, int length, List<String> ports)
      throws IOException {
    List<ShardAddress> addresses = new ArrayList<>();
    for (String port : ports) {
      addresses.add(new ShardAddress("127.0.0.1", Integer.parseInt(port)));
    }
    try (Connector connector =
            new NettyConnector(ConnectorOptions.of(Secret.of(PeerWorker.SECRET), "bench"));
        PsControl control =
            PsControl.open(
                ClientOptions.of(run, 1, ShardMap.of(length, ports.size()), addresses),
                connector)) {
      byte[] spec =
          new UpdateSpec(
                  OptimizerSpec.of(OptimizerSpec.Kind.ADAM, 0.001),
                  ScheduleSpec.constant(),
                  0,
                  0,
                  0,
                  0,
                  NanPolicy.STOP,
                  List.of(UpdateSpec.Range.trainable(0, length, true)))
              .encode();
      control.create(new RunPlan(spec, PeerWorker.CLIENTS, 1 << 30, 1 << 30, 1024, 0));
      float[] initial = new float[length];
      for (int i = 0; i < length; i++) {
        initial[i] = (i % 1000 - 500) * 1e-3f;
      }
      control.put(0, initial);
      control.seal(0);
    }
    executors.askEach(
        client -> "task " + run + " " + length + " " + client + " " + String.join(" ", ports));
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

    void round(Executors executors, boolean measured) throws IOException {
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

    void report(int length, Side floor) {
      List<Double> ratios = new ArrayList<>();
      for (int i = 0; i < ms.size(); i++) {
        ratios.add(floor.ms.get(i) / ms.get(i));
      }
      System.out.println(
          String.format(
              Locale.ROOT,
              "| %,d | %s | %.3f | %.3f | %.3f | %.0f %% | %.0f, %.0f |",
              length,
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

  /** Two worker processes; both get a line before either's answer is read. */
  private static final class Executors implements AutoCloseable {
    private final List<Process> processes = new ArrayList<>();
    private final List<PrintStream> inputs = new ArrayList<>();
    private final List<BufferedReader> outputs = new ArrayList<>();

    Executors() throws IOException {
      for (int c = 0; c < PeerWorker.CLIENTS; c++) {
        Process process =
            new ProcessBuilder(
                    System.getProperty("java.home") + "/bin/java",
                    "-Xmx512m",
                    "-XX:+UseSerialGC",
                    "-cp",
                    System.getProperty("java.class.path"),
                    PeerWorker.class.getName())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        processes.add(process);
        inputs.add(new PrintStream(process.getOutputStream(), true, StandardCharsets.UTF_8));
        outputs.add(
            new BufferedReader(
                new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8)));
      }
    }

    List<String> ask(String line) throws IOException {
      return askEach(client -> line);
    }

    List<String> askEach(java.util.function.IntFunction<String> line) throws IOException {
      for (int c = 0; c < inputs.size(); c++) {
        inputs.get(c).println(line.apply(c));
      }
      List<String> answers = new ArrayList<>();
      for (BufferedReader output : outputs) {
        String answer = output.readLine();
        if (answer == null) {
          throw new IOException("an executor process ended");
        }
        answers.add(answer);
      }
      return answers;
    }

    @Override
    public void close() {
      inputs.forEach(PrintStream::close);
      processes.forEach(Process::destroy);
    }
  }
}
