package dev.bellows.jobs.source;

import java.nio.charset.StandardCharsets;

/**
 * Decimal text to double and back, straight from bytes: the common short decimal costs no object.
 */
public final class NumberText {
  /**
   * What {@link #parse} returns for text that is no number; told apart from a written NaN by {@link
   * #isText}.
   */
  private static final double TEXT = Double.longBitsToDouble(0x7ff8_0000_dead_beefL);

  private static final long TEXT_BITS = Double.doubleToRawLongBits(TEXT);
  private static final double[] POWERS_OF_TEN = {
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22
  };
  private static final long MAX_EXACT = 1L << 53;

  private NumberText() {}

  /** Whether a result of {@link #parse} says "this is not a number". */
  public static boolean isText(double parsed) {
    return Double.doubleToRawLongBits(parsed) == TEXT_BITS;
  }

  /**
   * Reads {@code b[from, to)} as a decimal number, as nan, or as inf/infinity (any case, with a
   * sign).
   *
   * @param codes whether text such as 007 is a code and not the number 7
   * @return the number, NaN for a written nan, or a value for which {@link #isText} holds
   */
  public static double parse(byte[] b, int from, int to, boolean codes) {
    int i = from;
    if (i >= to) {
      return TEXT;
    }
    boolean negative = b[i] == '-';
    if (negative || b[i] == '+') {
      i++;
    }
    int firstDigit = i;
    long mantissa = 0;
    int digits = 0;
    int scale = 0;
    boolean exact = true;
    int integerDigits = 0;
    for (; i < to && b[i] >= '0' && b[i] <= '9'; i++) {
      integerDigits++;
      if (mantissa != 0 || b[i] != '0') {
        if (digits < 18) {
          mantissa = mantissa * 10 + (b[i] - '0');
          digits++;
        } else {
          exact = false;
        }
      }
    }
    int fractionDigits = 0;
    if (i < to && b[i] == '.') {
      for (i++; i < to && b[i] >= '0' && b[i] <= '9'; i++) {
        fractionDigits++;
        if (digits < 18) {
          mantissa = mantissa * 10 + (b[i] - '0');
          if (mantissa != 0) {
            digits++;
          }
          scale--;
        } else {
          exact = false;
        }
      }
    }
    if (integerDigits + fractionDigits == 0) {
      return word(b, firstDigit, to, negative);
    }
    if (codes && integerDigits > 1 && b[firstDigit] == '0') {
      return TEXT;
    }
    if (i < to && (b[i] == 'e' || b[i] == 'E')) {
      int mark = ++i;
      boolean negativeExponent = i < to && b[i] == '-';
      if (negativeExponent || (i < to && b[i] == '+')) {
        mark = ++i;
      }
      int exponent = 0;
      for (; i < to && b[i] >= '0' && b[i] <= '9'; i++) {
        exponent = Math.min(exponent * 10 + (b[i] - '0'), 100_000);
      }
      if (i == mark) {
        return TEXT;
      }
      scale += negativeExponent ? -exponent : exponent;
    }
    if (i != to) {
      return TEXT;
    }
    if (exact && mantissa <= MAX_EXACT && scale >= -22 && scale <= 22) {
      double value = scale < 0 ? mantissa / POWERS_OF_TEN[-scale] : mantissa * POWERS_OF_TEN[scale];
      return negative ? -value : value;
    }
    return Double.parseDouble(new String(b, from, to - from, StandardCharsets.US_ASCII));
  }

  private static double word(byte[] b, int from, int to, boolean negative) {
    if (matches(b, from, to, "nan")) {
      return Double.NaN;
    }
    if (matches(b, from, to, "inf") || matches(b, from, to, "infinity")) {
      return negative ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
    }
    return TEXT;
  }

  private static boolean matches(byte[] b, int from, int to, String word) {
    if (to - from != word.length()) {
      return false;
    }
    for (int i = 0; i < word.length(); i++) {
      if ((b[from + i] | 0x20) != word.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  /** Reads text as {@link #parse(byte[], int, int, boolean)} does. */
  public static double parse(String text, boolean codes) {
    byte[] b = text.getBytes(StandardCharsets.UTF_8);
    return parse(b, 0, b.length, codes);
  }

  /** The one spelling of a number as a category or class: 1 for 1, 1.0 and +1. */
  public static String canonical(double value) {
    if (value == Math.rint(value) && Math.abs(value) < 1e15) {
      return Long.toString((long) value);
    }
    return Double.toString(value);
  }

  /** Text as category or class: a number in its one spelling, anything else unchanged. */
  public static String canonical(String text) {
    double value = parse(text, true);
    return isText(value) || Double.isNaN(value) ? text : canonical(value);
  }
}
