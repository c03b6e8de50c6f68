package dev.bellows.ps.bench;

import dev.bellows.engine.optim.NanPolicy;
import dev.bellows.engine.optim.OptimizerSpec;
import dev.bellows.engine.optim.ScheduleSpec;
import dev.bellows.engine.optim.UpdateSpec;
import dev.bellows.ps.client.ClientOptions;
import dev.bellows.ps.client.Connector;
import dev.bellows.ps.client.InProcessConnector;
import dev.bellows.ps.client.PsClient;
import dev.bellows.ps.client.PsControl;
import dev.bellows.ps.client.RunPlan;
import dev.bellows.ps.client.ShardAddress;
import dev.bellows.ps.server.ServerOptions;
import dev.bellows.ps.server.ShardServer;
import dev.bellows.ps.shard.ShardMap;
import dev.bellows.ps.shard.TreeSum;
import dev.bellows.ps.transport.ConnectorOptions;
import dev.bellows.ps.transport.HostOptions;
import dev.bellows.ps.transport.NettyConnector;
import dev.bellows.ps.transport.Secret;
import dev.bellows.ps.transport.ShardHost;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * What a step costs beside computing: two clients push a vector each and pull the next version, one
 * shard sums, applies Adam and answers. Prints milliseconds per step (median of the rounds) for
 *
 * <ul>
 *   <li>bare: the same bytes over Netty without frames, checksums, sums or updates,
 *   <li>loopback, threads and processes: {@code PsClient} over TCP, clients in this JVM or in two
 *       others,
 *   <li>in-process: {@code PsClient} without a socket.
 * </ul>
 *
 * <p>Every run checks that both clients end with the same bits, and that these are the bits of the
 * in-process run. Usage: {@code StepOverheadBench [parameters ...]}.
 */
public final class StepOverheadBench {

  private static final String RUN = "bench";
  private static final int CLIENTS = 2;
  private static final int ROUNDS = 5;
  private static final String SECRET = "bench-secret-that-is-no-secret";

  private StepOverheadBench() {}

  public static void main(String[] args) throws Exception {
    if (args.length > 0 && args[0].equals("client")) {
      clientProcess(args);
      return;
    }
    int[] sizes =
        args.length == 0
            ? new int[] {16_384, 1_048_576}
            : Arrays.stream(args).mapToInt(Integer::parseInt).toArray();
    System.out.println("| parameters | path | ms/step | min | max | MB/step |");
    System.out.println("|---|---|---|---|---|---|");
    for (int length : sizes) {
      int steps = length <= 100_000 ? 2000 : 200;
      report(length, "bare Netty ping-pong", BarePingPong.run(length, CLIENTS, ROUNDS, steps));
      Result local = inProcess(length, steps);
      report(length, "in-process", local.msPerStep);
      Result threads = loopbackThreads(length, steps);
      report(length, "loopback, client threads", threads.msPerStep);
      Result processes = loopbackProcesses(length, steps);
      report(length, "loopback, client processes", processes.msPerStep);
      if (threads.hash != local.hash || processes.hash != local.hash) {
        throw new IllegalStateException("the bits differ between transports");
      }
    }
  }

  private record Result(double[] msPerStep, long hash) {}

  private static void report(int length, String path, double[] rounds) {
    double[] sorted = rounds.clone();
    Arrays.sort(sorted);
    System.out.println(
        String.format(
            Locale.ROOT,
            "| %d | %s | %.3f | %.3f | %.3f | %.2f |",
            length,
            path,
            sorted[sorted.length / 2],
            sorted[0],
            sorted[sorted.length - 1],
            2.0 * CLIENTS * Float.BYTES * length / 1e6));
  }

  private static UpdateSpec spec(int length) {
    return new UpdateSpec(
        OptimizerSpec.of(OptimizerSpec.Kind.ADAM, 0.001),
        ScheduleSpec.constant(),
        0,
        0,
        0,
        0,
        NanPolicy.STOP,
        List.of(UpdateSpec.Range.trainable(0, length, true)));
  }

  private static ClientOptions options(int length, ShardAddress address) {
    return ClientOptions.of(RUN, 1, ShardMap.of(length, 1), List.of(address));
  }

  private static void create(
      int length, int totalSteps, Connector connector, ShardAddress address) {
    try (PsControl control = PsControl.open(options(length, address), connector)) {
      control.create(new RunPlan(spec(length).encode(), CLIENTS, totalSteps, totalSteps, 1024, 0));
      float[] initial = new float[length];
      for (int i = 0; i < length; i++) {
        initial[i] = (i % 1000 - 500) * 1e-3f;
      }
      control.put(0, initial);
      control.seal(0);
    }
  }

  private static Result inProcess(int length, int steps) throws Exception {
    ShardServer server = new ShardServer(ServerOptions.defaults(), System::nanoTime);
    try (InProcessConnector connector = new InProcessConnector(server)) {
      create(length, steps * (ROUNDS + 1), connector, ShardAddress.LOCAL);
      return threads(length, steps, ShardAddress.LOCAL, c -> connector);
    }
  }

