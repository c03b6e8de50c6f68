package dev.bellows.engine.bench;

import dev.bellows.engine.kernel.Convolution;
import dev.bellows.engine.kernel.ConvolutionShape;
import dev.bellows.engine.kernel.KernelCall;
import dev.bellows.engine.tensor.DType;
import dev.bellows.engine.tensor.Shape;
import dev.bellows.engine.tensor.Window;
import java.util.Arrays;
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

/** The three products of a convolution of nhwc images through the facade, one thread. */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 2, time = 300, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 300, timeUnit = TimeUnit.MILLISECONDS)
@Fork(1)
public class ConvolutionBenchmark {
  /** n x height x width x channels, kernel x kernel, outputs, stride; zeros keep the size. */
  @Param({
    "64x56x56x64 3 64 1",
    "32x32x32x16 3 16 1",
    "32x16x16x32 3 32 1",
    "32x8x8x64 3 64 1",
    "32x32x32x16 3 32 2",
    "32x32x32x3 3 16 1",
    "64x28x28x1 5 6 1",
    "32x14x14x256 1 256 1"
  })
  public String convolution = "";

  /** Which of the three. */
  @Param({"FORWARD", "GRAD_INPUT", "GRAD_WEIGHT"})
  public Convolution.Product product = Convolution.Product.FORWARD;

  /** auto (the fastest here) or plain (Java alone). */
  @Param("auto")
  public String kernels = "";

  private Session session;
  private KernelCall call;
  private long flops;

  /** Binds the product and compares its result with plain Java's. */
  @Setup
  public void bind() {
    String[] parts = convolution.split(" ", -1);
    int[] image = numbers(parts[0]);
    int kernel = Integer.parseInt(parts[1]);
    int outputs = Integer.parseInt(parts[2]);
    int stride = Integer.parseInt(parts[3]);
    int zeros = kernel / 2;
    Window window =
        new Window(pair(kernel), pair(stride), pair(1), pair(zeros), pair(zeros));
    Shape weight = Shape.of(kernel, kernel, image[3], outputs);
    ConvolutionShape shape =
        new ConvolutionShape(Shape.of(image), weight, window, 1, DType.FLOAT32);
    session = new Session(kernels);
    flops = shape.flops();
    long found = session.zeros(size(shape));
    call = call(session, shape, found);
    call.run();
    if (image[0] * image[1] * image[2] <= 32 * 32 * 32) { // plain Java takes long for more
      try (Session plain = new Session("plain")) {
        long terms = Math.max(weight.size(), image[0] * (long) image[1] * image[2]);
        long expected = plain.zeros(size(shape));
        call(plain, shape, expected).run();
        Session.agree(convolution, found, expected, size(shape), 1e-5 * terms);
      }
    }
  }

  private static int[] numbers(String sizes) {
    return Arrays.stream(sizes.split("x", -1)).mapToInt(Integer::parseInt).toArray();
  }

  private static int[] pair(int value) {
    return new int[] {value, value};
  }

  private long size(ConvolutionShape shape) {
    return switch (product) {
      case FORWARD -> shape.output().size();
      case GRAD_INPUT -> shape.input().size();
      case GRAD_WEIGHT -> shape.weight().size();
    };
  }

  private KernelCall call(Session in, ConvolutionShape shape, long result) {
    Convolution kernel = in.kernels().convolution();
    long x = in.normal(shape.input().size(), 1);
    long w = in.normal(shape.weight().size(), 2);
    long dy = in.normal(shape.output().size(), 3);
    return switch (product) {
      case FORWARD -> kernel.bindForward(shape, x, w, 0, result);
      case GRAD_INPUT -> kernel.bindGradInput(shape, dy, w, result);
      case GRAD_WEIGHT -> kernel.bindGradWeight(shape, x, dy, result, 0);
    };
  }

  /** One product. */
  @Benchmark
  public void convolution(Work work) {
    call.run();
    work.gflop += flops * 1e-9;
  }

  /** Frees everything. */
  @TearDown
  public void close() {
    session.close();
  }
}
