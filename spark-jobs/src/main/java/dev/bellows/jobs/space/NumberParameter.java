package dev.bellows.jobs.space;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.commons.math3.util.FastMath;
import org.jspecify.annotations.Nullable;

/**
 * A number in [low, high]. FastMath throughout: its logarithms have the same bits on every machine,
 * and configurations are compared bit by bit.
 *
 * @param name its name
 * @param whole whether its values are whole numbers (Long), else Double
 * @param log whether equal ratios count as equal distances
 * @param low the least value
 * @param high the greatest value
 * @param step distance of two neighbouring values; 0 for a continuum, 1 at least for whole numbers
 * @param conditions what must hold for it to exist
 */
public record NumberParameter(
    String name,
    boolean whole,
    boolean log,
    double low,
    double high,
    double step,
    List<Condition> conditions)
    implements Parameter {
  private static final double MAX_WHOLE = 1L << 53;

  /** Checks the range. */
  public NumberParameter {
    conditions = List.copyOf(conditions);
    require(name, Double.isFinite(low) && Double.isFinite(high), "finite bounds", low, high);
    require(name, low <= high, "low <= high", low, high);
    require(name, !log || low > 0, "low > 0 on a logarithmic scale", low, high);
    require(
        name,
        !whole || (low == Math.rint(low) && high == Math.rint(high)),
        "whole numbers",
        low,
        high);
    require(
        name,
        !whole || Math.max(-low, high) <= MAX_WHOLE,
        "whole numbers of at most 2^53",
        low,
        high);
    require(name, whole || Double.isFinite(high - low), "a range that is finite", low, high);
    if (!(step >= 0) || (whole && (step < 1 || step != Math.rint(step)))) {
      throw new IllegalArgumentException(
          name + ": expected a step > 0, found " + Plain.show((Object) step));
    }
    if (log && step != (whole ? 1 : 0)) {
      throw new IllegalArgumentException(
          name
              + ": a logarithmic scale takes no step, found "
              + Plain.show((Object) step)
              + "; list the values as a choice");
    }
    if (step > high - low && high > low) {
      throw new IllegalArgumentException(
          "%s: expected a step of at most %s, the width of the range, found %s"
              .formatted(name, Plain.show((Object) (high - low)), Plain.show((Object) step)));
    }
    if (step > 0) {
      // The last value that the steps reach; a rounding error must not lose the upper end.
      high = low + Math.floor((high - low) / step + 1e-9) * step;
    }
  }

  private static void require(
      String name, boolean holds, String expected, double low, double high) {
    if (!holds) {
      throw new IllegalArgumentException(
          "%s: expected %s, found [%s, %s]"
              .formatted(name, expected, Plain.show((Object) low), Plain.show((Object) high)));
    }
  }

  /** A real number, evenly likely everywhere. */
  public static NumberParameter uniform(String name, double low, double high) {
    return new NumberParameter(name, false, false, low, high, 0, List.of());
  }

  /** A real number whose logarithm is evenly likely everywhere. */
  public static NumberParameter log(String name, double low, double high) {
    return new NumberParameter(name, false, true, low, high, 0, List.of());
  }

  /** A whole number. */
  public static NumberParameter whole(String name, long low, long high) {
    return new NumberParameter(name, true, false, low, high, 1, List.of());
  }

  /** A whole number on a logarithmic scale. */
  public static NumberParameter logWhole(String name, long low, long high) {
    return new NumberParameter(name, true, true, low, high, 1, List.of());
  }

  /** The same range in steps from its low end. */
  public NumberParameter step(double distance) {
    return new NumberParameter(name, whole, log, low, high, distance, conditions);
  }

  @Override
  public NumberParameter when(String parent, @Nullable Object... under) {
    List<Condition> more = new ArrayList<>(conditions);
    more.add(new Condition(parent, Arrays.asList(under)));
    return new NumberParameter(name, whole, log, low, high, step, more);
  }

  @Override
  public long levels() {
    if (low == high) {
      return 1;
    }
    return step == 0 ? 0 : Math.round((high - low) / step) + 1;
  }

  /** The scale's lower end: half a step below the least value, as a logarithm where asked. */
  public double scaleLow() {
    return scale(low - step / 2);
  }

  /** The scale's upper end: half a step above the greatest value. */
  public double scaleHigh() {
    return scale(high + step / 2);
  }

  /** A number on the scale: itself or its logarithm. */
  public double scale(double number) {
    return log ? FastMath.log(number) : number;
  }

  /** The value nearest to a place on the scale. */
  public Object fromScale(double place) {
    return nearest(log ? FastMath.exp(place) : place);
  }

  /** The value nearest to a number. */
  public Object nearest(double wanted) {
    double number = wanted;
    if (step > 0) {
      number = low + FastMath.rint((number - low) / step) * step;
    }
    number = Math.min(high, Math.max(low, number));
    return whole ? (Object) Math.round(number) : (Object) (number + 0.0);
  }

  @Override
  public Object fromUnit(double unit) {
    if (low == high) {
      return level(0);
    }
    double from = scaleLow();
    return fromScale(from + unit * (scaleHigh() - from));
  }

  @Override
  public double toUnit(@Nullable Object value) {
    if (low == high) {
      return 0.5;
    }
    double from = scaleLow();
    return (scale(number(value)) - from) / (scaleHigh() - from);
  }

  @Override
  public Object level(long index) {
    double number = Math.min(high, low + index * step);
    return whole ? (Object) Math.round(number) : (Object) (number + 0.0);
  }

  /** The value as a number. */
  public double number(@Nullable Object value) {
    if (value instanceof Number n) {
      return n.doubleValue();
    }
    throw new IllegalArgumentException(name + ": expected a number, found " + Plain.show(value));
  }

  @Override
  public boolean contains(@Nullable Object value) {
    if (!(whole ? value instanceof Long : value instanceof Double)) {
      return false;
    }
    double number = number(value);
    if (!(number >= low && number <= high)) {
      return false;
    }
    double steps = step == 0 ? 0 : (number - low) / step;
    return Math.abs(steps - Math.rint(steps)) <= 1e-9 * Math.max(1, Math.abs(steps));
  }

  @Override
  public Map<String, @Nullable Object> toTree() {
    Map<String, @Nullable Object> tree = new LinkedHashMap<>();
    String kind = whole ? (log ? "log_int" : "int") : (log ? "log" : "uniform");
    tree.put(
        kind,
        whole ? List.<Object>of(Math.round(low), Math.round(high)) : List.<Object>of(low, high));
    if (step != (whole ? 1 : 0)) {
      tree.put("step", whole ? (Object) Math.round(step) : (Object) step);
    }
    SpaceTree.putConditions(tree, conditions);
    return tree;
  }
}
