package dev.bellows.jobs.run;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * One row of figures per epoch, kept as {@code history.csv}.
 *
 * <p>Not thread-safe: the driver's training thread owns it.
 */
public final class History {
  private final List<Map<String, Double>> rows = new ArrayList<>();

  /** Adds the figures of an epoch; the key {@code epoch} must be there. */
  public void add(Map<String, Double> row) {
    if (!row.containsKey("epoch")) {
      throw new IllegalArgumentException(
          "a history row needs the key epoch, found " + row.keySet());
    }
    rows.add(new LinkedHashMap<>(row));
  }

  /** All rows, oldest first. */
  public List<Map<String, Double>> rows() {
    return List.copyOf(rows);
  }

  /** Drops rows of epochs after {@code epochs}: training went back to an older checkpoint. */
  public void truncate(long epochs) {
    rows.removeIf(row -> row.getOrDefault("epoch", 0.0) > epochs);
  }

  /** The rows as CSV with a header; whole numbers without a point, absent figures empty. */
  public String toCsv() {
    Set<String> columns = new LinkedHashSet<>();
    rows.forEach(row -> columns.addAll(row.keySet()));
    StringBuilder csv = new StringBuilder(String.join(",", columns)).append('\n');
    for (Map<String, Double> row : rows) {
      List<String> cells = new ArrayList<>();
      for (String column : columns) {
        Double value = row.get(column);
        cells.add(value == null ? "" : number(value));
      }
      csv.append(String.join(",", cells)).append('\n');
    }
    return csv.toString();
  }

  /** The rows as a JSON tree for checkpoints. */
  public List<Object> toTree() {
    return new ArrayList<>(rows);
  }

  /** Rows from {@link #toTree()}; figures that are not numbers are left out. */
  public static History fromTree(Object tree) {
    History history = new History();
    if (tree instanceof List<?> list) {
      for (Object item : list) {
        if (item instanceof Map<?, ?> map) {
          Map<String, Double> row = new LinkedHashMap<>();
          map.forEach(
              (key, value) -> {
                if (value instanceof Number n) {
                  row.put(String.valueOf(key), n.doubleValue());
                }
              });
          history.add(row);
        }
      }
    }
    return history;
  }

  /** The figures that have a value: JSON has no NaN and no infinity. */
  public static Map<String, Object> finite(Map<String, Double> figures) {
    Map<String, Object> out = new LinkedHashMap<>();
    figures.forEach(
        (name, value) -> {
          if (Double.isFinite(value)) {
            out.put(name, value);
          }
        });
    return out;
  }

  static String number(double value) {
    if (value == Math.rint(value) && Math.abs(value) < 1e15) {
      return Long.toString((long) value);
    }
    return Double.toString(value);
  }
}