  private static Result loopbackThreads(int length, int steps) throws Exception {
    Secret secret = Secret.of(SECRET);
    ShardServer server = new ShardServer(ServerOptions.defaults(), System::nanoTime);
    try (ShardHost host = ShardHost.start(HostOptions.of("127.0.0.1", 0, secret), server);
        NettyConnector connector = new NettyConnector(ConnectorOptions.of(secret, RUN))) {
      ShardAddress address = new ShardAddress("127.0.0.1", host.port());
      create(length, steps * (ROUNDS + 1), connector, address);
      return threads(length, steps, address, c -> connector);
    }
  }

  private static Result loopbackProcesses(int length, int steps) throws Exception {
    Secret secret = Secret.of(SECRET);
    ShardServer server = new ShardServer(ServerOptions.defaults(), System::nanoTime);
    try (ShardHost host = ShardHost.start(HostOptions.of("127.0.0.1", 0, secret), server);
        NettyConnector connector = new NettyConnector(ConnectorOptions.of(secret, RUN))) {
      ShardAddress address = new ShardAddress("127.0.0.1", host.port());
      create(length, steps * (ROUNDS + 1), connector, address);
      List<Process> children = new ArrayList<>();
      for (int c = 0; c < CLIENTS; c++) {
        children.add(
            new ProcessBuilder(
                    System.getProperty("java.home") + "/bin/java",
                    "-Xmx512m",
                    "-XX:+UseSerialGC",
                    "-cp",
                    System.getProperty("java.class.path"),
                    StepOverheadBench.class.getName(),
                    "client",
                    Integer.toString(host.port()),
                    Integer.toString(length),
                    Integer.toString(steps),
                    Integer.toString(c))
                .redirectErrorStream(true)
                .start());
      }
      List<Result> results = new ArrayList<>();
      for (Process child : children) {
        try (BufferedReader out =
            new BufferedReader(
                new InputStreamReader(child.getInputStream(), StandardCharsets.UTF_8))) {
          String last = "";
          for (String line = out.readLine(); line != null; line = out.readLine()) {
            last = line;
          }
          if (child.waitFor() != 0) {
            throw new IllegalStateException("a client process failed: " + last);
          }
          String[] fields = last.split(" ");
          double[] ms = new double[ROUNDS];
          for (int r = 0; r < ROUNDS; r++) {
            ms[r] = Double.parseDouble(fields[r]);
          }
          results.add(new Result(ms, Long.parseLong(fields[ROUNDS])));
        }
      }
      return agreed(results);
    }
  }

  private static void clientProcess(String[] args) throws Exception {
    int length = Integer.parseInt(args[2]);
    ShardAddress address = new ShardAddress("127.0.0.1", Integer.parseInt(args[1]));
    try (NettyConnector connector =
        new NettyConnector(ConnectorOptions.of(Secret.of(SECRET), RUN))) {
      Result result =
          client(length, Integer.parseInt(args[3]), address, Integer.parseInt(args[4]), connector);
      StringBuilder line = new StringBuilder();
      for (double ms : result.msPerStep) {
        line.append(ms).append(' ');
      }
      System.out.println(line.append(result.hash));
    }
  }

  private interface ConnectorOf {
    Connector get(int client);
  }

  private static Result threads(int length, int steps, ShardAddress address, ConnectorOf connectors)
      throws Exception {
    Result[] results = new Result[CLIENTS];
    Exception[] failures = new Exception[CLIENTS];
    Thread[] threads = new Thread[CLIENTS];
    for (int c = 0; c < CLIENTS; c++) {
      int client = c;
      threads[c] =
          new Thread(
              () -> {
                try {
                  results[client] = client(length, steps, address, client, connectors.get(client));
                } catch (Exception e) {
                  failures[client] = e;
                }
              });
      threads[c].start();
    }
    for (Thread thread : threads) {
      thread.join();
    }
    for (Exception failure : failures) {
      if (failure != null) {
        throw failure;
      }
    }
    return agreed(Arrays.asList(results));
  }

  private static Result agreed(List<Result> results) {
    for (Result result : results) {
      if (result.hash != results.get(0).hash) {
        throw new IllegalStateException("the clients end with different bits");
      }
    }
    return results.get(0);
  }

  /**
   * One warm-up round, then the measured ones; the gradient is made once, its copy is not timed
   * out.
   */
  private static Result client(
      int length, int steps, ShardAddress address, int client, Connector connector) {
    float[] gradient = new float[length];
    for (int i = 0; i < length; i++) {
      gradient[i] = ((i * 31 + client * 17) % 2001 - 1000) * 1e-4f;
    }
    double[] scalars = {1, 0.5, 0.25, 1};
    float[] parameters = new float[length];
    double[] ms = new double[ROUNDS];
    TreeSum sums = new TreeSum(CLIENTS, length);
    ClientOptions options =
        options(length, address).task(client + 1, "client " + client, client, client + 1);
    try (PsClient ps = PsClient.open(options, connector)) {
      ps.pull(parameters);
      for (int round = -1; round < ROUNDS; round++) {
        long start = System.nanoTime();
        for (int step = 0; step < steps; step++) {
          sums.add(client, gradient, scalars, true);
          ps.pushPull(sums, parameters);
          sums.clear();
        }
        if (round >= 0) {
          ms[round] = (System.nanoTime() - start) / 1e6 / steps;
        }
      }
    }
    return new Result(ms, Arrays.hashCode(parameters));
  }
}
