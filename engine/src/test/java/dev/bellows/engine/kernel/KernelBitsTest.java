package dev.bellows.engine.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bellows.engine.plan.NativeKernels;
import dev.bellows.engine.sample.Distribution;
import dev.bellows.engine.sample.Philox;
import dev.bellows.engine.tensor.Arena;
import dev.bellows.engine.tensor.Memory;
import dev.bellows.engine.tensor.Shape;
import java.util.Arrays;
import java.util.function.BiFunction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * The own kernels are fixed sequences of IEEE operations: a value depends neither on its position
 * nor on the alignment, and the C library and Java give the same bits. (Matrix products are not
 * here: oneDNN has its own order.)
 */
@ExtendWith(NativeKernels.class)
final class KernelBitsTest {
  private static final int N = 1027;
  private static final float[] SPECIAL = {
    0,
    -0.0f,
    1,
    -1,
    0.5f,
    0.625f,
    -0.625f,
    0.34f,
    20,
    -20,
    88.7f,
    89.1f,
    -87.4f,
    -103.9f,
    -104.1f,
    1e30f,
    -1e30f,
    1e-30f,
    Float.MIN_VALUE,
    Float.MAX_VALUE,
    Float.NaN,
    Float.POSITIVE_INFINITY,
    Float.NEGATIVE_INFINITY
  };

  private final Kernels cpu = KernelProvider.choose(KernelProvider.Preference.CPU).open();
  private final Kernels plain = KernelProvider.choose(KernelProvider.Preference.PLAIN).open();
  private final Arena arena = new Arena(1 << 20);
  private long x;
  private long y;
  private long z;
  private long w;

  @BeforeEach
  void fill() {
    x = arena.take(4 * N + 64);
    y = arena.take(4 * N + 64);
    z = arena.take(4 * N + 64);
    w = arena.take(4 * N + 64);
    for (int i = 0; i < N; i++) {
      int s = i - 500;
      boolean special = s >= 0 && s < SPECIAL.length;
      Memory.putFloat(x + 4L * i, special ? SPECIAL[s] : 3 * Philox.normal(1, i));
      Memory.putFloat(
          y + 4L * i, special ? SPECIAL[SPECIAL.length - 1 - s] : 2 * Philox.normal(2, i));
      Memory.putFloat(w + 4L * i, Math.abs(Philox.normal(3, i)));
    }
  }

  @AfterEach
  void free() {
    cpu.close();
    plain.close();
    arena.close();
  }

  /** Bits of n results; every NaN is the same. */
  private int[] bits(KernelCall call, long at, int n) {
    call.run();
    int[] bits = new int[n];
    for (int i = 0; i < n; i++) {
      bits[i] = Float.floatToIntBits(Memory.getFloat(at + 4L * i));
    }
    return bits;
  }

  private void same(String what, int n, BiFunction<Kernels, Long, KernelCall> bind) {
    Memory.zero(z, 4L * n);
    int[] expected = bits(bind.apply(plain, z), z, n);
    Memory.zero(z, 4L * n);
    assertThat(bits(bind.apply(cpu, z), z, n)).as(what).isEqualTo(expected);
  }

  @Test
  void unaryOpsGiveTheSameBitsInJavaAndC() {
    for (UnaryOp op : UnaryOp.values()) {
      float p = op == UnaryOp.POW ? 2 : -0.7f; // other powers are the C library's against Java's
      same(op.name(), N, (k, out) -> k.elementwise().bindUnary(op, p, 0.9f, x, out, N));
      same(
          op + " with bias",
          1001,
          (k, out) -> k.elementwise().bindBias(op, p, 0.9f, x, y, out, 7, 143));
    }
  }

  @Test
  void binaryOpsGiveTheSameBitsInJavaAndC() {
    for (BinaryOp op : BinaryOp.values()) {
      BroadcastShape whole = BroadcastShape.of(Shape.of(N), Shape.of(N));
      same(op.name(), N, (k, out) -> k.elementwise().bindBinary(op, 0.3f, whole, x, y, out));
      if (op.broadcasts()) {
        BroadcastShape row = BroadcastShape.of(Shape.of(13, 77), Shape.of(77));
        BroadcastShape column = BroadcastShape.of(Shape.of(13, 1), Shape.of(13, 77));
        same(op + " row", 1001, (k, out) -> k.elementwise().bindBinary(op, 0, row, x, y, out));
        same(
            op + " column", 1001, (k, out) -> k.elementwise().bindBinary(op, 0, column, x, y, out));
      } else {
        same(
            op + " with sums",
            143,
            (k, out) ->
                k.elementwise().bindGradientWithSums(op, 0.3f, x, y, w + 2048, out, 3, 143));
      }
    }
  }

  @Test
  void aValueDependsNeitherOnItsPlaceNorOnItsNeighbours() {
    for (UnaryOp op : UnaryOp.values()) {
      KernelCall whole = cpu.elementwise().bindUnary(op, 0.7f, 0.9f, x, z, N);
      int[] expected = bits(whole, z, N);
      for (int n : new int[] {1, 2, 5, 15, 16, 17, 31, 63, 70}) {
        for (int shift = 0; shift < 5; shift++) {
          int from = 480 + shift;
          KernelCall part =
              cpu.elementwise().bindUnary(op, 0.7f, 0.9f, x + 4L * from, z + 4 * 3, n);
          assertThat(bits(part, z + 4 * 3, n))
              .as("%s of %d from %d", op, n, from)
              .isEqualTo(Arrays.copyOfRange(expected, from, from + n));
        }
      }
    }
  }

