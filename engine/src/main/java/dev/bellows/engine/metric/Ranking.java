package dev.bellows.engine.metric;

import java.io.IOException;
import java.io.ObjectInput;
import java.io.ObjectOutput;
import java.util.Arrays;

/**
 * Scores of one class against the rest, for ROC and precision-recall curves: exact, ties as one
 * step (T. Fawcett: An Introduction to ROC Analysis, 2006).
 *
 * <p>A row is one long: 32 bits of score in sortable form, 31 bits of weight, 1 bit "is positive".
 * The sorted array is a function of the rows alone, and so are the sums over it; 8 bytes per row.
 */
final class Ranking {
  private long[] rows = new long[64];
  private int size;
  private boolean sorted = true;

  void add(float score, boolean positive, float weight) {
    if (weight == 0) {
      return;
    }
    if (size == rows.length) {
      rows = Arrays.copyOf(rows, grown(size));
    }
    rows[size++] =
        ((long) sortable(score) << 32)
            | ((long) Float.floatToRawIntBits(weight) << 1)
            | (positive ? 1 : 0);
    sorted = false;
  }

  void merge(Ranking other) {
    long needed = (long) size + other.size;
    if (needed > Integer.MAX_VALUE - 8) {
      throw new IllegalArgumentException("auc: expected at most 2^31 - 9 rows, found " + needed);
    }
    if (needed > rows.length) {
      rows = Arrays.copyOf(rows, Math.max((int) needed, grown(size)));
    }
    System.arraycopy(other.rows, 0, rows, size, other.size);
    size = (int) needed;
    sorted = false;
  }

  /**
   * Cumulative weights after each distinct score, from the highest score down.
   *
   * @return points {score, true-positive weight, false-positive weight}, the last one holding the
   *     totals
   */
  double[][] steps() {
    sort();
    int distinct = 0;
    for (int i = 0; i < size; i++) {
      distinct += i == 0 || rows[i] >> 32 != rows[i - 1] >> 32 ? 1 : 0;
    }
    double[][] steps = new double[distinct][];
    double positives = 0;
    double negatives = 0;
    int at = 0;
    for (int i = size - 1; i >= 0; i--) {
      float weight = Float.intBitsToFloat((int) (rows[i] & 0xFFFFFFFFL) >>> 1);
      if ((rows[i] & 1) == 1) {
        positives += weight;
      } else {
        negatives += weight;
      }
      if (i == 0 || rows[i] >> 32 != rows[i - 1] >> 32) {
        steps[at++] = new double[] {score((int) (rows[i] >> 32)), positives, negatives};
      }
    }
    return steps;
  }

  /** Area under the ROC curve, or NaN when a class is missing. */
  static double rocArea(double[][] steps) {
    double area = 0;
    double tp = 0;
    double fp = 0;
    for (double[] step : steps) {
      area += (step[2] - fp) * (step[1] + tp) / 2;
      tp = step[1];
      fp = step[2];
    }
    return tp > 0 && fp > 0 ? area / (tp * fp) : Double.NaN;
  }

  /**
   * Average precision: sum of precision times the gain in recall, not interpolated; NaN without
   * positives.
   */
  static double averagePrecision(double[][] steps) {
    double sum = 0;
    double tp = 0;
    for (double[] step : steps) {
      if (step[1] > tp) {
        sum += (step[1] - tp) * (step[1] / (step[1] + step[2]));
        tp = step[1];
      }
    }
    return tp > 0 ? sum / tp : Double.NaN;
  }

  private void sort() {
    if (!sorted) {
      Arrays.sort(rows, 0, size);
      sorted = true;
    }
  }

  private static int grown(int size) {
    return (int) Math.min(Integer.MAX_VALUE - 8L, size * 2L);
  }

  // Order of the ints = order of the floats; -0 and 0 are one score.
  private static int sortable(float score) {
    int bits = Float.floatToIntBits(score + 0.0f);
    return bits ^ ((bits >> 31) & 0x7FFFFFFF);
  }

  private static float score(int sortable) {
    return Float.intBitsToFloat(sortable ^ ((sortable >> 31) & 0x7FFFFFFF));
  }

  void write(ObjectOutput out) throws IOException {
    sort();
    out.writeInt(size);
    for (int i = 0; i < size; i++) {
      out.writeLong(rows[i]);
    }
  }

  void read(ObjectInput in) throws IOException {
    int count = in.readInt();
    // Grows as the rows arrive: a false count can't allocate.
    for (int i = 0; i < count; i++) {
      if (size == rows.length) {
        rows = Arrays.copyOf(rows, Math.min(count, grown(size)));
      }
      rows[size++] = in.readLong();
    }
    sorted = false;
  }
}
