package dev.bellows.engine.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.bellows.engine.kernel.FlatVectors.AdamConstant;
import dev.bellows.engine.kernel.cpu.CpuKernels;
import dev.bellows.engine.kernel.plain.PlainFlatVectors;
import dev.bellows.engine.sample.Mix64;
import dev.bellows.engine.tensor.Memory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The two implementations of {@link FlatVectors} give the same bits. */
class FlatVectorsTest {
  private final FlatVectors plain = new PlainFlatVectors();

  private static FlatVectors nativeOnes() {
    assumeTrue(CpuKernels.ownKernels(), "no native kernels here: " + CpuKernels.problem());
    return CpuKernels.flatVectors();
  }

  /** Values of many magnitudes and both signs, zeros of both signs and subnormals among them. */
  private static float[] values(int n, long seed) {
    float[] x = new float[n];
    for (int i = 0; i < n; i++) {
      long bits = Mix64.mix(seed + i);
      float size = (float) Math.scalb(1.0, (int) (bits & 63) - 50);
      x[i] =
          switch ((int) (bits >>> 60)) {
            case 0 -> 0f;
            case 1 -> -0f;
            case 2 -> (bits >>> 32 & 1) == 0 ? 3 * Float.MIN_VALUE : -1e-39f;
            default -> ((bits >>> 20 & 0xffff) / 65536f - 0.5f) * size;
          };
    }
    return x;
  }

