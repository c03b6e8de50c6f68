package dev.bellows.jobs.bench;

import dev.bellows.engine.optim.OptimizerSpec;
import dev.bellows.engine.optim.UpdateSpec;
import dev.bellows.ps.client.ClientOptions;
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
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.SparkSession;

/**
 * What a step costs beside the arithmetic: two Spark tasks push a constant gradient and pull the
 * new parameters over loopback, against one Spark job per step with a broadcast and {@code
 * treeAggregate}, in the same session. Arguments: master, then numbers of parameters. Prints
 * milliseconds per step (median of five batches), without and with a replica of the shard on a
 * second server, and checks that both sides end with the same parameters.
 */
public final class StepOverheadBench {
  private static final int SLICES = 2;
  private static final String SECRET = "a-secret-of-the-benchmark-only-32";

  private StepOverheadBench() {}

  /** Runs both sides. */
  public static void main(String[] args) throws Exception {
    SparkSession.Builder builder =
        SparkSession.builder().master(args[0]).config("spark.ui.enabled", "false");
    if (args[0].startsWith("local-cluster")) {
      builder.config("spark.executor.extraClassPath", System.getProperty("java.class.path"));
    }
    SparkSession spark = builder.getOrCreate();
    JavaSparkContext sc = new JavaSparkContext(spark.sparkContext());
    ShardServer server = new ShardServer(ServerOptions.defaults(), System::nanoTime);
    ShardServer second = new ShardServer(ServerOptions.defaults(), System::nanoTime);
    try (ShardHost host =
            ShardHost.start(HostOptions.of("127.0.0.1", 0, Secret.of(SECRET)), server);
        ShardHost replica =
            ShardHost.start(HostOptions.of("127.0.0.1", 0, Secret.of(SECRET)), second)) {
      for (int i = 1; i < args.length; i++) {
        int length = Integer.parseInt(args[i]);
        int steps = length > 100_000 ? 100 : 400;
        double own = parameterServer(sc, host.port(), 0, length, steps);
        double safe = parameterServer(sc, host.port(), replica.port(), length, steps);
        double spark1 = jobPerStep(sc, length, Math.min(steps, 40));
        System.out.printf(
            "%s %,d parameters: parameter server %.3f ms/step, with a replica %.3f ms/step, job per step with treeAggregate %.1f ms/step, ratio %.0fx%n",
            args[0], length, own, safe, spark1, spark1 / own);
      }
    }
    spark.stop();
  }

  /**
   * Milliseconds per step.
   *
   * @param replica port of the replica's server, 0 for none
   */
  private static double parameterServer(
      JavaSparkContext sc, int port, int replica, int length, int steps) {
    int batches = 7; // the first two are warm-up
    String run = "bench-" + length + (replica > 0 ? "-replica" : "");
    ClientOptions options =
        ClientOptions.of(
            run, 1, ShardMap.of(length, 1), List.of(new ShardAddress("127.0.0.1", port)));
    long total = (long) batches * steps;
    try (NettyConnector connector =
            new NettyConnector(ConnectorOptions.of(Secret.of(SECRET), run));
        PsControl control = PsControl.open(options, connector)) {
      UpdateSpec update = UpdateSpec.plain(OptimizerSpec.of(OptimizerSpec.Kind.SGD, 0.5), length);
      RunPlan plan = new RunPlan(update.encode(), SLICES, total, total, 16, 0);
      load(control, plan, length);
      if (replica > 0) {
        ShardAddress at = new ShardAddress("127.0.0.1", replica);
        ClientOptions copies = ClientOptions.of(run, 1, ShardMap.of(length, 1), List.of(at));
        try (PsControl copy = PsControl.open(copies, connector)) {
          load(copy, plan, length);
        }
        control.attach(List.of(at), 0);
      }
      List<double[]> times =
          sc.parallelize(List.of(0, 1), 2)
              .map(task -> task(run, task, port, length, batches, steps))
              .collect();
      if (replica > 0) {
        checkReplica(connector, run, replica, length, total);
      }
      control.drop();
      double[] slower = new double[batches - 2];
      for (int b = 2; b < batches; b++) {
        slower[b - 2] = Math.max(times.get(0)[b], times.get(1)[b]);
      }
      Arrays.sort(slower);
      return slower[slower.length / 2];
    }
  }

