package dev.bellows.jobs.config;

import java.math.BigDecimal;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Whole and real numbers with their ranges. */
final class Numbers {
  private Numbers() {}

  /** A whole number in [min, max], or one of the words. */
  static final class Whole extends Spec {
    private static final long WIDE =
        100_000; // limits above guard against overflow and are not worth showing
    private final long min;
    private final long max;
    private final List<String> words;

    Whole(long min, long max, String... words) {
      this.min = min;
      this.max = max;
      this.words = List.of(words);
    }

    @Override
    Object bind(Tree tree, String path, Binding binding) {
      if (!(tree instanceof Tree.Text text)) {
        return refuse(tree, path, binding, "");
      }
      if (words.contains(text.value())) {
        return text.value();
      }
      if (!text.plain() || !Scalars.isWhole(text.value())) {
        return refuse(tree, path, binding, Scalars.numberHint(text, true));
      }
      try {
        long value = Long.parseLong(text.value());
        if (value > max) {
          return refuse(tree, path, binding, max >= WIDE ? "; at most " + max : "");
        }
        return value < min ? refuse(tree, path, binding, "") : value;
      } catch (NumberFormatException e) {
        return refuse(tree, path, binding, "; at most " + max);
      }
    }

    @Override
    String expects() {
      String range = max >= WIDE ? " >= " + min : " in " + min + ".." + max;
      return Words.or("a whole number" + range, words);
    }

    @Override
    Map<String, Object> schema() {
      Map<String, Object> schema = new LinkedHashMap<>(Map.of("type", "integer"));
      schema.put("minimum", min);
      schema.put("maximum", max);
      return Words.schemaOr(schema, words);
    }
  }

  /** A finite number between min and max, or one of the words. */
  static final class Real extends Spec {
    private final double min;
    private final double max;
    private final boolean minOpen;
    private final boolean maxOpen;

    private Real(double min, boolean minOpen, double max, boolean maxOpen) {
      this.min = min;
      this.max = max;
      this.minOpen = minOpen;
      this.maxOpen = maxOpen;
    }

    /** Above 0. */
    static Real positive() {
      return new Real(0, true, Double.MAX_VALUE, false);
    }

    /** 0 or above. */
    static Real notNegative() {
      return new Real(0, false, Double.MAX_VALUE, false);
    }

    /** In [min, max). */
    static Real from(double min, double max) {
      return new Real(min, false, max, true);
    }

    /** In (min, max]. */
    static Real above(double min, double max) {
      return new Real(min, true, max, false);
    }

    /** In [min, max]. */
    static Real between(double min, double max) {
      return new Real(min, false, max, false);
    }

    /** Any finite number. */
    static Real any() {
      return new Real(-Double.MAX_VALUE, false, Double.MAX_VALUE, false);
    }

    @Override
    Object bind(Tree tree, String path, Binding binding) {
      if (!(tree instanceof Tree.Text text)) {
        return refuse(tree, path, binding, "");
      }
      if (!text.plain() || !Scalars.isReal(text.value())) {
        return refuse(tree, path, binding, Scalars.numberHint(text, false));
      }
      double value = Double.parseDouble(text.value());
      boolean low = minOpen ? value <= min : value < min;
      boolean high = maxOpen ? value >= max : value > max;
      if (low || high || !Double.isFinite(value)) {
        return refuse(tree, path, binding, "");
      }
      return value;
    }

    @Override
    String expects() {
      if (max == Double.MAX_VALUE) {
        return min == -Double.MAX_VALUE
            ? "a number"
            : "a number " + (minOpen ? "> " : ">= ") + show(min);
      }
      return "a number in "
          + (minOpen ? "(" : "[")
          + show(min)
          + ", "
          + show(max)
          + (maxOpen ? ")" : "]");
    }

    @Override
    Map<String, Object> schema() {
      Map<String, Object> schema = new LinkedHashMap<>(Map.of("type", "number"));
      if (min != -Double.MAX_VALUE) {
        schema.put(minOpen ? "exclusiveMinimum" : "minimum", min);
      }
      if (max != Double.MAX_VALUE) {
        schema.put(maxOpen ? "exclusiveMaximum" : "maximum", max);
      }
      return schema;
    }

    /** The shortest decimal that reads back as the same double. */
    static String show(double value) {
      if (value == Math.rint(value) && Math.abs(value) < 1e15) {
        return Long.toString((long) value);
      }
      double size = Math.abs(value);
      String shortest = Double.toString(value);
      return size >= 1e-4 && size < 1e15
          ? new BigDecimal(shortest).toPlainString()
          : shortest.replace('E', 'e');
    }
  }
}
