package dev.bellows.ps.bench;

import dev.bellows.engine.optim.OptimizerSpec;
import dev.bellows.engine.optim.UpdateRule;
import dev.bellows.engine.optim.UpdateSpec;
import dev.bellows.ps.shard.ShardMap;
import java.util.Arrays;
import java.util.Locale;

/**
 * The server's update, Adam over 10M parameters in chunks, beside STREAM's triad over as many bytes
 * (J. McCalpin, "Memory bandwidth and machine balance in current high performance computers", IEEE
 * TCCA Newsletter, 1995), both in one thread and in turn. Adam reads gradient, two moments and
 * value and writes the last three, 28 bytes a parameter; the triad reads two floats and writes one,
 * 12 bytes an element; what the processor reads to write a line counts on neither side.
 *
 * <p>Prints GB/s, medians of the rounds, and the ratio; checks one parameter against Adam's formula
 * in double. Arguments: {@code [rounds]}.
 */
public final class UpdateBench {
  private static final int LENGTH = 10_000_000;
  private static final int ADAM_BYTES = 28;
  private static final int TRIAD_BYTES = 12;
  private static final int WARM_UP_ROUNDS = 4;

  private UpdateBench() {}

  /** Runs the benchmark. */
  public static void main(String[] args) {
    int rounds = args.length > 0 ? Integer.parseInt(args[0]) : 15;
    int chunks = (LENGTH - 1) / ShardMap.CHUNK + 1;
    float[][] values = chunks(chunks, 0.5f);
    float[][] gradients = chunks(chunks, 0.25f);
    float[][][] slots = new float[chunks][][];
    for (int c = 0; c < chunks; c++) {
      slots[c] = new float[2][values[c].length];
    }
    UpdateRule rule =
        new UpdateRule(UpdateSpec.plain(OptimizerSpec.of(OptimizerSpec.Kind.ADAM, 0.001), LENGTH));
    int n = (int) ((long) LENGTH * ADAM_BYTES / TRIAD_BYTES);
    float[] a = new float[n];
    float[] b = new float[n];
    float[] c = new float[n];
    Arrays.fill(b, 1f);
    Arrays.fill(c, 2f);
    double[] adam = new double[rounds];
    double[] triad = new double[rounds];
    int step = 0;
    for (int round = -WARM_UP_ROUNDS; round < rounds; round++) {
      long start = System.nanoTime();
      triad(a, b, c, 3f);
      long middle = System.nanoTime();
      step++;
      for (int i = 0; i < chunks; i++) {
        rule.apply(
            step,
            0.001,
            1,
            1f,
            values[i],
            gradients[i],
            slots[i],
            0,
            values[i].length,
            i * ShardMap.CHUNK);
      }
      long end = System.nanoTime();
      if (round >= 0) {
        triad[round] = (double) n * TRIAD_BYTES / (middle - start);
        adam[round] = (double) LENGTH * ADAM_BYTES / (end - middle);
      }
    }
    check(values[chunks - 1][0], step, a[n - 1]);
    Arrays.sort(adam);
    Arrays.sort(triad);
    System.out.println(
        String.format(
            Locale.ROOT,
            "Adam %,d parameters: %.1f GB/s (%.1f to %.1f), triad %.1f GB/s (%.1f to %.1f): %.0f %%",
            LENGTH,
            adam[rounds / 2],
            adam[0],
            adam[rounds - 1],
            triad[rounds / 2],
            triad[0],
            triad[rounds - 1],
            100 * adam[rounds / 2] / triad[rounds / 2]));
  }

  private static void triad(float[] a, float[] b, float[] c, float s) {
    for (int i = 0; i < a.length; i++) {
      a[i] = b[i] + s * c[i];
    }
  }

  /** With a constant gradient every step of Adam is the rate, whatever the gradient. */
  private static void check(float value, int steps, float sum) {
    double expected = 0.5 - 0.001 * steps;
    if (Math.abs(value - expected) > 1e-4 || sum != 7f) {
      throw new IllegalStateException(
          "expected " + expected + " and 7, found " + value + " and " + sum);
    }
  }

  private static float[][] chunks(int chunks, float value) {
    float[][] arrays = new float[chunks][];
    for (int c = 0; c < chunks; c++) {
      arrays[c] = new float[Math.min(ShardMap.CHUNK, LENGTH - c * ShardMap.CHUNK)];
      Arrays.fill(arrays[c], value);
    }
    return arrays;
  }
}
