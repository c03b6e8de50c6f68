package dev.bellows.jobs.table;

import dev.bellows.jobs.source.NumberText;
import dev.bellows.jobs.source.RawBlock;
import dev.bellows.jobs.source.RawColumn;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.spark.api.java.JavaRDD;

/**
 * Looks for single columns that give the target away, on a sample of training rows: AUC above 0.999
 * for two classes, a value per class for more, correlation above 0.9999 for regression.
 */
public final class LeakCheck {
  /** Rows looked at. */
  public static final int SAMPLE_ROWS = 4096;

  private static final int MIN_ROWS = 50;
  private static final int MIN_CLASS_ROWS = 10;
  private static final int MAX_CELLS = 1 << 22;
  private static final double AUC = 0.999;
  private static final double CORRELATION = 0.9999;

  private LeakCheck() {}

  /**
   * Warnings.
   *
   * @param sample all rows with a mask of the sampled ones
   */
  public static List<String> warnings(
      TablePlan plan, Preprocess preprocess, JavaRDD<MaskedBlock> sample) {
    List<String> used = new ArrayList<>();
    preprocess.numbers().forEach(n -> used.add(n.name()));
    preprocess.categories().forEach(c -> used.add(c.name()));
    if (used.isEmpty() || (long) used.size() * SAMPLE_ROWS > MAX_CELLS) {
      return List.of();
    }
    int[] columns = used.stream().mapToInt(plan.names()::indexOf).toArray();
    int target = plan.targetIndex();
    List<String[]> rows =
        sample
            .mapPartitions(
                it -> {
                  List<String[]> out = new ArrayList<>();
                  while (it.hasNext()) {
                    MaskedBlock b = it.next();
                    b.rows().stream().forEach(r -> out.add(cells(b.block(), r, columns, target)));
                  }
                  return out.iterator();
                })
            .collect();
    List<String> warnings = new ArrayList<>();
    if (rows.size() < MIN_ROWS) {
      return warnings;
    }
    for (int c = 0; c < used.size(); c++) {
      boolean number = c < preprocess.numbers().size();
      String found =
          preprocess.classes().isEmpty()
              ? regression(rows, c, number)
              : preprocess.classes().size() == 2 ? binary(rows, c, number) : classes(rows, c);
      if (!found.isEmpty()) {
        warnings.add(
            "column "
                + used.get(c)
                + " alone tells the target ("
                + found
                + " in "
                + rows.size()
                + " training rows): a leak? set type: ignore if so");
      }
    }
    return warnings;
  }

  private static String[] cells(RawBlock block, int row, int[] columns, int target) {
    String[] cells = new String[columns.length + 1];
    for (int i = 0; i < columns.length; i++) {
      cells[i] = cell(block.column(columns[i]), row);
    }
    cells[columns.length] = cell(block.column(target), row);
    return cells;
  }

  private static String cell(RawColumn column, int row) {
    int text = column.textCode(row);
    double v = column.numbers()[row];
    return text >= 0 ? column.dictionary()[text] : Double.isNaN(v) ? "" : NumberText.canonical(v);
  }

  private static String regression(List<String[]> rows, int c, boolean number) {
    if (!number) {
      return "";
    }
    double n = 0;
    double sx = 0;
    double sy = 0;
    List<double[]> pairs = new ArrayList<>();
    for (String[] r : rows) {
      if (!r[c].isEmpty()) {
        double x = Double.parseDouble(r[c]);
        double y = Double.parseDouble(r[r.length - 1]);
        pairs.add(new double[] {x, y});
        n++;
        sx += x;
        sy += y;
      }
    }
    double xx = 0;
    double yy = 0;
    double xy = 0;
    for (double[] p : pairs) {
      double dx = p[0] - sx / n;
      double dy = p[1] - sy / n;
      xx += dx * dx;
      yy += dy * dy;
      xy += dx * dy;
    }
    double correlation = xx > 0 && yy > 0 ? Math.abs(xy / Math.sqrt(xx * yy)) : 0;
    return n >= MIN_ROWS && correlation > CORRELATION
        ? String.format(java.util.Locale.ROOT, "correlation %.5f", correlation)
        : "";
  }

  /** AUC of a number, or of a category ordered by its share of one class. */
  private static String binary(List<String[]> rows, int c, boolean number) {
    String first = rows.get(0)[rows.get(0).length - 1];
    Map<String, double[]> shares = new HashMap<>();
    List<String[]> kept = rows.stream().filter(r -> !r[c].isEmpty()).toList();
    for (String[] r : kept) {
      double[] share = shares.computeIfAbsent(r[c], k -> new double[2]);
      share[r[r.length - 1].equals(first) ? 0 : 1]++;
    }
    if (!number && shares.size() > kept.size() / 20) {
      return "";
    }
    double[][] points = new double[kept.size()][];
    int ones = 0;
    for (int i = 0; i < points.length; i++) {
      String[] r = kept.get(i);
      double[] share = shares.getOrDefault(r[c], new double[2]);
      int label = r[r.length - 1].equals(first) ? 0 : 1;
      ones += label;
      points[i] =
          new double[] {
            number ? Double.parseDouble(r[c]) : share[1] / (share[0] + share[1]), label
          };
    }
    int zeros = points.length - ones;
    if (ones < MIN_CLASS_ROWS || zeros < MIN_CLASS_ROWS) {
      return "";
    }
    Arrays.sort(points, (a, b) -> Double.compare(a[0], b[0]));
    double rankSum = 0;
    for (int i = 0; i < points.length; ) {
      int j = i;
      int positives = 0;
      while (j < points.length && points[j][0] == points[i][0]) {
        positives += (int) points[j++][1];
      }
      rankSum += positives * (i + j + 1) / 2.0;
      i = j;
    }
    double auc = (rankSum - ones * (ones + 1.0) / 2) / ((double) ones * zeros);
    double best = Math.max(auc, 1 - auc);
    return best > AUC ? String.format(java.util.Locale.ROOT, "AUC %.4f", best) : "";
  }

  /** Whether every value belongs to one class and there are hardly more values than classes. */
  private static String classes(List<String[]> rows, int c) {
    Map<String, String> classOf = new HashMap<>();
    Set<String> classes = new HashSet<>();
    for (String[] r : rows) {
      String label = r[r.length - 1];
      classes.add(label);
      if (!classOf.computeIfAbsent(r[c], k -> label).equals(label)) {
        return "";
      }
    }
    return classOf.size() <= 2 * classes.size()
        ? "each of its " + classOf.size() + " values belongs to one class"
        : "";
  }
}
