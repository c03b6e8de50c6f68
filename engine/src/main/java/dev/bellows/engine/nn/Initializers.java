package dev.bellows.engine.nn;

import dev.bellows.engine.sample.Mix64;
import dev.bellows.engine.sample.Philox;
import dev.bellows.engine.sample.Purpose;
import java.util.Arrays;

/**
 * First values of a flat parameter vector: a pure function of (layout, seed), the same on every
 * machine.
 */
public final class Initializers {
  private Initializers() {}

  /**
   * The first values of all segments. Element i of a segment is element i of the Philox stream
   * keyed by (seed, INIT, hash of the segment's name): adding a layer does not change the values of
   * the others.
   *
   * @return a new vector of {@code layout.length()}
   */
  public static float[] init(ParameterLayout layout, long seed) {
    float[] values = new float[layout.length()];
    for (Segment segment : layout.segments()) {
      fill(segment, Mix64.mix(seed, Purpose.INIT, Mix64.ofText(segment.name())), values);
    }
    return values;
  }

  private static void fill(Segment segment, long key, float[] values) {
    int from = segment.offset();
    int to = segment.end();
    switch (segment.init()) {
      case ZERO -> {}
      case ONE -> Arrays.fill(values, from, to, 1);
      case SMALL_RANDOM -> normal(segment, key, 0.01, values);
      case XAVIER -> normal(segment, key, Math.sqrt(1.0 / segment.fanIn()), values);
      case HE -> normal(segment, key, Math.sqrt(2.0 / segment.fanIn()), values);
      case ORTHOGONAL -> orthogonal(segment, key, values);
      case FORGET_GATE ->
          Arrays.fill(values, from + segment.length() / 4, from + segment.length() / 2, 1);
      case GLOROT -> {
        double limit = Math.sqrt(6.0 / ((double) segment.fanIn() + segment.fanOut()));
        Philox.fillUniform(key, 0, values, from, segment.length());
        for (int i = from; i < to; i++) {
          values[i] = (float) (limit * (2 * (double) values[i] - 1));
        }
      }
    }
  }

  private static void normal(Segment segment, long key, double deviation, float[] values) {
    Philox.fillNormal(key, 0, values, segment.offset(), segment.length());
    for (int i = segment.offset(); i < segment.end(); i++) {
      values[i] = (float) (deviation * values[i]);
    }
  }

  /** Blocks side by side, each of orthonormal lines by Gram and Schmidt (twice, for rounding). */
  private static void orthogonal(Segment segment, long key, float[] values) {
    int columns = segment.shape().dim(-1);
    int rows = segment.length() / columns;
    normal(segment, key, 1, values);
    int width = columns % rows == 0 ? rows : columns;
    for (int block = 0; block < columns; block += width) {
      boolean byRow = rows <= width;
      int lines = byRow ? rows : width;
      int length = byRow ? width : rows;
      double[][] line = new double[lines][length];
      for (int i = 0; i < lines; i++) {
        for (int j = 0; j < length; j++) {
          int at = byRow ? i * columns + block + j : j * columns + block + i;
          line[i][j] = values[segment.offset() + at];
        }
        orthonormalise(line, i);
        for (int j = 0; j < length; j++) {
          int at = byRow ? i * columns + block + j : j * columns + block + i;
          values[segment.offset() + at] = (float) line[i][j];
        }
      }
    }
  }

  /** Makes line i orthogonal to those before it, and of length 1. */
  private static void orthonormalise(double[][] line, int i) {
    for (int pass = 0; pass < 2; pass++) {
      for (int k = 0; k < i; k++) {
        double dot = dot(line[i], line[k]);
        for (int j = 0; j < line[i].length; j++) {
          line[i][j] -= dot * line[k][j];
        }
      }
    }
    double norm = Math.sqrt(dot(line[i], line[i]));
    for (int j = 0; j < line[i].length; j++) {
      line[i][j] /= norm;
    }
  }

  private static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int j = 0; j < a.length; j++) {
      sum += a[j] * b[j];
    }
    return sum;
  }
}
