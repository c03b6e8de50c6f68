package dev.bellows.engine.sample.split;

import java.util.Arrays;
import java.util.EnumSet;
import java.util.Set;
import java.util.TreeSet;

/**
 * Rolling origin: fold f trains on the past and validates on the rows that follow (L. J. Tashman:
 * Out-of-sample tests of forecasting accuracy, Int. J. Forecasting 2000). Sizes as in
 * scikit-learn's TimeSeriesSplit where no two rows share a time; rows of one time stay together,
 * with the later part.
 *
 * <pre>
 * rows in time   [ train .......... ][ gap, purged ][ validation ]
 * expanding      from the first row
 * rolling        the last windowRows rows before the gap
 * </pre>
 *
 * @param folds 1 or more
 * @param validationRows rows that validate in each fold; 0: rows / (folds + 1)
 * @param gapRows rows left out between training and validation
 * @param purge a row at time t trains only where t + purge lies before the first validation time:
 *     how long after its time a row's label is known (M. Lopez de Prado: Advances in Financial
 *     Machine Learning, 2018, 7.4.1), in the unit of the times
 * @param windowRows most rows to train on, the latest; 0: all
 */
public record TimeSeriesSplit(
    int folds, long validationRows, long gapRows, long purge, long windowRows) implements Splitter {
  /** Checks the numbers. */
  public TimeSeriesSplit {
    if (folds < 1 || folds > Folds.MOST_CELLS / 4) {
      throw new IllegalArgumentException(
          "folds: expected 1.." + Folds.MOST_CELLS / 4 + ", found " + folds);
    }
    if (validationRows < 0 || gapRows < 0 || purge < 0 || windowRows < 0) {
      throw new IllegalArgumentException(
          "time series: expected validation, gap, purge and window of 0 or more, found "
              + Arrays.toString(new long[] {validationRows, gapRows, purge, windowRows}));
    }
  }

  /** An expanding split without gap. */
  public static TimeSeriesSplit expanding(int folds) {
    return new TimeSeriesSplit(folds, 0, 0, 0, 0);
  }

  @Override
  public Set<RowFact> facts() {
    return EnumSet.of(RowFact.TIME);
  }

  /** Where a fold trains and validates: half-open intervals of time. */
  private record Span(long trainFrom, long trainTo, long from, long to, boolean toTheEnd) {
    byte role(long time) {
      if (time >= trainFrom && time < trainTo) {
        return Folds.TRAIN;
      }
      return time >= from && (toTheEnd || time < to) ? Folds.VALIDATION : Folds.NONE;
    }
  }

  @Override
  public Folds plan(RowCounts counts, long seed) {
    counts.check(facts());
    long[] times = counts.times();
    Arrays.sort(times);
    Span[] spans = spans(times, folds);
    if (spans.length == 0) {
      int largest = folds - 1;
      while (largest > 0 && spans(times, largest).length == 0) {
        largest--;
      }
      throw SplitException.request(
          "folds",
          largest,
          folds
              + " folds over time need rows to train and to validate at different times in each;"
              + " there are "
              + times.length
              + " rows at "
              + Arrays.stream(times).distinct().count()
              + " times");
    }
    TreeSet<Long> all = new TreeSet<>();
    for (Span span : spans) {
      all.add(span.trainFrom);
      all.add(span.trainTo);
      all.add(span.from);
      if (!span.toTheEnd) {
        all.add(span.to);
      }
    }
    long[] cuts = all.stream().mapToLong(t -> t).toArray();
    byte[][] roles = new byte[folds][cuts.length + 1];
    for (int f = 0; f < folds; f++) {
      for (int cell = 1; cell <= cuts.length; cell++) {
        long start = cuts[cell - 1]; // cell 0 lies before every part of every fold
        roles[f][cell] = spans[f].role(start);
      }
    }
    return Folds.of(Cells.ofTimes(cuts), 1, roles);
  }

  // The parts of each fold, or none when one of them has no row.
  private Span[] spans(long[] times, int k) {
    long size = validationRows > 0 ? validationRows : times.length / (k + 1);
    if (size < 1 || size > (times.length - 1) / k) {
      return new Span[0];
    }
    Span[] spans = new Span[k];
    for (int f = 0; f < k; f++) {
      int start = (int) (times.length - (k - f) * size);
      boolean last = f == k - 1;
      long from = times[start];
      long to = last ? 0 : times[(int) (start + size)];
      int first = lower(times, from);
      long afterGap = first - gapRows;
      if ((!last && from == to) || afterGap < 1) {
        return new Span[0];
      }
      long trainTo = Math.min(times[(int) afterGap], purged(from));
      int end = lower(times, trainTo);
      if (end == 0) {
        return new Span[0];
      }
      long trainFrom =
          windowRows > 0 && windowRows < end ? times[(int) (end - windowRows)] : times[0];
      spans[f] = new Span(trainFrom, trainTo, from, to, last);
    }
    return spans;
  }

  private long purged(long from) {
    return from < Long.MIN_VALUE + purge ? Long.MIN_VALUE : from - purge;
  }

  // How many times are before t.
  private static int lower(long[] times, long t) {
    int from = 0;
    int to = times.length;
    while (from < to) {
      int middle = (from + to) >>> 1;
      if (times[middle] < t) {
        from = middle + 1;
      } else {
        to = middle;
      }
    }
    return from;
  }
}
