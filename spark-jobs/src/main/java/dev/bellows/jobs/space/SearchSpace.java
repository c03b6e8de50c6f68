package dev.bellows.jobs.space;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The configurations that a search may try: parameters, of which some exist only when others have
 * certain values (a tree or a directed acyclic graph of conditions). Immutable.
 */
public final class SearchSpace {
  private final List<Parameter> parameters;

  private SearchSpace(List<Parameter> parameters) {
    this.parameters = parameters;
  }

  /** A space of these parameters. */
  public static SearchSpace of(Parameter... parameters) {
    return of(List.of(parameters));
  }

  /**
   * A space of these parameters in any order.
   *
   * @throws IllegalArgumentException for an empty space, a name given twice, or a condition on a
   *     parameter that is not there, can't have the value, or depends on the one it decides
   */
  public static SearchSpace of(List<Parameter> parameters) {
    if (parameters.isEmpty()) {
      throw new IllegalArgumentException("a search space needs at least one parameter, found none");
    }
    Map<String, Parameter> named = new LinkedHashMap<>();
    for (Parameter parameter : parameters) {
      if (named.put(parameter.name(), parameter) != null) {
        throw new IllegalArgumentException(parameter.name() + " is given twice");
      }
    }
    parameters.forEach(parameter -> checkConditions(parameter, named));
    return new SearchSpace(List.copyOf(parentsFirst(named)));
  }

  private static void checkConditions(Parameter parameter, Map<String, Parameter> named) {
    for (Condition condition : parameter.conditions()) {
      Parameter parent = named.get(condition.parent());
      if (parent == null) {
        throw new IllegalArgumentException(
            "%s: the condition names %s, which is no parameter; there are %s"
                .formatted(
                    parameter.name(), condition.parent(), String.join(", ", named.keySet())));
      }
      if (parent instanceof NumberParameter number && !number.whole()) {
        throw new IllegalArgumentException(
            "%s: a condition needs a choice or a whole number, %s is a real number"
                .formatted(parameter.name(), condition.parent()));
      }
      for (Object value : condition.values()) {
        if (!parent.contains(value)) {
          throw new IllegalArgumentException(
              "%s: %s can never be %s: it is %s"
                  .formatted(
                      parameter.name(),
                      condition.parent(),
                      Plain.show(value),
                      Plain.show(parent.toTree())));
        }
      }
    }
  }

  private static List<Parameter> parentsFirst(Map<String, Parameter> named) {
    Map<String, Parameter> waiting = new LinkedHashMap<>(named);
    List<Parameter> sorted = new ArrayList<>();
    while (!waiting.isEmpty()) {
      int before = sorted.size();
      for (Parameter parameter : List.copyOf(waiting.values())) {
        if (parameter.conditions().stream().noneMatch(c -> waiting.containsKey(c.parent()))) {
          sorted.add(parameter);
          waiting.remove(parameter.name());
          break; // the file's order, except that parents go first
        }
      }
      if (sorted.size() == before) {
        throw new IllegalArgumentException(
            "the conditions of " + String.join(", ", waiting.keySet()) + " go round in a circle");
      }
    }
    return sorted;
  }

  /** All parameters; each after those that its conditions name. */
  public List<Parameter> parameters() {
    return parameters;
  }

  /** The number of parameters. */
  public int dimension() {
    return parameters.size();
  }

  /** Whether some parameters do not always exist. */
  public boolean conditional() {
    return parameters.stream().anyMatch(p -> !p.conditions().isEmpty());
  }

  /** Whether all parameters are numbers. */
  public boolean numeric() {
    return parameters.stream().allMatch(p -> p instanceof NumberParameter);
  }

  /**
   * A configuration, built parameter by parameter, parents first.
   *
   * @param choose gives the value of a parameter; asked only for those that exist
   */
  public Configuration configuration(Function<Parameter, @Nullable Object> choose) {
    Map<String, @Nullable Object> chosen = new LinkedHashMap<>();
    for (Parameter parameter : parameters) {
      if (exists(parameter, chosen)) {
        chosen.put(parameter.name(), choose.apply(parameter));
      }
    }
    return Configuration.of(chosen);
  }

