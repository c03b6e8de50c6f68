package dev.bellows.ps.transport;

import dev.bellows.engine.kernel.KernelProvider;
import dev.bellows.engine.nn.Initializers;
import dev.bellows.engine.nn.LossKind;
import dev.bellows.engine.nn.Model;
import dev.bellows.engine.nn.NetworkSpec;
import dev.bellows.engine.optim.NanPolicy;
import dev.bellows.engine.optim.OptimizerSpec;
import dev.bellows.engine.optim.ScheduleSpec;
import dev.bellows.engine.optim.UpdateSpec;
import dev.bellows.engine.plan.BatchBuffers;
import dev.bellows.engine.plan.PartListener;
import dev.bellows.engine.plan.PlanOptions;
import dev.bellows.engine.plan.SliceTrainer;
import dev.bellows.engine.sample.Philox;
import dev.bellows.engine.tensor.Memory;
import dev.bellows.ps.client.ClientOptions;
import dev.bellows.ps.client.PsClient;
import dev.bellows.ps.client.PsControl;
import dev.bellows.ps.client.RunPlan;
import dev.bellows.ps.client.ShardAddress;
import dev.bellows.ps.server.ServerOptions;
import dev.bellows.ps.server.ShardServer;
import dev.bellows.ps.shard.PartSums;
import dev.bellows.ps.shard.ShardMap;
import dev.bellows.ps.shard.TreeSum;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * What overlap of computing and communication gains: two processes train a network of a million
 * parameters on a shard server of this process, over loopback, straight or through a proxy that
 * holds every frame back for 1 to 2 ms; with whole steps and part by part in turn. Both must end
 * with the same bits. Usage: {@code OverlapBench [rounds]}.
 */
final class OverlapBench {
  private static final String SECRET = "bench-secret-that-is-no-secret";
  private static final int CLIENTS = 2;
  private static final int LANES = 8;
  private static final int ROWS = 16;
  private static final int STEPS = 60;
  private static final int WARM_UP = 20;

  private OverlapBench() {}

  public static void main(String[] args) throws Exception {
    if (args.length > 1) {
      System.out.println(client(args));
      return;
    }
    int rounds = args.length == 0 ? 5 : Integer.parseInt(args[0]);
    System.out.println("| network | frames held back | steps | ms/step | wait | hidden |");
    System.out.println("|---|---|---|---|---|---|");
    for (String network : List.of("even", "wide-first")) {
      for (boolean slow : new boolean[] {false, true}) {
        compare(network, slow, rounds);
      }
    }
  }

  private static void compare(String network, boolean slow, int rounds) throws Exception {
    double[][] whole = new double[rounds][];
    double[][] parts = new double[rounds][];
    for (int round = 0; round < rounds; round++) {
      String first = run(network, slow, "whole", whole, round);
      String second = run(network, slow, "parts", parts, round);
      if (!first.equals(second)) {
        throw new IllegalStateException("the bits differ: " + first + ", " + second);
      }
    }
    print(network, slow, "whole", whole);
    print(network, slow, "parts", parts);
  }

  private static void print(String network, boolean slow, String mode, double[][] results) {
    double[] middle = new double[3];
    for (int i = 0; i < middle.length; i++) {
      int field = i;
      middle[i] =
          Arrays.stream(results).mapToDouble(r -> r[field]).sorted().toArray()[results.length / 2];
    }
    System.out.println(
        String.format(
            Locale.ROOT,
            "| %s | %s | %s | %.2f | %.0f %% | %.0f %% |",
            network,
            slow ? "1-2 ms" : "no",
            mode,
            middle[0],
            100 * middle[1],
            100 * middle[2]));
  }

