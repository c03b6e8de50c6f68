package dev.bellows.engine.bench;

import dev.bellows.engine.kernel.BinaryOp;
import dev.bellows.engine.kernel.BroadcastShape;
import dev.bellows.engine.kernel.KernelCall;
import dev.bellows.engine.kernel.Kernels;
import dev.bellows.engine.kernel.Loss;
import dev.bellows.engine.kernel.LossOp;
import dev.bellows.engine.kernel.UnaryOp;
import dev.bellows.engine.sample.Philox;
import dev.bellows.engine.tensor.Memory;
import dev.bellows.engine.tensor.Shape;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The kernels beside the products on [256, 256] floats (256 KiB a tensor, in the second-level
 * cache), one thread.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 2, time = 300, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 300, timeUnit = TimeUnit.MILLISECONDS)
@Fork(1)
public class ElementwiseBenchmark {
  private static final int ROWS = 256;
  private static final int COLS = 256;
  private static final int N = ROWS * COLS;

  /** What is timed; unary and binary ops by their names. */
  @Param({
    "RELU",
    "ELU",
    "SIGMOID",
    "TANH",
    "SOFTPLUS",
    "MISH",
    "GELU",
    "ADD",
    "RELU_GRAD",
    "TANH_GRAD",
    "MISH_GRAD",
    "add a row",
    "relu_grad with column sums",
    "column sums",
    "row sums",
    "softmax",
    "softmax cross-entropy",
    "batch norm",
    "batch norm gradient",
    "dropout",
    "transpose"
  })
  public String kernel = "";

  /** auto (the fastest here) or plain (Java alone). */
  @Param("auto")
  public String kernels = "";

  private Session session;
  private KernelCall call;
  private int operands;

  /** Binds the kernel and compares its result with plain Java's. */
  @Setup
  public void bind() {
    session = new Session(kernels);
    long found = session.zeros(N);
    call = call(session, found);
    call.run();
    try (Session plain = new Session("plain")) {
      long expected = plain.zeros(N);
      call(plain, expected).run();
      Session.agree(kernel, found, expected, N, 1e-3);
    }
  }

  private KernelCall call(Session in, long z) {
    Kernels k = in.kernels();
    long x = in.normal(N, 1);
    long y = in.normal(N, 2);
    long row = in.zeros(N);
    long labels = in.zeros(N);
    for (long i = 0; i < N; i++) {
      Memory.putFloat(row + 4 * i, 0.5f + Philox.uniform(3, i));
      Memory.putInt(labels + 4 * i, (int) (i % 10));
    }
    BroadcastShape same = BroadcastShape.of(Shape.of(N), Shape.of(N));
    BroadcastShape rows = BroadcastShape.of(Shape.of(ROWS, COLS), Shape.of(COLS));
    operands = 3;
    switch (kernel) {
      case "ADD", "RELU_GRAD", "TANH_GRAD", "MISH_GRAD":
        return k.elementwise().bindBinary(BinaryOp.valueOf(kernel), 1, same, x, y, z);
      case "relu_grad with column sums":
        return k.elementwise()
            .bindGradientWithSums(BinaryOp.RELU_GRAD, 0, x, y, z, in.zeros(COLS), ROWS, COLS);
      case "batch norm gradient":
        return k.norm().bindBatchNormGrad(true, ROWS, COLS, 1e-5f, x, y, x, row, row, z);
      default:
        operands = 2;
    }
    switch (kernel) {
      case "add a row":
        return k.elementwise().bindBinary(BinaryOp.ADD, 1, rows, x, row, z);
      case "softmax":
        return k.norm().bindSoftmax(ROWS, COLS, 1, x, z);
      case "softmax cross-entropy":
        long sum = in.zeros(Loss.RESULT_BYTES / 4);
        return k.loss()
            .bind(LossOp.SOFTMAX_CROSS_ENTROPY, 0, N / 10, 10, x, labels, row, sum, z);
      case "batch norm":
        return k.norm().bindBatchNorm(ROWS, COLS, 1e-5f, x, y, row, row, y, z);
      case "dropout":
        return k.random().bindDropout(0.5f, in.zeros(2), x, z, N);
      case "transpose":
        return k.layout().bindTranspose(ROWS, COLS, x, z);
      case "column sums", "row sums":
        operands = 1;
        return kernel.equals("row sums")
            ? k.reduce().bindSum(ROWS, COLS, 1, 1, x, z)
            : k.reduce().bindSum(1, ROWS, COLS, 1, x, z);
      default:
        return k.elementwise().bindUnary(UnaryOp.valueOf(kernel), 1, 0, x, z, N);
    }
  }

  /** One call. */
  @Benchmark
  public void kernel(Work work) {
    call.run();
    work.gigabytes += operands * 4e-9 * N;
  }

  /** Frees everything. */
  @TearDown
  public void close() {
    session.close();
  }
}
