package dev.bellows.jobs.report;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Numbers and values of JSON trees as people read them. */
final class Figures {
  private Figures() {}

  /**
   * Up to four significant digits; whole numbers with thousands separators; nothing for null and
   * NaN.
   */
  static String number(@Nullable Object value) {
    if (!(value instanceof Number n) || Double.isNaN(n.doubleValue())) {
      return "";
    }
    double d = n.doubleValue();
    if (d == Math.rint(d) && Math.abs(d) < 1e15) {
      return String.format(Locale.ROOT, "%,d", (long) d);
    }
    double size = Math.abs(d);
    if (size >= 1e6 || size < 1e-3) {
      return String.format(Locale.ROOT, "%.3g", d);
    }
    return size >= 100
        ? String.format(Locale.ROOT, "%,.1f", d)
        : String.format(Locale.ROOT, "%.4f", d);
  }

  static @Nullable Double parse(String cell) {
    try {
      return cell.isEmpty() ? null : Double.valueOf(cell);
    } catch (NumberFormatException e) {
      return null;
    }
  }

  /** A figure of a CSV cell; text stays as it is. */
  static String cell(String cell) {
    Double value = parse(cell);
    return value == null ? cell : number(value);
  }

  /** A share between 0 and 1 with four decimals; "undefined" for an empty cell. */
  static String share(String cell) {
    Double value = parse(cell);
    return value == null ? "undefined" : String.format(Locale.ROOT, "%.4f", value);
  }

  static String text(@Nullable Object value) {
    if (value == null) {
      return "";
    }
    return value instanceof Number ? number(value) : String.valueOf(value);
  }

  static Map<?, ?> map(@Nullable Object value) {
    return value instanceof Map<?, ?> map ? map : Map.of();
  }

  static List<?> list(@Nullable Object value) {
    return value instanceof List<?> list ? list : List.of();
  }

  static String duration(double seconds) {
    long s = Math.round(seconds);
    if (s < 60) {
      return String.format(Locale.ROOT, "%.1f s", seconds);
    }
    return s < 3600
        ? String.format(Locale.ROOT, "%d min %02d s", s / 60, s % 60)
        : String.format(Locale.ROOT, "%d h %02d min", s / 3600, s / 60 % 60);
  }

  static String bytes(double bytes) {
    return bytes < 1 << 20
        ? String.format(Locale.ROOT, "%.1f KiB", bytes / 1024)
        : String.format(Locale.ROOT, "%.1f MiB", bytes / (1 << 20));
  }
}