  /** One run; ms/step, share of waiting and hidden share go to the results; the bits' hash. */
  private static String run(
      String network, boolean slow, String mode, double[][] results, int round) throws Exception {
    NetworkSpec spec = spec(network);
    float[] initial = Initializers.init(dev.bellows.engine.nn.Network.layout(spec), 7);
    Secret secret = Secret.of(SECRET);
    ShardServer server = new ShardServer(ServerOptions.defaults(), System::nanoTime);
    try (ShardHost host = ShardHost.start(HostOptions.of("127.0.0.1", 0, secret), server);
        FaultProxy proxy =
            new FaultProxy(
                new InetSocketAddress("127.0.0.1", host.port()),
                new FaultProxy.Faults(0, 0, 1, 2, 0, 0, false),
                round);
        NettyConnector connector = new NettyConnector(ConnectorOptions.of(secret, "bench"))) {
      ClientOptions options = options(initial.length, host.port());
      try (PsControl control = PsControl.open(options, connector)) {
        UpdateSpec rule =
            new UpdateSpec(
                OptimizerSpec.of(OptimizerSpec.Kind.ADAM, 0.001),
                ScheduleSpec.constant(),
                0,
                0,
                0,
                0,
                NanPolicy.STOP,
                List.of(UpdateSpec.Range.trainable(0, initial.length, true)));
        int steps = STEPS + WARM_UP;
        control.create(new RunPlan(rule.encode(), CLIENTS * LANES, steps, steps, 1024, 0));
        control.put(0, initial);
        control.seal(0);
      }
      List<Process> children = new ArrayList<>();
      for (int c = 0; c < CLIENTS; c++) {
        children.add(
            new ProcessBuilder(
                    System.getProperty("java.home") + "/bin/java",
                    "-Xmx512m",
                    "-XX:+UseSerialGC",
                    "--add-opens=java.base/java.nio=ALL-UNNAMED",
                    "-cp",
                    System.getProperty("java.class.path"),
                    OverlapBench.class.getName(),
                    network,
                    mode,
                    Integer.toString(slow ? proxy.port() : host.port()),
                    Integer.toString(c))
                .redirectErrorStream(true)
                .start());
      }
      double[] mean = new double[3];
      String hash = "";
      for (Process child : children) {
        String last = "";
        try (BufferedReader out =
            new BufferedReader(
                new InputStreamReader(child.getInputStream(), StandardCharsets.UTF_8))) {
          for (String line = out.readLine(); line != null; line = out.readLine()) {
            last = line;
          }
        }
        if (child.waitFor() != 0) {
          throw new IllegalStateException("a client process failed: " + last);
        }
        String[] fields = last.split(" ");
        for (int i = 0; i < mean.length; i++) {
          mean[i] += Double.parseDouble(fields[i]) / CLIENTS;
        }
        hash = fields[3];
      }
      results[round] = mean;
      return hash;
    }
  }

  private static ClientOptions options(int length, int port) {
    ShardAddress address = new ShardAddress("127.0.0.1", port);
    return ClientOptions.of("bench", 1, ShardMap.of(length, 2), List.of(address, address));
  }

  private static NetworkSpec spec(String network) {
    int[] units =
        network.equals("even") ? new int[] {400, 400, 400, 400, 400, 400} : new int[] {1024, 256};
    Model.Builder model = Model.builder().input(network.equals("even") ? 400 : 784);
    for (int width : units) {
      model.dense(width).relu();
    }
    return model.dense(10).loss(LossKind.SOFTMAX_CROSS_ENTROPY).build();
  }

