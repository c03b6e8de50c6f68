package dev.bellows.engine.metric;

import java.io.IOException;
import java.io.ObjectInput;
import java.io.ObjectOutput;
import java.util.TreeMap;

/**
 * Weight of the rows of each (true class, predicted class). Whole weights are counted in longs,
 * others summed exactly, so merging in any order gives the same numbers.
 */
final class Confusion {
  static final int MAX_CLASSES = 2048;

  private final int classes;
  private final long[] counts;
  private final TreeMap<Integer, ExactSum> fractions = new TreeMap<>();

  Confusion(int classes) {
    if (classes > MAX_CLASSES) {
      throw new IllegalArgumentException(
          "confusion matrix: expected at most %d classes, found %d; use accuracy and log_loss only"
              .formatted(MAX_CLASSES, classes));
    }
    this.classes = classes;
    this.counts = new long[classes * classes];
  }

  void add(int actual, int predicted, float weight) {
    int cell = actual * classes + predicted;
    long whole = (long) weight;
    if (whole == weight) {
      counts[cell] += whole;
    } else {
      fractions.computeIfAbsent(cell, key -> new ExactSum()).add(weight);
    }
  }

  void merge(Confusion other) {
    for (int i = 0; i < counts.length; i++) {
      counts[i] += other.counts[i];
    }
    other.fractions.forEach(
        (cell, sum) -> fractions.computeIfAbsent(cell, key -> new ExactSum()).merge(sum));
  }

  /** Rows: true class, columns: predicted class. */
  double[][] matrix() {
    double[][] matrix = new double[classes][classes];
    for (int i = 0; i < counts.length; i++) {
      ExactSum sum = fractions.get(i);
      double value = (double) counts[i];
      if (sum != null) {
        ExactSum both = new ExactSum(); // one rounding for whole and fractional weights together
        both.merge(sum);
        both.add((double) counts[i]);
        value = both.value();
      }
      matrix[i / classes][i % classes] = value;
    }
    return matrix;
  }

  void write(ObjectOutput out) throws IOException {
    for (long count : counts) {
      out.writeLong(count);
    }
    out.writeInt(fractions.size());
    for (var entry : fractions.entrySet()) {
      out.writeInt(entry.getKey());
      entry.getValue().write(out);
    }
  }

  void read(ObjectInput in) throws IOException {
    for (int i = 0; i < counts.length; i++) {
      counts[i] = in.readLong();
    }
    for (int left = in.readInt(); left > 0; left--) {
      int cell = in.readInt();
      fractions.put(cell, ExactSum.read(in));
    }
  }
}
