package dev.bellows.jobs.table;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What the data looks like: one entry per column, class counts, warnings and the fingerprint.
 *
 * @param rows rows read and kept
 * @param dropped rows dropped under {@code bad_rows: drop}
 * @param duplicates rows that repeat an earlier row exactly (or its id, where there is an id
 *     column)
 * @param fingerprint 16 hex digits of column names, row count and the order-independent sum of row
 *     hashes
 * @param columns per-column facts in source order
 * @param classCounts rows per class in class order; empty for regression
 * @param warnings sentences for people
 */
public record Profile(
    long rows,
    long dropped,
    long duplicates,
    String fingerprint,
    List<ColumnProfile> columns,
    Map<String, Long> classCounts,
    List<String> warnings)
    implements Serializable {

  /** The tree of {@code data-profile.json}. */
  public Map<String, Object> toJson() {
    Map<String, Object> root = new LinkedHashMap<>();
    root.put("rows", rows);
    root.put("dropped", dropped);
    root.put("duplicates", duplicates);
    root.put("fingerprint", fingerprint);
    List<Object> list = new ArrayList<>();
    for (ColumnProfile c : columns) {
      Map<String, Object> m = new LinkedHashMap<>();
      m.put("name", c.name());
      m.put("type", c.type());
      m.put("inferred", c.inferred());
      m.put("missing", c.missing());
      m.put("distinct", c.distinct());
      put(m, "min", c.min());
      put(m, "max", c.max());
      put(m, "mean", c.mean());
      put(m, "std", c.std());
      if (!c.note().isEmpty()) {
        m.put("note", c.note());
      }
      list.add(m);
    }
    root.put("columns", list);
    root.put("classes", new LinkedHashMap<String, Object>(classCounts));
    root.put("warnings", new ArrayList<Object>(warnings));
    return root;
  }

  private static void put(Map<String, Object> m, String key, double value) {
    if (Double.isFinite(value)) {
      m.put(key, value);
    }
  }

  /** A compact table for the terminal: one line per column, then classes and warnings. */
  public String toText() {
    StringBuilder s = new StringBuilder();
    s.append(
        String.format(
            Locale.ROOT,
            "%,d rows  %d columns  %,d duplicates  fingerprint %s%n",
            rows,
            columns.size(),
            duplicates,
            fingerprint.substring(0, 8)));
    int width = 6;
    for (ColumnProfile c : columns) {
      width = Math.min(28, Math.max(width, c.name().length()));
    }
    String format = "  %-" + width + "s  %-9s %9s %9s %11s %11s %11s %11s  %s%n";
    s.append(
        String.format(
            Locale.ROOT,
            format,
            "column",
            "type",
            "missing",
            "distinct",
            "min",
            "max",
            "mean",
            "std",
            ""));
    for (ColumnProfile c : columns) {
      String name = c.name().length() > width ? c.name().substring(0, width - 1) + "~" : c.name();
      s.append(
          String.format(
              Locale.ROOT,
              format,
              name,
              c.type() + (c.inferred() ? "*" : ""),
              c.missing() == 0 ? "" : String.format(Locale.ROOT, "%,d", c.missing()),
              c.distinct() == 0 ? "" : String.format(Locale.ROOT, "%,d", c.distinct()),
              shown(c.min()),
              shown(c.max()),
              shown(c.mean()),
              shown(c.std()),
              c.note()));
    }
    if (columns.stream().anyMatch(ColumnProfile::inferred)) {
      s.append(String.format("  * type inferred%n"));
    }
    if (!classCounts.isEmpty()) {
      s.append("  classes");
      int shown = 0;
      for (Map.Entry<String, Long> e : classCounts.entrySet()) {
        if (shown++ == 12) {
          s.append(String.format("  ... (%d in all)", classCounts.size()));
          break;
        }
        s.append(
            String.format(
                Locale.ROOT,
                "  %s %,d (%.1f %%)",
                e.getKey(),
                e.getValue(),
                100.0 * e.getValue() / Math.max(1, rows)));
      }
      s.append(System.lineSeparator());
    }
    for (String warning : warnings) {
      s.append("warn  ").append(warning).append(System.lineSeparator());
    }
    return s.toString();
  }

  private static String shown(double v) {
    if (Double.isNaN(v)) {
      return "";
    }
    double a = Math.abs(v);
    if (v == Math.rint(v) && a < 1e9) {
      return Long.toString((long) v);
    }
    return a >= 1e6 || a < 1e-3
        ? String.format(Locale.ROOT, "%.4g", v)
        : String.format(Locale.ROOT, "%.4f", v);
  }
}
