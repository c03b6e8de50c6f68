package dev.bellows.ps.checkpoint;

import java.util.Map;
import java.util.TreeMap;

/**
 * Some rows of a sparse table with their optimiser slots; a table is one or more parts, which know
 * nothing of the shards that held them.
 *
 * @param table number of the table
 * @param part number of the part, from 0; table and part name the file
 * @param width elements of a row
 * @param keys key of each row
 * @param updates updates that each row has behind it
 * @param rows [keys, 1 + slots, width]: values, then each slot
 */
@SuppressWarnings("ArrayRecordComponent") // plain carrier, compared by no one
public record RowPart(int table, int part, int width, long[] keys, long[] updates, float[] rows) {
  static final String KEYS = "keys";
  static final String UPDATES = "updates";
  static final String ROWS = "rows";

  /** 16-bit digits of a whole number in a file, lowest first: each is exact as a float32. */
  static final int DIGITS = 4;

  private static final int DIGIT_BITS = 16;

  /** Checks that lengths agree. */
  public RowPart {
    if (table < 0
        || part < 0
        || width < 1
        || updates.length != keys.length
        || (keys.length == 0 ? rows.length > 0 : notWhole(rows.length, keys.length, width))) {
      throw new IllegalArgumentException(
          "part "
              + part
              + " of table "
              + table
              + ": expected as many numbers of updates as keys and whole rows of width "
              + width
              + ", found "
              + keys.length
              + " keys, "
              + updates.length
              + " numbers of updates, "
              + rows.length
              + " elements");
    }
  }

  private static boolean notWhole(int elements, int rows, int width) {
    return elements == 0 || elements % Math.multiplyFull(rows, width) != 0;
  }

  /** Floats of a row with its slots; 0 without rows. */
  public int stride() {
    return keys.length == 0 ? 0 : rows.length / keys.length;
  }

  /** The whole numbers as [n, DIGITS] digits. */
  static float[] digits(long[] numbers) {
    float[] digits = new float[numbers.length * DIGITS];
    for (int i = 0; i < digits.length; i++) {
      digits[i] = (int) (numbers[i / DIGITS] >>> (DIGIT_BITS * (i % DIGITS))) & 0xFFFF;
    }
    return digits;
  }

  /**
   * The whole numbers of digits.
   *
   * @throws IllegalArgumentException when a digit is none
   */
  static long[] numbers(float[] digits) {
    long[] numbers = new long[digits.length / DIGITS];
    for (int i = 0; i < digits.length; i++) {
      long digit = (long) digits[i];
      if (digit < 0 || digit > 0xFFFF || digit != digits[i]) {
        throw new IllegalArgumentException(
            "element " + i + " must be a whole number in 0..65535, found " + digits[i]);
      }
      numbers[i / DIGITS] |= digit << (DIGIT_BITS * (i % DIGITS));
    }
    return numbers;
  }

  Map<String, String> metadata(long step) {
    return new TreeMap<>(
        Map.of(
            "part",
            Integer.toString(part),
            "step",
            Long.toString(step),
            "table",
            Integer.toString(table)));
  }
}
