package dev.bellows.jobs.table;

import dev.bellows.jobs.source.RawBlock;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.apache.spark.api.java.JavaRDD;

/**
 * Exact medians by radix selection: four passes over the cached rows, each fixing 16 bits of the
 * answer. No sampling, no sorting, and the same answer for any partitioning.
 */
final class Medians {
  private static final int PASSES = 4;
  private static final int BUCKETS = 1 << 16;

  private Medians() {}

  /** Bits whose unsigned order is the order of the numbers. */
  private static long ordered(double v) {
    long bits = Double.doubleToLongBits(v == 0 ? 0.0 : v);
    return bits < 0 ? ~bits : bits ^ Long.MIN_VALUE;
  }

  private static double number(long ordered) {
    return Double.longBitsToDouble(ordered < 0 ? ordered ^ Long.MIN_VALUE : ~ordered);
  }

  /** The value of a rank (0-based) of a column, found bit by bit. */
  private static final class Search implements java.io.Serializable {
    private static final long serialVersionUID = 1L;
    final int column;
    long rank;
    long prefix;

    Search(int column, long rank) {
      this.column = column;
      this.rank = rank;
    }
  }

  /**
   * Medians of the rows that count; the mean of the two middle values for an even count.
   *
   * @param columns which columns
   * @param counts numbers in each of them; NaN comes out where it is 0
   */
  static double[] of(JavaRDD<MaskedBlock> rows, int[] columns, long[] counts) {
    List<Search> searches = new ArrayList<>();
    for (int i = 0; i < columns.length; i++) {
      searches.add(new Search(columns[i], Math.max(0, (counts[i] - 1) / 2)));
      searches.add(new Search(columns[i], Math.max(0, counts[i] / 2)));
    }
    for (int pass = 0; pass < PASSES && !searches.isEmpty(); pass++) {
      int shift = 48 - 16 * pass;
      ArrayList<Search> now = new ArrayList<>(searches);
      long[][] histogram =
          rows.mapPartitions(
                  it -> {
                    long[][] h = new long[now.size()][BUCKETS];
                    while (it.hasNext()) {
                      count(it.next(), now, shift, h);
                    }
                    return Collections.singletonList(h).iterator();
                  })
              .treeReduce(Medians::merge);
      for (int s = 0; s < searches.size(); s++) {
        Search search = searches.get(s);
        int bucket = 0;
        while (bucket < BUCKETS - 1 && search.rank >= histogram[s][bucket]) {
          search.rank -= histogram[s][bucket++];
        }
        search.prefix |= (long) bucket << shift;
      }
    }
    double[] medians = new double[columns.length];
    for (int i = 0; i < columns.length; i++) {
      double low = number(searches.get(2 * i).prefix);
      double high = number(searches.get(2 * i + 1).prefix);
      medians[i] = counts[i] == 0 ? Double.NaN : low / 2 + high / 2;
      if (low == high) {
        medians[i] = counts[i] == 0 ? Double.NaN : low;
      }
    }
    return medians;
  }

  private static void count(
      MaskedBlock masked, List<Search> searches, int shift, long[][] histogram) {
    RawBlock block = masked.block();
    for (int s = 0; s < searches.size(); s++) {
      Search search = searches.get(s);
      double[] values = block.column(search.column).numbers();
      for (int r = masked.rows().nextSetBit(0); r >= 0; r = masked.rows().nextSetBit(r + 1)) {
        double v = values[r];
        if (!Double.isNaN(v)) {
          long bits = ordered(v);
          if (shift == 48 || bits >>> (shift + 16) == search.prefix >>> (shift + 16)) {
            histogram[s][(int) (bits >>> shift) & (BUCKETS - 1)]++;
          }
        }
      }
    }
  }

  private static long[][] merge(long[][] a, long[][] b) {
    for (int i = 0; i < a.length; i++) {
      for (int j = 0; j < BUCKETS; j++) {
        a[i][j] += b[i][j];
      }
    }
    return a;
  }
}