  private static float[] constants(float bound, float l2, float keep, float threshold) {
    float[] c = new float[AdamConstant.values().length];
    c[AdamConstant.MEAN.ordinal()] = 1f / 96;
    c[AdamConstant.BOUND.ordinal()] = bound;
    c[AdamConstant.CLIP.ordinal()] = 0.75f;
    c[AdamConstant.L2.ordinal()] = l2;
    c[AdamConstant.KEEP.ordinal()] = keep;
    c[AdamConstant.THRESHOLD.ordinal()] = threshold;
    c[AdamConstant.BETA1.ordinal()] = 0.9f;
    c[AdamConstant.REST1.ordinal()] = 0.1f;
    c[AdamConstant.BETA2.ordinal()] = 0.999f;
    c[AdamConstant.REST2.ordinal()] = 0.001f;
    c[AdamConstant.ETA.ordinal()] = 0.003f;
    c[AdamConstant.CORRECTION.ordinal()] = 4.5f;
    c[AdamConstant.EPSILON.ordinal()] = 1e-8f;
    return c;
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 15, 16, 17, 1000, 1024})
  void bfloat16IsSplitAndAdded(int n) {
    float[] x = values(n + 2, 5);
    if (n > 15) {
      x[3] = Float.MAX_VALUE;
      x[4] = -Float.MAX_VALUE;
      x[5] = Float.intBitsToFloat(0x3f808000); // a tie that goes down
      x[6] = Float.intBitsToFloat(0x3f818000); // and one that goes up
    }
    float[] rest = x.clone();
    float[] plainRest = x.clone();
    byte[] code = new byte[2 * n + 3];
    byte[] plainCode = code.clone();
    nativeOnes().splitBfloat16(rest, 1, code, 3, n);
    plain.splitBfloat16(plainRest, 1, plainCode, 3, n);
    assertThat(code).isEqualTo(plainCode);
    assertThat(rest).isEqualTo(plainRest);
    float[] sum = rest.clone();
    assertThat(nativeOnes().addBfloat16(code, 3, sum, 1, n)).isTrue();
    float[] plainSum = rest.clone();
    assertThat(plain.addBfloat16(code, 3, plainSum, 1, n)).isTrue();
    assertThat(sum).isEqualTo(plainSum);
    for (int i = 0; i < x.length; i++) {
      assertThat(sum[i]).as("code and remainder make the value, element %d", i).isEqualTo(x[i]);
    }
    if (n > 0) {
      code[code.length - 1] = 0x7f;
      code[code.length - 2] = (byte) 0x80;
      assertThat(nativeOnes().addBfloat16(code, 3, sum, 1, n)).isFalse();
      assertThat(plain.addBfloat16(code, 3, plainSum, 1, n)).isFalse();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 7, 64, 1023, 1024, 1025, 5000})
  void adamHasTheSameBitsInCAndInJava(int n) {
    FlatVectors fast = nativeOnes();
    float[][] variants = {
      constants(Float.POSITIVE_INFINITY, 0, 1, 0),
      constants(Float.POSITIVE_INFINITY, 1e-3f, 1, 0),
      constants(0.01f, 0, 0.99f, 0),
      constants(0.01f, 1e-3f, 0.99f, 1e-4f)
    };
    for (float[] constants : variants) {
      float[][] a = {values(n + 3, 2), values(n + 3, 3), values(n + 3, 5)};
      float[][] b = {a[0].clone(), a[1].clone(), a[2].clone()};
      for (int i = 0; i < n + 3; i++) {
        a[2][i] = b[2][i] = Math.abs(a[2][i]); // second moments
      }
      for (int step = 0; step < 3; step++) {
        plain.adam(constants, values(n + 3, 11 + step), a[0], a[1], a[2], 2, n);
        fast.adam(constants, values(n + 3, 11 + step), b[0], b[1], b[2], 2, n);
      }
      for (int k = 0; k < 3; k++) {
        assertSameBits(b[k], a[k]);
      }
    }
  }

  @Test
  void averagesThatDecayNeverBecomeSubnormal() {
    float[] constants = constants(Float.POSITIVE_INFINITY, 0, 1, 0);
    float[] w = {1f, 1f};
    float[] m = {1e-10f, -1e-10f};
    float[] v = {1e-30f, 1e-30f};
    for (int step = 0; step < 20_000; step++) {
      plain.adam(constants, new float[2], w, m, v, 0, 2);
      for (float x : new float[] {m[0], m[1], v[0], v[1]}) {
        assertThat(x == 0 || Math.abs(x) >= Float.MIN_NORMAL).isTrue();
      }
    }
    assertThat(Math.abs(m[0])).isLessThan(1e-28f);
    assertThat(v[0]).isLessThan(1e-34f);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 17, 1024, 4099})
  void sumsAndCopiesHaveTheSameBitsAndSeeWhatIsNotFinite(int n) {
    FlatVectors fast = nativeOnes();
    float[] x = values(n + 5, 23);
    long address = Memory.allocate(4L * n);
    try {
      for (float bad : new float[] {0f, Float.NaN, Float.NEGATIVE_INFINITY}) {
        x[5 + n / 2] = bad;
        boolean finite = bad == 0;
        Memory.copyIn(x, 5, address, n);
        for (int count = 1; count <= 3; count++) {
          float[][] a = {values(n, 29), values(n, 31), values(n + 2, 37)};
          float[][] b = {a[0].clone(), a[1].clone(), a[2].clone()};
          float[] expected = a[count - 1].clone();
          for (int i = 0; i < n; i++) {
            float sum = a[0][i] + x[5 + i];
            for (int k = 1; k < count; k++) {
              sum = a[k][i] + sum;
            }
            expected[i] = sum;
          }
          assertThat(plain.add(address, a, count, n)).isEqualTo(finite);
          assertThat(fast.add(address, b, count, n)).isEqualTo(finite);
          assertSameBits(a[count - 1], expected);
          assertSameBits(b[count - 1], expected);
        }
        float[] a = values(n + 2, 41);
        float[] b = a.clone();
        plain.add(x, 5, a, n);
        fast.add(x, 5, b, n);
        assertSameBits(b, a);
        assertThat(plain.copy(address, a, n)).isEqualTo(finite);
        assertThat(fast.copy(address, b, n)).isEqualTo(finite);
        assertSameBits(b, a);
        assertThat(plain.allFinite(x, 5, n)).isEqualTo(finite);
        assertThat(fast.allFinite(x, 5, n)).isEqualTo(finite);
        assertThat(fast.allFinite(x, 0, 5)).isTrue();
      }
    } finally {
      Memory.free(address);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 9, 784, 1027})
  void rowsOfBytesBecomeTheSameFloats(int width) {
    FlatVectors fast = nativeOnes();
    byte[] x = new byte[6 * width];
    for (int i = 0; i < x.length; i++) {
      x[i] = (byte) Mix64.mix(i);
    }
    int[] order = {5, 0, 3, 1};
    long a = Memory.allocate(4L * 3 * width);
    long b = Memory.allocate(4L * 3 * width);
    try {
      for (int[] rows : new int[][] {order, null}) {
        plain.byteRows(x, rows, 1, 3, width, 33.318, 1 / 78.567, a);
        fast.byteRows(x, rows, 1, 3, width, 33.318, 1 / 78.567, b);
        for (int i = 0; i < 3 * width; i++) {
          int row = rows == null ? 1 + i / width : rows[1 + i / width];
          float expected = (float) (((x[row * width + i % width] & 0xff) - 33.318) * (1 / 78.567));
          assertThat(Memory.getFloat(a + 4L * i)).isEqualTo(expected);
          assertThat(Memory.getFloat(b + 4L * i)).isEqualTo(expected);
        }
      }
      int[] outside = {6};
      assertThatThrownBy(() -> fast.byteRows(x, outside, 0, 1, width, 0, 1, b))
          .isInstanceOf(IndexOutOfBoundsException.class);
      assertThatThrownBy(() -> plain.byteRows(x, outside, 0, 1, width, 0, 1, a))
          .isInstanceOf(IndexOutOfBoundsException.class);
    } finally {
      Memory.free(a);
      Memory.free(b);
    }
  }

  private static void assertSameBits(float[] found, float[] expected) {
    assertThat(found).hasSameSizeAs(expected);
    for (int i = 0; i < found.length; i++) {
      assertThat(Float.floatToIntBits(found[i]))
          .as("element %d: %s, expected %s", i, found[i], expected[i])
          .isEqualTo(Float.floatToIntBits(expected[i]));
    }
  }
}