  private static void load(PsControl control, RunPlan plan, int length) {
    control.create(plan);
    control.put(0, new float[length]);
    control.seal(0);
  }

  /** The replica holds what the tasks have read; it is dropped. */
  private static void checkReplica(
      NettyConnector connector, String run, int replica, int length, long total) {
    ShardAddress at = new ShardAddress("127.0.0.1", replica);
    ClientOptions copies = ClientOptions.of(run, 1, ShardMap.of(length, 1), List.of(at));
    try (PsControl copy = PsControl.open(copies, connector)) {
      float[] values = new float[length];
      copy.snapshot(total);
      copy.read(total, 0, values);
      if (values[0] != -0.5f * total || values[length - 1] != -0.5f * total) {
        throw new IllegalStateException("the replica holds " + values[0]);
      }
      copy.drop();
    }
  }

  private static double[] task(String run, int task, int port, int length, int batches, int steps) {
    ClientOptions options =
        ClientOptions.of(
                run, 1, ShardMap.of(length, 1), List.of(new ShardAddress("127.0.0.1", port)))
            .task(TaskContext.get().taskAttemptId(), "task " + task, task, task + 1);
    float[] parameters = new float[length];
    float[] gradient = new float[length];
    Arrays.fill(gradient, 1f);
    TreeSum sums = new TreeSum(SLICES, length);
    double[] ms = new double[batches];
    try (NettyConnector connector =
            new NettyConnector(ConnectorOptions.of(Secret.of(SECRET), run));
        PsClient client = PsClient.open(options, connector)) {
      client.pull(parameters);
      for (int b = 0; b < batches; b++) {
        long start = System.nanoTime();
        for (int s = 0; s < steps; s++) {
          sums.add(task, gradient, new double[] {1, 0, 0, 1}, true);
          client.pushPull(sums, parameters);
          sums.clear();
        }
        ms[b] = (System.nanoTime() - start) * 1e-6 / steps;
      }
    }
    float expected = -0.5f * batches * steps;
    if (parameters[0] != expected || parameters[length - 1] != expected) {
      throw new IllegalStateException("expected " + expected + ", found " + parameters[0]);
    }
    return ms;
  }

  private static double jobPerStep(JavaSparkContext sc, int length, int steps) {
    JavaRDD<Integer> rows = sc.parallelize(List.of(0, 1), 2).cache();
    rows.count();
    float[] parameters = new float[length];
    List<Double> batches = new ArrayList<>();
    for (int b = 0; b < 4; b++) {
      long start = System.nanoTime();
      for (int s = 0; s < steps; s++) {
        Broadcast<float[]> current = sc.broadcast(parameters);
        float[] sum =
            rows.treeAggregate(
                new float[length],
                (acc, row) -> add(acc, constant(current.value().length)),
                StepOverheadBench::add,
                1);
        for (int i = 0; i < length; i++) {
          parameters[i] -= 0.5f * (sum[i] / 2);
        }
        current.destroy();
      }
      if (b > 0) {
        batches.add((System.nanoTime() - start) * 1e-6 / steps);
      }
    }
    float expected = -0.5f * 4 * steps;
    if (parameters[0] != expected) {
      throw new IllegalStateException("expected " + expected + ", found " + parameters[0]);
    }
    batches.sort(null);
    return batches.get(1);
  }

  private static float[] constant(int length) {
    float[] ones = new float[length];
    Arrays.fill(ones, 1f);
    return ones;
  }

  private static float[] add(float[] a, float[] b) {
    for (int i = 0; i < a.length; i++) {
      a[i] += b[i];
    }
    return a;
  }
}
