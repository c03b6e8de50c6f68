package dev.bellows.engine.bench;

import java.util.Arrays;
import java.util.Locale;

/** Medians of repeated calls. */
public final class Timing {
  private static final int SAMPLES = 50;

  private Timing() {}

  /**
   * Median nanoseconds of a call: after warming up for half the time, over 50 blocks of calls that
   * together take about the whole time.
   */
  static double median(Runnable call, double seconds) {
    long end = System.nanoTime() + (long) (seconds * 0.5e9);
    long warm = 0;
    while (System.nanoTime() < end) {
      call.run();
      warm++;
    }
    int block = (int) Math.max(1, 2 * warm / SAMPLES);
    double[] samples = new double[SAMPLES];
    for (int s = 0; s < samples.length; s++) {
      long start = System.nanoTime();
      for (int i = 0; i < block; i++) {
        call.run();
      }
      samples[s] = (double) (System.nanoTime() - start) / block;
    }
    return median(samples);
  }

  /** Sorts {@code values} and returns the middle one. */
  static double median(double[] values) {
    Arrays.sort(values);
    return values[values.length / 2];
  }

  /** Prints to standard output. */
  public static void print(String format, Object... values) {
    System.out.printf(Locale.ROOT, format, values);
  }
}
