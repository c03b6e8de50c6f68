package dev.bellows.jobs.space;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One of several values without an order: text, numbers, booleans, null, lists or mappings.
 *
 * @param name its name
 * @param values all values, each different
 * @param conditions what must hold for it to exist
 */
public record ChoiceParameter(
    String name, List<@Nullable Object> values, List<Condition> conditions) implements Parameter {
  /** Checks that there are values and that none is given twice. */
  public ChoiceParameter {
    values = Plain.list(values);
    conditions = List.copyOf(conditions);
    if (values.isEmpty()) {
      throw new IllegalArgumentException(name + ": a choice needs at least one value, found none");
    }
    for (int i = 0; i < values.size(); i++) {
      if (values.indexOf(values.get(i)) < i) {
        throw new IllegalArgumentException(
            name + ": " + Plain.show(values.get(i)) + " is given twice");
      }
    }
  }

  @Override
  public long levels() {
    return values.size();
  }

  @Override
  public @Nullable Object level(long index) {
    return values.get(Math.toIntExact(index));
  }

  @Override
  public @Nullable Object fromUnit(double unit) {
    return values.get(Math.min(values.size() - 1, (int) (unit * values.size())));
  }

  /** The place of a value among all, from 0; -1 when it is none of them. */
  public int indexOf(@Nullable Object value) {
    return values.indexOf(value);
  }

  @Override
  public double toUnit(@Nullable Object value) {
    return (values.indexOf(value) + 0.5) / values.size();
  }

  @Override
  public boolean contains(@Nullable Object value) {
    return values.contains(value);
  }

  @Override
  public Map<String, @Nullable Object> toTree() {
    Map<String, @Nullable Object> tree = new LinkedHashMap<>();
    tree.put("choice", values);
    SpaceTree.putConditions(tree, conditions);
    return tree;
  }

  @Override
  public ChoiceParameter when(String parent, @Nullable Object... under) {
    List<Condition> more = new ArrayList<>(conditions);
    more.add(new Condition(parent, Arrays.asList(under)));
    return new ChoiceParameter(name, values, more);
  }
}