  @Test
  void reductionsNormsAndLossesGiveTheSameBitsInJavaAndC() {
    long a = x; // the first 499 values are ordinary
    long b = y;
    for (int cols : new int[] {1, 2, 7, 10, 16, 33, 70}) {
      int rows = 499 / cols;
      same("row sum", rows, (k, out) -> k.reduce().bindSum(rows, cols, 1, 0.3f, a, out));
      same("column sum", cols, (k, out) -> k.reduce().bindSum(1, rows, cols, 0.3f, a, out));
      same("max", rows, (k, out) -> k.reduce().bindRowMax(rows, cols, a, out));
      same("argmax", rows, (k, out) -> k.reduce().bindRowArgmax(rows, cols, a, out));
      same("softmax", rows * cols, (k, out) -> k.norm().bindSoftmax(rows, cols, 0.7f, a, out));
      same("log softmax", rows * cols, (k, out) -> k.norm().bindLogSoftmax(rows, cols, a, out));
      same(
          "softmax grad",
          rows * cols,
          (k, out) -> k.norm().bindSoftmaxGrad(rows, cols, 0.7f, a, b, out));
      same("mean", cols, (k, out) -> k.norm().bindBatchMean(rows, cols, a, out));
      same("variance", cols, (k, out) -> k.norm().bindBatchVariance(rows, cols, a, out));
      same(
          "norm",
          rows * cols,
          (k, out) -> k.norm().bindBatchNorm(rows, cols, 1e-3f, a, b, w, b, w, out));
      for (boolean training : new boolean[] {true, false}) {
        same(
            "norm grad",
            rows * cols,
            (k, out) ->
                k.norm().bindBatchNormGrad(training, rows, cols, 1e-3f, a, b, a, w, b, out));
      }
      same(
          "norm grad scale",
          cols,
          (k, out) -> k.norm().bindBatchNormGradScale(rows, cols, 1e-3f, a, b, a, w, out));
      losses(rows, cols);
    }
  }

  @Test
  void regionsOfInterestGiveTheSameBitsInJavaAndC() {
    for (int channels : new int[] {1, 3, 16, 17}) {
      Shape image = Shape.of(2, 4, 5, channels);
      int n = (int) image.size();
      int regions = 4;
      Shape bins = Shape.of(regions, 2, 3, channels);
      int m = (int) bins.size();
      for (boolean half : new boolean[] {true, false}) {
        RoiShape align = new RoiShape(image, bins, 2, 1.7, half);
        same("align", m, (k, out) -> k.pooling().bindRoiAlign(align, w, y, out));
        same("its gradient", n, (k, out) -> k.pooling().bindRoiAlignGrad(align, w, y, out));
      }
      RoiShape pool = new RoiShape(image, bins, 0, 1.7, false);
      same("largest", m, (k, out) -> k.pooling().bindRoiPoolIndex(pool, w, y, out));
    }
  }

  private void losses(int rows, int cols) {
    long labels = arena.take(4L * rows);
    for (int i = 0; i < rows; i++) {
      Memory.putInt(labels + 4L * i, i % cols);
    }
    for (LossOp op : LossOp.values()) {
      long truth = op == LossOp.SOFTMAX_CROSS_ENTROPY ? labels : y;
      same(
          op + " gradient",
          rows * cols,
          (k, out) -> k.loss().bind(op, 0.2f, rows, cols, x, truth, w, 0, out));
      same(op.name(), 4, (k, out) -> k.loss().bind(op, 0.2f, rows, cols, x, truth, w, out, 0));
    }
    for (MetricOp op : MetricOp.values()) {
      long truth = op == MetricOp.CORRECT ? labels : y;
      same(op.name(), 4, (k, out) -> k.loss().bindMetric(op, rows, cols, x, truth, out));
    }
  }

  @Test
  void dropoutGivesTheSameBitsInJavaAndC() {
    long key = arena.take(8);
    for (long k : new long[] {0, -1, 0x123456789abcdefL}) {
      Memory.putLong(key, k);
      for (int n : new int[] {1, 4, 63, 64, 65, 499}) {
        same("dropout", n, (kernels, out) -> kernels.random().bindDropout(0.3f, key, x, out, n));
        for (Distribution each : Distribution.values()) {
          same("draw " + each, n, (kernels, out) -> kernels.random().bindDraw(each, key, out, n));
        }
      }
    }
  }

  @Test
  void findsEveryNonFiniteValueAndEveryIndexOutside() {
    for (Kernels kernels : new Kernels[] {cpu, plain}) {
      for (int n : new int[] {1, 16, 17, 100}) {
        long floats = arena.take(4L * n);
        long ints = arena.take(8L * n);
        assertThat(kernels.reduce().allFinite(floats, n)).isTrue();
        assertThat(kernels.reduce().firstOutside(ints, n, 2, 1)).isEqualTo(-1);
        for (int i = 0; i < n; i++) {
          for (float bad :
              new float[] {Float.NaN, Float.NEGATIVE_INFINITY, Float.POSITIVE_INFINITY}) {
            Memory.putFloat(floats + 4L * i, bad);
            assertThat(kernels.reduce().allFinite(floats, n)).isFalse();
          }
          Memory.putFloat(floats + 4L * i, Float.MAX_VALUE);
          assertThat(kernels.reduce().allFinite(floats, n)).isTrue();
          for (int bad : new int[] {-1, 5, Integer.MIN_VALUE}) {
            Memory.putInt(ints + 8L * i, bad);
            assertThat(kernels.reduce().firstOutside(ints, n, 2, 5)).isEqualTo(i);
          }
          Memory.putInt(ints + 8L * i, 4);
        }
      }
    }
  }
}
