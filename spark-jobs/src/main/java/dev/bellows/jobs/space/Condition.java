package dev.bellows.jobs.space;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A parameter exists only when another one has one of these values.
 *
 * @param parent name of the other parameter, which is a choice or a whole number
 * @param values the values under which the parameter exists
 */
public record Condition(String parent, List<@Nullable Object> values) {
  /** Checks that there is a value. */
  public Condition {
    values = Plain.list(values);
    if (values.isEmpty()) {
      throw new IllegalArgumentException(
          "the condition on " + parent + " needs a value under which the parameter exists");
    }
  }

  /** Whether it holds under the values chosen so far; a parent that does not exist has none. */
  boolean holds(Map<String, ? extends @Nullable Object> chosen) {
    return chosen.containsKey(parent) && values.contains(chosen.get(parent));
  }

  @Override
  public String toString() {
    return parent + (values.size() == 1 ? " = " : " in ") + Plain.show(values);
  }
}
