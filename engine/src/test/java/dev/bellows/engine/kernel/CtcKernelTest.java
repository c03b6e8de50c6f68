package dev.bellows.engine.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.bellows.engine.kernel.Alignment.CtcShape;
import dev.bellows.engine.plan.NativeKernels;
import dev.bellows.engine.sample.Philox;
import dev.bellows.engine.tensor.Arena;
import dev.bellows.engine.tensor.Memory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** CTC in C and in Java: the rows that no network should give, and long ones. */
@ExtendWith(NativeKernels.class)
final class CtcKernelTest {
  /** Steps and labels of each row: none, too few steps, all the same label, long, out of range. */
  private static final int[][] ROWS = {
    {9, 3}, {0, 0}, {0, 2}, {9, 0}, {2, 5}, {200, 40}, {999, 60}, {-1, 1}, {30, 4}, {30, 5}
  };

  private static final CtcShape SHAPE = new CtcShape(ROWS.length, 200, 12, 60, 11);

  @Test
  void cAndJavaAgree() {
    int values = SHAPE.rows() * SHAPE.steps() * SHAPE.classes();
    try (Kernels cpu = KernelProvider.choose(KernelProvider.Preference.CPU).open();
        Kernels plain = KernelProvider.choose(KernelProvider.Preference.PLAIN).open();
        Arena arena = new Arena(1 << 20)) {
      long x = arena.take(4L * values);
      for (int i = 0; i < values; i++) {
        Memory.putFloat(x + 4L * i, -Math.abs(6 * Philox.normal(1, i)));
      }
      long row = 4L * SHAPE.steps() * SHAPE.classes();
      Memory.putFloat(x + 8 * row + 40, Float.NEGATIVE_INFINITY);
      Memory.putFloat(x + 9 * row + 4L * SHAPE.blank(), Float.NaN);
      long labels = arena.take(4L * SHAPE.rows() * SHAPE.labels());
      long lengths = arena.take(4L * SHAPE.rows());
      long counts = arena.take(4L * SHAPE.rows());
      long dy = arena.take(4L * SHAPE.rows());
      for (int n = 0; n < SHAPE.rows(); n++) {
        Memory.putInt(lengths + 4L * n, ROWS[n][0]);
        Memory.putInt(counts + 4L * n, ROWS[n][1]);
        Memory.putFloat(dy + 4L * n, 1 + n);
        for (int i = 0; i < SHAPE.labels(); i++) {
          int label = n == 0 ? 4 : (int) (11 * Philox.uniform(2, n * 100L + i));
          Memory.putInt(labels + 4L * (n * SHAPE.labels() + i), label);
        }
      }
      long a = arena.take(4L * values);
      long b = arena.take(4L * values);
      cpu.alignment().bindCtc(SHAPE, x, labels, lengths, counts, a).run();
      plain.alignment().bindCtc(SHAPE, x, labels, lengths, counts, b).run();
      agree(SHAPE.rows(), a, b);
      assertThat(Memory.getFloat(a + 4L * 4)).isEqualTo(Float.POSITIVE_INFINITY);
      assertThat(Memory.getFloat(a + 4L * 9)).isNaN();
      cpu.alignment().bindCtcGrad(SHAPE, dy, x, labels, lengths, counts, a).run();
      plain.alignment().bindCtcGrad(SHAPE, dy, x, labels, lengths, counts, b).run();
      agree(values, a, b);
    }
  }

  /** Both compute in double precision: float results differ in their last place only. */
  private static void agree(int n, long a, long b) {
    for (int i = 0; i < n; i++) {
      float found = Memory.getFloat(a + 4L * i);
      float expected = Memory.getFloat(b + 4L * i);
      if (Float.isFinite(expected)) {
        assertThat(found).as("[%d]", i).isCloseTo(expected, within(2 * Math.ulp(expected)));
      } else {
        assertThat(Float.compare(found, expected)).as("[%d] %s", i, found).isZero();
      }
    }
  }
}
