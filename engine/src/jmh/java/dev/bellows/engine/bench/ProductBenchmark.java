package dev.bellows.engine.bench;

import dev.bellows.engine.kernel.GemmShape;
import dev.bellows.engine.kernel.KernelCall;
import dev.bellows.engine.tensor.DType;
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

/** Matrix products through the facade, one thread. */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 2, time = 300, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 300, timeUnit = TimeUnit.MILLISECONDS)
@Fork(1)
public class ProductBenchmark {
  /** m x k x n; tA and tB: that operand is stored transposed. */
  @Param({
    "1024x1024x1024",
    "512x512x512",
    "128x784x256",
    "784x128x256 tA",
    "128x256x784 tB",
    "32x784x256",
    "784x32x256 tA",
    "16x784x256",
    "784x16x256 tA",
    "2048x128x384",
    "2048x512x128 tB",
    "512x2048x128 tA",
    "128x128x10"
  })
  public String product = "";

  /** auto (the fastest here) or plain (Java alone). */
  @Param("auto")
  public String kernels = "";

  /** Operands: FLOAT32, or BFLOAT16 rounded beforehand. */
  @Param({"FLOAT32", "BFLOAT16"})
  public DType operands = DType.FLOAT32;

  private Session session;
  private KernelCall call;
  private long flops;

  /** Binds the product and, in float32, compares it with plain Java's. */
  @Setup
  public void bind() {
    String[] parts = product.split(" ", -1);
    String[] sizes = parts[0].split("x", -1);
    int m = Integer.parseInt(sizes[0]);
    int k = Integer.parseInt(sizes[1]);
    int n = Integer.parseInt(sizes[2]);
    boolean transA = product.endsWith("tA");
    boolean transB = product.endsWith("tB");
    GemmShape shape = new GemmShape(m, n, k, transA, transB, operands);
    session = new Session(kernels);
    long a = session.normal((long) m * k, 1);
    long b = session.normal((long) k * n, 2);
    long c = session.zeros((long) m * n);
    if (operands == DType.BFLOAT16) {
      a = rounded(a, (long) m * k);
      b = rounded(b, (long) k * n);
    }
    flops = shape.flops();
    call = session.kernels().gemm().bind(shape, a, b, 0, c);
    call.run();
    try (Session plain = new Session("plain")) {
      long expected = plain.zeros((long) m * n);
      plain.kernels().gemm().bind(shape, a, b, 0, expected).run();
      Session.agree(product, c, expected, (long) m * n, 1e-5 * k);
    }
  }

  private long rounded(long x, long n) {
    long y = session.zeros((n + 1) / 2);
    session.kernels().layout().bindConvert(DType.FLOAT32, DType.BFLOAT16, n, x, y).run();
    return y;
  }

  /** One product. */
  @Benchmark
  public void product(Work work) {
    call.run();
    work.gflop += flops * 1e-9;
  }

  /** Frees everything. */
  @TearDown
  public void close() {
    session.close();
  }
}