  /** Trains; "ms/step wait hidden hash". */
  private static String client(String[] args) {
    NetworkSpec spec = spec(args[0]);
    int client = Integer.parseInt(args[3]);
    int from = client * LANES;
    try (SliceTrainer trainer =
            new SliceTrainer(
                spec,
                ROWS,
                KernelProvider.choose(KernelProvider.Preference.AUTO),
                7,
                PlanOptions.DEFAULT,
                List.of(),
                LANES);
        NettyConnector connector =
            new NettyConnector(ConnectorOptions.of(Secret.of(SECRET), "bench"))) {
      int length = trainer.layout().length();
      ClientOptions options =
          options(length, Integer.parseInt(args[2]))
              .task(client + 1, "client " + client, from, from + LANES);
      for (int lane = 0; lane < trainer.lanes(); lane++) {
        fill(trainer.batch(lane), spec, from + lane);
      }
      if (trainer.lanes() != LANES) {
        throw new IllegalStateException("expected " + LANES + " lanes, found " + trainer.lanes());
      }
      try (PsClient ps = PsClient.open(options, connector)) {
        ps.pull(trainer::setParameters);
        Run run =
            args[1].equals("parts")
                ? new Parts(trainer, ps, options.map())
                : new Whole(trainer, ps);
        run.steps(WARM_UP, from);
        long began = System.nanoTime();
        long waited = ps.waitedNanos();
        run.underWay = 0;
        run.steps(STEPS, from);
        double nanos = System.nanoTime() - began;
        double wait = ps.waitedNanos() - waited;
        float[] end = new float[length];
        ps.pull(end);
        return String.format(
            Locale.ROOT,
            "%.4f %.4f %.4f %d",
            nanos / 1e6 / STEPS,
            wait / nanos,
            1 - wait / run.underWay,
            Arrays.hashCode(end));
      }
    }
  }

  private static void fill(BatchBuffers batch, NetworkSpec spec, int slice) {
    float[] numbers = new float[ROWS * spec.input().numeric()];
    Philox.fillNormal(11, slice, numbers, 0, numbers.length);
    Memory.copyIn(numbers, 0, batch.numeric(), numbers.length);
    for (int row = 0; row < ROWS; row++) {
      Memory.putInt(batch.labels() + 4L * row, (row + slice) % 10);
      Memory.putFloat(batch.weights() + 4L * row, 1);
    }
    batch.setRows(ROWS);
  }

  /** A way to take steps. */
  private abstract static class Run {
    final SliceTrainer trainer;
    final PsClient ps;
    double underWay;

    Run(SliceTrainer trainer, PsClient ps) {
      this.trainer = trainer;
      this.ps = ps;
    }

    abstract void steps(int count, int firstSlice);
  }

  private static final class Whole extends Run {
    private final TreeSum sums;

    Whole(SliceTrainer trainer, PsClient ps) {
      super(trainer, ps);
      sums = new TreeSum(CLIENTS * LANES, trainer.layout().length());
    }

    @Override
    void steps(int count, int firstSlice) {
      for (int i = 0; i < count; i++) {
        sums.clear();
        trainer.runLanes(ps.version(), firstSlice);
        sums.add(3, firstSlice / LANES, trainer.gradientAddress(), trainer.scalars());
        long before = ps.waitedNanos();
        ps.pushPull(sums, trainer::setParameters);
        underWay += ps.waitedNanos() - before;
      }
    }
  }

  private static final class Parts extends Run implements PartListener {
    private final PartSums sums;
    private boolean underWayNow;
    private boolean begun;
    private int index;
    private long firstPush;
    private volatile long lastArrival;

    Parts(SliceTrainer trainer, PsClient ps, ShardMap map) {
      super(trainer, ps);
      sums = new PartSums(CLIENTS * LANES, map);
      trainer.setParts(sums.bounds());
    }

    @Override
    void steps(int count, int firstSlice) {
      index = firstSlice / LANES;
      long step = ps.version();
      for (int i = 0; i < count; i++) {
        trainer.parametersChanged();
        begun = false;
        trainer.runLanes(step + i, firstSlice, this);
        ps.pushed();
        underWayNow = true;
      }
      finish();
    }

    @Override
    public void needs(int part) {
      if (underWayNow) {
        ps.await(part);
      }
    }

    @Override
    public void ready(int part) {
      if (!begun) {
        begun = true;
        finish();
        sums.clear();
        firstPush = System.nanoTime();
        ps.begin(
            sums,
            (at, values, offset, length) -> {
              trainer.bringParameters(at, values, offset, length);
              lastArrival = System.nanoTime();
            });
      }
      sums.add(part, 3, index, trainer.gradientAddress(), trainer.scalars());
      ps.push(part);
    }

    private void finish() {
      if (underWayNow) {
        ps.finish();
        underWay += lastArrival - firstPush;
        underWayNow = false;
      }
    }
  }
}
