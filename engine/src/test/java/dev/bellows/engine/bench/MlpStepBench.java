package dev.bellows.engine.bench;

import dev.bellows.engine.kernel.GemmShape;
import dev.bellows.engine.kernel.KernelCall;
import dev.bellows.engine.kernel.KernelProvider;
import dev.bellows.engine.kernel.Kernels;
import dev.bellows.engine.nn.Activation;
import dev.bellows.engine.nn.Initializers;
import dev.bellows.engine.nn.InputSpec;
import dev.bellows.engine.nn.LayerSpec;
import dev.bellows.engine.nn.LossKind;
import dev.bellows.engine.nn.LossSpec;
import dev.bellows.engine.nn.NetworkSpec;
import dev.bellows.engine.plan.BatchBuffers;
import dev.bellows.engine.plan.PlanOptions;
import dev.bellows.engine.plan.SliceTrainer;
import dev.bellows.engine.sample.Philox;
import dev.bellows.engine.tensor.Memory;
import java.util.Arrays;
import java.util.List;

/**
 * Times the MLP 784-256-128-10 per slice and the matrix products behind it, and checks that what
 * was timed is right: the loss must fall and two trainers must agree bit by bit. Arguments: seconds
 * per figure, kernels (auto, plain).
 */
public final class MlpStepBench {
  private static final int[][] PRODUCTS = {
    {16, 784, 256}, {64, 784, 256}, {128, 784, 256}, {64, 256, 128}, {128, 128, 10}, {512, 512, 512}
  };

  private MlpStepBench() {}

  /** Prints one Markdown table row per figure. */
  public static void main(String[] args) {
    double seconds = args.length > 0 ? Double.parseDouble(args[0]) : 2;
    KernelProvider provider =
        KernelProvider.choose(KernelProvider.Preference.of(args.length > 1 ? args[1] : "auto"));
    Timing.print("kernels %s, JDK %s%n", provider.id(), System.getProperty("java.version"));
    for (int[] p : PRODUCTS) {
      product(provider, new GemmShape(p[0], p[2], p[1], false, false), seconds);
      product(provider, new GemmShape(p[1], p[2], p[0], true, false), seconds);
      product(provider, new GemmShape(p[0], p[1], p[2], false, true), seconds);
    }
    for (PlanOptions options : new PlanOptions[] {PlanOptions.DEFAULT, PlanOptions.MIXED}) {
      Timing.print("products of %s operands%n", options.products());
      for (int rows : new int[] {16, 32, 64, 128}) {
        step(provider, rows, seconds, options);
      }
      threads(provider, 64, seconds, options);
    }
  }

  private static void product(KernelProvider provider, GemmShape s, double seconds) {
    long a = Memory.allocate(4L * s.m() * s.k());
    long b = Memory.allocate(4L * s.k() * s.n());
    long c = Memory.allocate(4L * s.m() * s.n());
    fill(a, (long) s.m() * s.k(), 1);
    fill(b, (long) s.k() * s.n(), 2);
    try (Kernels kernels = provider.open()) {
      KernelCall call = kernels.gemm().bind(s, a, b, 0, c);
      double nanos = Timing.median(call::run, seconds);
      Timing.print(
          "| %d x %d x %d%s%s | %.1f us | %.1f GFLOP/s | %s |%n",
          s.m(),
          s.k(),
          s.n(),
          s.transA() ? " tA" : "",
          s.transB() ? " tB" : "",
          nanos / 1e3,
          s.flops() / nanos,
          kernels.gemm().describe(s));
    }
    Memory.free(a);
    Memory.free(b);
    Memory.free(c);
  }

  /** The network of the benchmark. */
  public static NetworkSpec mlp() {
    return new NetworkSpec(
        InputSpec.numeric(784),
        List.of(
            LayerSpec.dense(256, Activation.RELU),
            LayerSpec.dense(128, Activation.RELU),
            LayerSpec.dense(10, Activation.LINEAR)),
        LossSpec.of(LossKind.SOFTMAX_CROSS_ENTROPY),
        10);
  }

  private static SliceTrainer trainer(
      KernelProvider provider, int rows, float[] weights, PlanOptions options) {
    SliceTrainer trainer = new SliceTrainer(mlp(), rows, provider, 7, options);
    BatchBuffers batch = trainer.batch();
    fill(batch.numeric(), 784L * rows, 3);
    for (int i = 0; i < rows; i++) {
      Memory.putInt(batch.labels() + 4L * i, i % 10);
    }
    batch.setRows(rows);
    trainer.setParameters(weights);
    return trainer;
  }

  private static void step(KernelProvider provider, int rows, double seconds, PlanOptions options) {
    SliceTrainer probe = new SliceTrainer(mlp(), 1, provider, 7);
    float[] weights = Initializers.init(probe.layout(), 1);
    probe.close();
    float[] gradient = new float[weights.length];
    float[] again = new float[weights.length];
    try (SliceTrainer trainer = trainer(provider, rows, weights, options);
        SliceTrainer other = trainer(provider, rows, weights, options)) {
      double first = trainer.run(0, 0).lossSum();
      trainer.gradient(gradient);
      other.run(0, 0);
      other.gradient(again);
      if (!Arrays.equals(gradient, again)) {
        throw new IllegalStateException("two trainers disagree");
      }
      double slice =
          Timing.median(
              () -> {
                trainer.run(0, 0);
                trainer.gradient(gradient);
              },
              seconds);
      double step =
          Timing.median(
              () -> {
                trainer.setParameters(weights);
                trainer.run(0, 0);
                trainer.gradient(gradient);
              },
              seconds);
      for (int t = 0; t < 20; t++) {
        trainer.run(0, 0);
        trainer.gradient(gradient);
        for (int i = 0; i < weights.length; i++) {
          weights[i] -= 0.05f / rows * gradient[i];
        }
        trainer.setParameters(weights);
      }
      double last = trainer.run(0, 0).lossSum();
      if (!(last < 0.9 * first)) {
        throw new IllegalStateException("loss did not fall: " + first + " to " + last);
      }
      Timing.print(
          "| %d rows | %.1f us | %,.0f samples/s | with parameters copied in each time %,.0f |"
              + " loss %.2f to %.2f |%n",
          rows, slice / 1e3, rows * 1e9 / slice, rows * 1e9 / step, first / rows, last / rows);
    }
  }

  /** Two task threads at once. */
  private static void threads(
      KernelProvider provider, int rows, double seconds, PlanOptions options) {
    SliceTrainer probe = new SliceTrainer(mlp(), 1, provider, 7);
    float[] weights = Initializers.init(probe.layout(), 1);
    probe.close();
    double[] nanos = new double[2];
    Thread[] threads = new Thread[2];
    for (int t = 0; t < threads.length; t++) {
      int index = t;
      threads[t] =
          new Thread(
              () -> {
                float[] gradient = new float[weights.length];
                try (SliceTrainer trainer = trainer(provider, rows, weights, options)) {
                  nanos[index] =
                      Timing.median(
                          () -> {
                            trainer.run(0, 0);
                            trainer.gradient(gradient);
                          },
                          seconds);
                }
              });
      threads[t].start();
    }
    for (Thread thread : threads) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
    Timing.print(
        "| %d rows, 2 threads | %,.0f samples/s |%n",
        rows, rows * 1e9 / nanos[0] + rows * 1e9 / nanos[1]);
  }

  private static void fill(long address, long n, long key) {
    for (long i = 0; i < n; i++) {
      Memory.putFloat(address + 4 * i, Philox.uniform(key, i) - 0.5f);
    }
  }
}
