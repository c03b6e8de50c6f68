package dev.bellows.engine.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.bellows.engine.kernel.Gemm;
import dev.bellows.engine.kernel.GemmShape;
import dev.bellows.engine.kernel.KernelProvider;
import dev.bellows.engine.kernel.Kernels;
import dev.bellows.engine.sample.Philox;
import dev.bellows.engine.tensor.Arena;
import dev.bellows.engine.tensor.Memory;

/** {@link Gemm#bindSum} against the products one by one, and those against sums in double. */
final class SummedProducts {
  private SummedProducts() {}

  static void agree(KernelProvider provider, int m, int n, int k) {
    GemmShape shape = new GemmShape(m, n, k, true, false);
    for (int parts = 1; parts <= Gemm.MAX_PARTS; parts *= 2) {
      try (Kernels kernels = provider.open();
          Arena arena = new Arena(4L * parts * (m * k + n * k + m * n + 64) + 8L * m * n + 4096)) {
        assertThat(kernels.gemm().sums(shape)).isTrue();
        long[] a = new long[parts];
        long[] b = new long[parts];
        float[][] products = new float[parts][m * n];
        long c = arena.take(4L * m * n + 4);
        for (int g = 0; g < parts; g++) {
          a[g] = random(arena, m * k, g);
          b[g] = random(arena, n * k, 100 + g);
          kernels.gemm().bind(shape, a[g], b[g], 0, c).run();
          Memory.copyOut(c, products[g], 0, m * n);
        }
        Memory.putFloat(c + 4L * m * n, 77);
        kernels.gemm().bindSum(shape, a, b, c).run();
        assertThat(Memory.getFloat(c + 4L * m * n)).as("nothing behind the result").isEqualTo(77);
        for (int i = 0; i < m * n; i++) {
          float tree = tree(products, i, 0, parts);
          assertThat(Memory.getFloat(c + 4L * i)).isEqualTo(tree);
          assertThat((double) products[0][i])
              .isCloseTo(element(a[0], b[0], m, n, k, i), within(1e-4));
        }
      }
    }
  }

  private static long random(Arena arena, int length, int stream) {
    float[] values = new float[length];
    Philox.fillNormal(5, stream, values, 0, length);
    long address = arena.take(4L * length);
    Memory.copyIn(values, 0, address, length);
    return address;
  }

  private static float tree(float[][] parts, int i, int from, int count) {
    return count == 1
        ? parts[from][i]
        : tree(parts, i, from, count / 2) + tree(parts, i, from + count / 2, count / 2);
  }

  private static double element(long a, long b, int m, int n, int k, int i) {
    double sum = 0;
    for (int p = 0; p < k; p++) {
      sum +=
          (double) Memory.getFloat(a + 4L * ((long) p * m + i / n))
              * Memory.getFloat(b + 4L * ((long) p * n + i % n));
    }
    return sum;
  }
}
