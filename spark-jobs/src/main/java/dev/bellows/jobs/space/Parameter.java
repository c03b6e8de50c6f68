package dev.bellows.jobs.space;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One parameter of a search space.
 *
 * <p>Each is mapped to the unit interval: a continuous one along its (linear or logarithmic) scale,
 * one with {@link #levels()} values in cells of equal width (of equal logarithmic width on a
 * logarithmic scale).
 */
public sealed interface Parameter permits NumberParameter, ChoiceParameter {
  /** Its name: usually the dotted configuration key that it sets. */
  String name();

  /** What must hold for it to exist: all of these. */
  List<Condition> conditions();

  /** How many values it can have; 0 when there is a continuum. */
  long levels();

  /**
   * The value at a place of the unit interval.
   *
   * @param unit in [0, 1]
   */
  @Nullable Object fromUnit(double unit);

  /**
   * The place of a value in the unit interval: {@code fromUnit(toUnit(value))} is the value again,
   * up to the last bits of a continuous one.
   */
  double toUnit(@Nullable Object value);

  /** The value of a level, from 0. */
  @Nullable Object level(long index);

  /** Whether the parameter can have this value. */
  boolean contains(@Nullable Object value);

  /** The parameter without its name as it stands in a file: {@code {log: [0.01, 0.3]}}. */
  Map<String, @Nullable Object> toTree();

  /** The same parameter under one more condition. */
  Parameter when(String parent, @Nullable Object... values);
}
