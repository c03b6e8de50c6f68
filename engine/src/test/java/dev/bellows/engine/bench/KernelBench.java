package dev.bellows.engine.bench;

import dev.bellows.engine.kernel.BinaryOp;
import dev.bellows.engine.kernel.BroadcastShape;
import dev.bellows.engine.kernel.KernelCall;
import dev.bellows.engine.kernel.KernelProvider;
import dev.bellows.engine.kernel.Kernels;
import dev.bellows.engine.kernel.LossOp;
import dev.bellows.engine.kernel.UnaryOp;
import dev.bellows.engine.sample.Philox;
import dev.bellows.engine.tensor.Arena;
import dev.bellows.engine.tensor.Memory;
import dev.bellows.engine.tensor.Shape;

/**
 * Times the kernels beside the matrix products on [256, 256] floats (256 KiB a tensor):
 * microseconds a call, and GB/s counting each operand once. Arguments: seconds per figure, kernels
 * (auto, plain).
 */
public final class KernelBench {
  private static final int ROWS = 256;
  private static final int COLS = 256;
  private static final int N = ROWS * COLS;

  private final double seconds;

  private KernelBench(double seconds) {
    this.seconds = seconds;
  }

  /** Prints one Markdown table row per kernel. */
  public static void main(String[] args) {
    double seconds = args.length > 0 ? Double.parseDouble(args[0]) : 0.3;
    KernelProvider provider =
        KernelProvider.choose(KernelProvider.Preference.of(args.length > 1 ? args[1] : "auto"));
    Timing.print("kernels %s, JDK %s%n", provider.id(), System.getProperty("java.version"));
    try (Kernels kernels = provider.open();
        Arena arena = new Arena(64L * N)) {
      new KernelBench(seconds).all(kernels, arena);
    }
  }

  private void all(Kernels k, Arena arena) {
    long x = arena.take(4L * N);
    long y = arena.take(4L * N);
    long z = arena.take(4L * N);
    long small = arena.take(4L * N);
    long labels = arena.take(4L * N);
    long key = arena.take(8);
    for (long i = 0; i < N; i++) {
      Memory.putFloat(x + 4 * i, Philox.normal(1, i));
      Memory.putFloat(y + 4 * i, Philox.normal(2, i));
      Memory.putFloat(small + 4 * i, 0.5f + Philox.uniform(3, i));
      Memory.putInt(labels + 4 * i, (int) (i % 10));
    }
    for (UnaryOp op :
        new UnaryOp[] {
          UnaryOp.RELU,
          UnaryOp.ELU,
          UnaryOp.SIGMOID,
          UnaryOp.TANH,
          UnaryOp.SOFTPLUS,
          UnaryOp.MISH,
          UnaryOp.GELU
        }) {
      time(op.name(), 2, k.elementwise().bindUnary(op, 1, 0, x, z, N));
    }
    BroadcastShape same = BroadcastShape.of(Shape.of(N), Shape.of(N));
    BroadcastShape row = BroadcastShape.of(Shape.of(ROWS, COLS), Shape.of(COLS));
    for (BinaryOp op :
        new BinaryOp[] {BinaryOp.ADD, BinaryOp.RELU_GRAD, BinaryOp.TANH_GRAD, BinaryOp.MISH_GRAD}) {
      time(op.name(), 3, k.elementwise().bindBinary(op, 1, same, x, y, z));
    }
    time("ADD a row", 2, k.elementwise().bindBinary(BinaryOp.ADD, 1, row, x, small, z));
    time(
        "RELU_GRAD with column sums",
        3,
        k.elementwise().bindGradientWithSums(BinaryOp.RELU_GRAD, 0, x, y, z, small, ROWS, COLS));
    time("column sums", 1, k.reduce().bindSum(1, ROWS, COLS, 1, x, z));
    time("row sums", 1, k.reduce().bindSum(ROWS, COLS, 1, 1, x, z));
    time("softmax", 2, k.norm().bindSoftmax(ROWS, COLS, 1, x, z));
    int rows = N / 10;
    time(
        "softmax cross-entropy with gradient, 10 classes",
        2,
        k.loss().bind(LossOp.SOFTMAX_CROSS_ENTROPY, 0, rows, 10, x, labels, small, key, z));
    time("batch mean", 1, k.norm().bindBatchMean(ROWS, COLS, x, z));
    time("batch variance", 1, k.norm().bindBatchVariance(ROWS, COLS, x, z));
    time("batch norm", 2, k.norm().bindBatchNorm(ROWS, COLS, 1e-5f, x, y, small, small, y, z));
    time(
        "batch norm gradient",
        3,
        k.norm().bindBatchNormGrad(true, ROWS, COLS, 1e-5f, x, y, x, small, small, z));
    time("dropout", 2, k.random().bindDropout(0.5f, key, x, z, N));
    time("transpose", 2, k.layout().bindTranspose(ROWS, COLS, x, z));
    time("finite check", 1, () -> k.reduce().allFinite(x, N));
  }

  private void time(String name, int operands, KernelCall call) {
    double nanos = Timing.median(call::run, seconds);
    Timing.print("| %s | %.1f us | %.1f GB/s |%n", name, nanos / 1e3, 4.0 * operands * N / nanos);
  }
}
