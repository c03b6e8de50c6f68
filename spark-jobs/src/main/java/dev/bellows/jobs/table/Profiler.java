package dev.bellows.jobs.table;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Puts statistics, fit and findings into a {@link Profile}. */
public final class Profiler {
  private static final long LARGE_DICTIONARY = 100_000;
  private static final double MOSTLY_DISTINCT = 0.5;
  private static final long MIN_ROWS_FOR_HINTS = 20;

  private final TablePlan plan;
  private final TableStats stats;
  private final Fitter.Fit fit;
  private final List<String> warnings = new ArrayList<>();

  private Profiler(TablePlan plan, TableStats stats, Fitter.Fit fit) {
    this.plan = plan;
    this.stats = stats;
    this.fit = fit;
  }

  /**
   * The profile.
   *
   * @param stats of all usable rows
   * @param dropped bad rows left out
   * @param duplicates rows that repeat another one
   * @param findings further warnings, e.g. on leaks
   */
  public static Profile profile(
      TablePlan plan,
      TableStats stats,
      Fitter.Fit fit,
      long dropped,
      long duplicates,
      List<String> findings) {
    return new Profiler(plan, stats, fit).profile(dropped, duplicates, findings);
  }

  private Profile profile(long dropped, long duplicates, List<String> findings) {
    List<ColumnProfile> columns = new ArrayList<>();
    for (int c = 0; c < plan.names().size(); c++) {
      columns.add(column(c));
    }
    equalColumns();
    if (plan.schema().pixelWidth() > 0) {
      Moments pixels = stats.pixelMoments();
      columns.add(
          new ColumnProfile(
              "image",
              "image",
              false,
              0,
              stats.pixelMax - stats.pixelMin + 1L,
              stats.pixelMin,
              stats.pixelMax,
              pixels.mean(),
              pixels.std(),
              shape()));
    }
    if (plan.schema().sparse()) {
      String note =
          String.format(
              java.util.Locale.ROOT,
              "%d columns, %.1f stored values a row",
              stats.sparseWidth,
              stats.stored / (double) Math.max(1, stats.rows));
      columns.add(
          new ColumnProfile(
              "features",
              "sparse",
              false,
              0,
              stats.sparseWidth,
              Double.NaN,
              Double.NaN,
              Double.NaN,
              Double.NaN,
              note));
    }
    if (dropped > 0) {
      warnings.add(dropped + " bad rows were dropped");
    }
    classes();
    warnings.addAll(findings);
    return new Profile(
        stats.rows,
        dropped,
        duplicates,
        stats.fingerprint(plan),
        columns,
        fit.classCounts(),
        warnings);
  }

  private String shape() {
    List<Integer> s = plan.schema().imageShape();
    return s.get(0) + "x" + s.get(1) + "x" + s.get(2);
  }

  private ColumnProfile column(int c) {
    ColumnStats s = stats.columns[c];
    String name = plan.names().get(c);
    ColumnRole role = plan.role(c);
    long distinct = s.distinct.count();
    String dropped = fit.dropped().get(c);
    String note = dropped == null ? "" : "dropped: " + dropped;
    if (dropped != null) {
      warnings.add("column " + name + " is dropped: " + dropped);
    } else if (role == ColumnRole.CATEGORY) {
      if (distinct > LARGE_DICTIONARY) {
        warnings.add(
            "column "
                + name
                + " has "
                + distinct
                + " categories: its dictionary and embedding will be large; min_count or type: ignore helps");
      } else if (stats.rows >= MIN_ROWS_FOR_HINTS
          && distinct > MOSTLY_DISTINCT * (s.texts + s.numbers)) {
        warnings.add(
            "column "
                + name
                + " has "
                + distinct
                + " categories in "
                + (s.texts + s.numbers)
                + " values: hardly any repeats, little to learn from");
      }
    } else if (role == ColumnRole.NUMBER
        && plan.inferred(c)
        && s.whole
        && s.missing == 0
        && stats.rows >= MIN_ROWS_FOR_HINTS
        && distinct >= (s.distinct.exact() ? stats.rows : 0.97 * stats.rows)
        && s.max - s.min < 2.0 * stats.rows) {
      warnings.add(
          "column "
              + name
              + " looks like a row number ("
              + distinct
              + " different whole numbers from "
              + (long) s.min
              + " to "
              + (long) s.max
              + "): set type: ignore");
      note = "row number?";
    }
    if (role == ColumnRole.NUMBER && plan.inferred(c) && s.texts > 0) {
      note = "a few cells are text";
    }
    Moments m = s.moments();
    boolean numeric = (s.numbers > 0 && s.texts == 0) || role == ColumnRole.NUMBER;
    String type =
        role == ColumnRole.TARGET ? "target" : role.name().toLowerCase(java.util.Locale.ROOT);
    return new ColumnProfile(
        name,
        type,
        plan.inferred(c),
        s.missing,
        distinct,
        numeric ? s.min : Double.NaN,
        numeric ? s.max : Double.NaN,
        numeric ? m.mean() : Double.NaN,
        numeric ? m.std() : Double.NaN,
        note);
  }

  private void equalColumns() {
    Map<Long, Integer> first = new HashMap<>();
    for (int c = 0; c < plan.names().size(); c++) {
      ColumnRole role = plan.role(c);
      boolean compared =
          role == ColumnRole.NUMBER || role == ColumnRole.CATEGORY || role == ColumnRole.TARGET;
      if (!compared || fit.dropped().containsKey(c) || stats.rows < 2) {
        continue;
      }
      Integer same = first.putIfAbsent(stats.columns[c].digest, c);
      if (same != null) {
        boolean leak = role == ColumnRole.TARGET || plan.role(same) == ColumnRole.TARGET;
        warnings.add(
            "columns "
                + plan.names().get(same)
                + " and "
                + plan.names().get(c)
                + " are equal in every row"
                + (leak ? ": the target is among the features (leak)" : ": one of them is enough"));
      }
    }
  }

  private void classes() {
    fit.classCounts()
        .forEach(
            (name, n) -> {
              if (n < 2) {
                warnings.add("class \"" + name + "\" has " + n + " row" + (n == 1 ? "" : "s"));
              }
            });
    List<String> names = new ArrayList<>(fit.classCounts().keySet());
    for (int i = 0; i < names.size(); i++) {
      for (int j = i + 1; j < names.size() && names.size() <= 200; j++) {
        if (names.get(i).strip().equalsIgnoreCase(names.get(j).strip())) {
          warnings.add(
              "classes \""
                  + names.get(i)
                  + "\" and \""
                  + names.get(j)
                  + "\" differ in case or blanks only: a typo?");
        }
      }
    }
  }
}
