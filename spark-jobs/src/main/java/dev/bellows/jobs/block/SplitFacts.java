package dev.bellows.jobs.block;

import dev.bellows.engine.sample.Mix64;
import dev.bellows.jobs.source.ArrayCodec;
import dev.bellows.jobs.source.DataException;
import dev.bellows.jobs.source.NumberText;
import dev.bellows.jobs.source.RawBlock;
import dev.bellows.jobs.source.RawColumn;
import dev.bellows.jobs.table.SplitColumns;
import java.io.IOException;
import java.io.ObjectInput;
import java.io.ObjectOutput;
import java.io.Serializable;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What the columns of a split say of each row: hash of the group, time, fold. */
final class SplitFacts {
  /** Group of rows without one: they stay together. */
  private static final long NO_GROUP = 0x6e6f2067726f7570L;

  long[] groups = {};
  long[] times = {};
  long[] folds = {};

  /** Where the columns are; -1 for those that there are not. */
  record Places(int group, int time, int fold) implements Serializable {
    static Places of(SplitColumns split, List<String> names) {
      return new Places(
          place(split.group(), names), place(split.time(), names), place(split.fold(), names));
    }

    private static int place(@Nullable String column, List<String> names) {
      return column == null ? -1 : names.indexOf(column);
    }
  }

  /** Takes over the rows of a block. */
  void add(RawBlock block, Places places) {
    if (places.group() >= 0) {
      RawColumn column = block.column(places.group());
      long[] hashes = new long[column.dictionary().length];
      for (int t = 0; t < hashes.length; t++) {
        hashes[t] = Mix64.ofText(NumberText.canonical(column.dictionary()[t]));
      }
      groups = grown(groups, block.rows());
      for (int r = 0; r < block.rows(); r++) {
        groups[groups.length - block.rows() + r] = group(column, r, hashes);
      }
    }
    times = whole(block, places.time(), times, "cv.time", false);
    folds = whole(block, places.fold(), folds, "cv.fold", true);
  }

  private static long group(RawColumn column, int row, long[] hashes) {
    int text = column.textCode(row);
    if (text >= 0) {
      return hashes[text];
    }
    double number = column.numbers()[row];
    return Double.isNaN(number) ? NO_GROUP : Mix64.ofText(NumberText.canonical(number));
  }

  private static long[] whole(
      RawBlock block, int place, long[] before, String key, boolean missing) {
    if (place < 0) {
      return before;
    }
    RawColumn column = block.column(place);
    long[] all = grown(before, block.rows());
    for (int r = 0; r < block.rows(); r++) {
      int text = column.textCode(r);
      double number = column.numbers()[r];
      long value;
      if (text >= 0) {
        value = missing ? bad(key, column.dictionary()[text]) : instant(column.dictionary()[text]);
      } else if (Double.isNaN(number) && missing) {
        value = -1;
      } else if (number == Math.rint(number) && Math.abs(number) < 1L << 53) {
        value = (long) number;
      } else {
        value = bad(key, Double.isNaN(number) ? "" : NumberText.canonical(number));
      }
      all[before.length + r] = value;
    }
    return all;
  }

  /** A date as its day since 1970, a time as its second. */
  private static long instant(String text) {
    String value = text.strip().replace(' ', 'T');
    try {
      if (value.indexOf('T') < 0) {
        return LocalDate.parse(value).toEpochDay();
      }
      return value.endsWith("Z")
          ? Instant.parse(value).getEpochSecond()
          : LocalDateTime.parse(value).toEpochSecond(ZoneOffset.UTC);
    } catch (DateTimeException e) {
      return bad("cv.time", text);
    }
  }

  private static long bad(String key, String found) {
    throw new DataException(
        key
            + (key.equals("cv.time")
                ? " needs a whole number, a date (2024-02-29) or a time (2024-02-29T12:00:00) in every row, found \""
                : " needs a whole number in every row, found \"")
            + found
            + "\"");
  }

  private static long[] grown(long[] values, int more) {
    return Arrays.copyOf(values, values.length + more);
  }

  void write(ArrayCodec codec, ObjectOutput out) throws IOException {
    codec.write(out, groups);
    codec.write(out, times);
    codec.write(out, folds);
  }

  void read(ArrayCodec codec, ObjectInput in) throws IOException {
    groups = codec.readLongs(in);
    times = codec.readLongs(in);
    folds = codec.readLongs(in);
  }
}
