package dev.bellows.jobs.synth;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Locale;

/** Made tables with a known rule behind them. */
public final class SynthTables {
  private static final List<String> CITIES =
      List.of("Aachen", "Bergen", "Cadiz", "Delft", "Evora", "Fürth", "Ghent", "Huesca");
  private static final List<String> PLANS = List.of("basic", "plus", "pro");
  private static final double[] CITY_EFFECT = {1.4, -1.1, 0.6, -0.4, 0.9, -1.5, 0.2, -0.1};
  private static final double[] PLAN_EFFECT = {-0.9, 0.1, 1.0};
  private static final int SPARSE_FEATURES = 200;
  private static final int SPARSE_VALUES = 12;

  private SynthTables() {}

  private interface Rows {
    String row(int row);
  }

  /**
   * CSV with header: id, age, income, visits, city, plan, churn (yes/no). Numbers and categories
   * with 5 % missing cells; churn depends on all of them, with an interaction, and noise.
   */
  public static void table(Path file, int rows, long seed) throws IOException {
    write(
        file,
        "id,age,income,visits,city,plan,churn",
        rows,
        row -> {
          Draws d = new Draws(seed, "table", row);
          double age = d.between(18, 80);
          double income = 20_000 * StrictMath.exp(0.6 * d.normal());
          int visits = d.below(30);
          int city = d.below(CITIES.size());
          int plan = d.below(PLANS.size());
          double score =
              CITY_EFFECT[city]
                  + PLAN_EFFECT[plan]
                  + 0.05 * (age - 49)
                  - 0.12 * (visits - 15) * (plan == 0 ? 1.5 : 0.7)
                  + 0.4 * d.normal();
          return String.join(
              ",",
              Integer.toString(row + 1),
              missing(d, format("%.1f", age)),
              missing(d, format("%.2f", income)),
              missing(d, Integer.toString(visits)),
              missing(d, CITIES.get(city)),
              missing(d, PLANS.get(plan)),
              score > 0 ? "yes" : "no");
        });
  }

  /**
   * CSV with header x1..x5, city, y: y = 3 x1 - 2 x2 + x3 x4 + city effect + noise of deviation
   * 0.3, times 1000.
   */
  public static void regression(Path file, int rows, long seed) throws IOException {
    write(
        file,
        "x1,x2,x3,x4,x5,city,y",
        rows,
        row -> {
          Draws d = new Draws(seed, "regression", row);
          double[] x = new double[5];
          for (int i = 0; i < x.length; i++) {
            x[i] = d.normal();
          }
          int city = d.below(CITIES.size());
          double y = 3 * x[0] - 2 * x[1] + x[2] * x[3] + CITY_EFFECT[city] + 0.3 * d.normal();
          return format(
              "%.4f,%.4f,%.4f,%.4f,%.4f,%s,%.2f",
              x[0], x[1], x[2], x[3], x[4], CITIES.get(city), 1000 * y);
        });
  }

  /**
   * CSV with header id, person, place, hour, likes (yes/no): 40 people in 30 places, few of them
   * often. Whether a person likes a place is a coin that no column tells alone, only both together;
   * 5 % of the answers are turned.
   */
  public static void visits(Path file, int rows, long seed) throws IOException {
    write(
        file,
        "id,person,place,hour,likes",
        rows,
        row -> {
          Draws d = new Draws(seed, "visit", row);
          int person = (int) (40 * d.uniform() * d.uniform());
          int place = (int) (30 * d.uniform() * d.uniform());
          boolean coin = new Draws(seed, "taste", 100 * person + place).uniform() < 0.5;
          boolean likes = coin != d.uniform() < 0.05;
          return format(
              "%d,p%02d,q%02d,%.1f,%s",
              row + 1, person, place, d.between(0, 24), likes ? "yes" : "no");
        });
  }

  /**
   * LibSVM rows: labels +1 and -1, 200 binary features (indices from 1), 12 set in each row, linear
   * rule with 5 % flipped labels.
   */
  public static void libsvm(Path file, int rows, long seed) throws IOException {
    double[] weights = new double[SPARSE_FEATURES];
    Draws rule = new Draws(seed, "libsvm-rule", 0);
    for (int i = 0; i < weights.length; i++) {
      weights[i] = rule.normal();
    }
    double mean =
        java.util.Arrays.stream(weights)
            .average()
            .orElse(0); // taken off: both labels are about as frequent
    write(
        file,
        "",
        rows,
        row -> {
          Draws d = new Draws(seed, "libsvm", row);
          java.util.TreeSet<Integer> set = new java.util.TreeSet<>();
          while (set.size() < SPARSE_VALUES) {
            set.add(d.below(SPARSE_FEATURES));
          }
          double score = 0;
          StringBuilder line = new StringBuilder();
          for (int index : set) {
            score += weights[index] - mean;
            line.append(' ').append(index + 1).append(":1");
          }
          boolean positive = score > 0 != d.uniform() < 0.05;
          return (positive ? "+1" : "-1") + line;
        });
  }

  private static String missing(Draws d, String value) {
    return d.uniform() < 0.05 ? "" : value;
  }

  private static String format(String form, Object... values) {
    return String.format(Locale.ROOT, form, values);
  }

  private static void write(Path file, String header, int rows, Rows source) throws IOException {
    Path folder = file.toAbsolutePath().getParent();
    if (folder != null) {
      Files.createDirectories(folder);
    }
    Path temporary = file.resolveSibling(file.getFileName() + ".tmp");
    try (PrintWriter out =
        new PrintWriter(Files.newBufferedWriter(temporary, StandardCharsets.UTF_8))) {
      if (!header.isEmpty()) {
        out.print(header + "\n");
      }
      for (int row = 0; row < rows; row++) {
        out.print(source.row(row) + "\n");
      }
      if (out.checkError()) {
        throw new IOException("could not write " + temporary);
      }
    }
    Files.move(temporary, file, StandardCopyOption.REPLACE_EXISTING);
  }
}