  /** Whether a parameter exists under the values chosen for those before it. */
  public boolean exists(Parameter parameter, Map<String, ? extends @Nullable Object> chosen) {
    return parameter.conditions().stream().allMatch(c -> c.holds(chosen));
  }

  /**
   * The configuration at a point of the unit cube.
   *
   * @param unit [dimension] in the order of {@link #parameters()}, each in [0, 1]; coordinates of
   *     parameters that do not exist play no part
   */
  public Configuration fromUnit(double[] unit) {
    int[] at = new int[1];
    Map<String, Integer> index = new LinkedHashMap<>();
    parameters.forEach(p -> index.put(p.name(), at[0]++));
    return configuration(p -> p.fromUnit(unit[index.getOrDefault(p.name(), 0)]));
  }

  /**
   * The point of a configuration in the unit cube.
   *
   * @return [dimension]; 0.5 for parameters that do not exist
   */
  public double[] toUnit(Configuration configuration) {
    double[] unit = new double[parameters.size()];
    for (int i = 0; i < unit.length; i++) {
      Parameter parameter = parameters.get(i);
      unit[i] =
          configuration.has(parameter.name())
              ? parameter.toUnit(configuration.get(parameter.name()))
              : 0.5;
    }
    return unit;
  }

  /**
   * Checks that a configuration belongs to the space.
   *
   * @throws IllegalArgumentException naming the first value that does not
   */
  public void check(Configuration configuration) {
    Configuration same = configuration(p -> valueOf(p, configuration));
    for (String name : configuration.values().keySet()) {
      if (!same.has(name)) {
        throw new IllegalArgumentException(
            name + " is no parameter of the space, or does not exist under " + configuration);
      }
    }
  }

  private static @Nullable Object valueOf(Parameter parameter, Configuration configuration) {
    Object value = configuration.get(parameter.name());
    if (!configuration.has(parameter.name()) || !parameter.contains(value)) {
      throw new IllegalArgumentException(
          "%s: expected a value of %s, found %s"
              .formatted(
                  parameter.name(),
                  Plain.show(parameter.toTree()),
                  configuration.has(parameter.name()) ? Plain.show(value) : "none"));
    }
    return value;
  }

  /** The space as it stands in a file, and in {@code study.json}. */
  public Map<String, Object> toTree() {
    Map<String, Object> tree = new LinkedHashMap<>();
    parameters.forEach(p -> tree.put(p.name(), p.toTree()));
    return Collections.unmodifiableMap(tree);
  }

  /**
   * The space from {@link #toTree()}.
   *
   * @throws IllegalArgumentException naming the parameter and what is wrong
   */
  public static SearchSpace fromTree(Map<String, ?> tree) {
    List<Parameter> parameters = new ArrayList<>();
    tree.forEach((name, value) -> parameters.add(parameter(name, value)));
    return of(parameters);
  }

  /**
   * One parameter as it stands in a file, e.g. {@code {log: [0.01, 0.3]}}.
   *
   * @throws IllegalArgumentException naming the parameter and what is wrong
   */
  @SuppressWarnings("unchecked") // trees have string keys
  public static Parameter parameter(String name, @Nullable Object tree) {
    if (!(tree instanceof Map<?, ?> map)) {
      throw new IllegalArgumentException(
          name + ": expected a mapping such as {uniform: [0, 1]}, found " + Plain.show(tree));
    }
    return SpaceTree.parameter(name, (Map<String, Object>) map);
  }

  /** One line per parameter. */
  @Override
  public String toString() {
    return parameters.stream()
        .map(p -> p.name() + ": " + Plain.show(p.toTree()))
        .collect(Collectors.joining("\n"));
  }
}
