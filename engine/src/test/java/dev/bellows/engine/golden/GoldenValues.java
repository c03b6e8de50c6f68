package dev.bellows.engine.golden;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Objects;

/** The weights, data and losses of {@code src/test/python/golden_curves.py}. */
public final class GoldenValues {
  /** Streams of data start here; parameters have the streams from 0 on. */
  public static final long DATA = 1 << 20;

  private GoldenValues() {}

  private static long bits(long stream, long i) {
    long z = (i + (stream << 32) + 1) * 0x9E3779B97F4A7C15L;
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return (z ^ (z >>> 31)) >>> 40;
  }

  /** Values in [-bound, bound), evenly spread. */
  public static float[] values(long stream, int n, float bound) {
    float[] values = new float[n];
    for (int i = 0; i < n; i++) {
      values[i] = (bits(stream, i) * 0x1p-23f - 1) * bound;
    }
    return values;
  }

  /** Whole numbers in [0, limit). */
  public static int[] wholes(long stream, int n, int limit) {
    int[] values = new int[n];
    for (int i = 0; i < n; i++) {
      values[i] = (int) (bits(stream, i) % limit);
    }
    return values;
  }

  /** PyTorch's loss at each step. */
  public static double[] losses(String model) {
    String name = model + ".txt";
    try (InputStream in =
            Objects.requireNonNull(GoldenValues.class.getResourceAsStream(name), name);
        BufferedReader lines =
            new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
      return lines
          .lines()
          .filter(line -> !line.startsWith("#"))
          .mapToDouble(line -> Double.parseDouble(line.split(" ")[1]))
          .toArray();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
