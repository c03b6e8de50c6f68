package dev.bellows.jobs.space;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A parameter from and to the form that it has in a file:
 *
 * <pre>
 * {uniform: [0.5, 1.0]}  {uniform: [0.5, 1.0], step: 0.1}  {log: [0.01, 0.3]}
 * {int: [3, 10]}         {int: [32, 256], step: 32}        {log_int: [16, 1024]}
 * {choice: [63, 127, 255]}
 * any of them with       when: {model.type: gbdt, model.bins: [127, 255]}
 * </pre>
 */
final class SpaceTree {
  static final List<String> KINDS = List.of("uniform", "log", "int", "log_int", "choice");
  static final String STEP = "step";
  static final String WHEN = "when";

  private SpaceTree() {}

  static Parameter parameter(String name, Map<String, ?> tree) {
    List<String> kinds = KINDS.stream().filter(tree::containsKey).toList();
    for (String key : tree.keySet()) {
      if (!KINDS.contains(key) && !key.equals(STEP) && !key.equals(WHEN)) {
        throw new IllegalArgumentException(
            "%s: unknown key %s; known here: %s, %s, %s"
                .formatted(name, key, String.join(", ", KINDS), STEP, WHEN));
      }
    }
    if (kinds.size() != 1) {
      throw new IllegalArgumentException(
          "%s: expected exactly one of %s, found %s"
              .formatted(
                  name,
                  String.join(", ", KINDS),
                  kinds.isEmpty() ? "none" : String.join(" and ", kinds)));
    }
    String kind = kinds.get(0);
    if (!(tree.get(kind) instanceof List<?> list)) {
      throw new IllegalArgumentException(
          name + ": expected " + kind + ": [...], a list, found " + Plain.show(tree.get(kind)));
    }
    List<Condition> conditions = conditions(name, tree.get(WHEN));
    if (kind.equals("choice")) {
      if (tree.containsKey(STEP)) {
        throw new IllegalArgumentException(name + ": a choice takes no step");
      }
      return new ChoiceParameter(name, Plain.list(list), conditions);
    }
    boolean whole = kind.endsWith("int");
    if (list.size() != 2 || !list.stream().allMatch(n -> isNumber(n, whole))) {
      throw new IllegalArgumentException(
          "%s: expected %s: [low, high], two %snumbers, found [%s]"
              .formatted(name, kind, whole ? "whole " : "", Plain.show(Plain.list(list))));
    }
    Object step = tree.get(STEP);
    if (tree.containsKey(STEP) && (!isNumber(step, whole) || number(step) <= 0)) {
      throw new IllegalArgumentException(
          "%s: expected a step that is a %snumber > 0, found %s"
              .formatted(name, whole ? "whole " : "", Plain.show(step)));
    }
    return new NumberParameter(
        name,
        whole,
        kind.startsWith("log"),
        number(list.get(0)),
        number(list.get(1)),
        step == null ? (whole ? 1 : 0) : number(step),
        conditions);
  }

  private static List<Condition> conditions(String name, @Nullable Object when) {
    if (when == null) {
      return List.of();
    }
    if (!(when instanceof Map<?, ?> map) || map.isEmpty()) {
      throw new IllegalArgumentException(
          name + ": expected when: {PARAMETER: VALUE}, found " + Plain.show(when));
    }
    List<Condition> conditions = new ArrayList<>();
    map.forEach(
        (parent, under) ->
            conditions.add(
                new Condition(
                    String.valueOf(parent),
                    under instanceof List<?> many ? Plain.list(many) : Plain.list(one(under)))));
    return conditions;
  }

  private static List<@Nullable Object> one(@Nullable Object value) {
    List<@Nullable Object> list = new ArrayList<>();
    list.add(value);
    return list;
  }

  private static boolean isNumber(@Nullable Object value, boolean whole) {
    return value instanceof Long || value instanceof Integer || (!whole && value instanceof Double);
  }

  private static double number(@Nullable Object value) {
    return value instanceof Number n ? n.doubleValue() : Double.NaN;
  }

  static void putConditions(Map<String, @Nullable Object> tree, List<Condition> conditions) {
    if (!conditions.isEmpty()) {
      Map<String, @Nullable Object> when = new LinkedHashMap<>();
      conditions.forEach(
          c -> when.put(c.parent(), c.values().size() == 1 ? c.values().get(0) : c.values()));
      tree.put(WHEN, when);
    }
  }
}
