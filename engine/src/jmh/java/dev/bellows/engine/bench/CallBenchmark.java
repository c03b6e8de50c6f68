package dev.bellows.engine.bench;

import dev.bellows.engine.kernel.GemmShape;
import dev.bellows.engine.kernel.KernelCall;
import dev.bellows.engine.kernel.UnaryOp;
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
 * What a call through the facade costs beside its arithmetic: one element through the own library,
 * and the smallest product of the library behind {@link dev.bellows.engine.kernel.Gemm}.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 2, time = 300, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 300, timeUnit = TimeUnit.MILLISECONDS)
@Fork(1)
public class CallBenchmark {
  /** auto (the fastest here) or plain (Java alone). */
  @Param({"auto", "plain"})
  public String kernels = "";

  private Session session;
  private KernelCall element;
  private KernelCall product;

  /** Binds both. */
  @Setup
  public void bind() {
    session = new Session(kernels);
    long x = session.normal(1, 1);
    element = session.kernels().elementwise().bindUnary(UnaryOp.RELU, 1, 0, x, session.zeros(1), 1);
    GemmShape one = new GemmShape(1, 1, 1, false, false);
    product = session.kernels().gemm().bind(one, x, x, 0, session.zeros(1));
  }

  /** y = max(x, 0) of one element. */
  @Benchmark
  public void element() {
    element.run();
  }

  /** c = a b of one element each. */
  @Benchmark
  public void product() {
    product.run();
  }

  /** Frees everything. */
  @TearDown
  public void close() {
    session.close();
  }
}
