package dev.bellows.jobs.study;

import dev.bellows.engine.model.Json;
import dev.bellows.jobs.run.RunFolder;
import dev.bellows.jobs.study.trial.Trial;
import dev.bellows.jobs.study.trial.Trials;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * The files of a search, below {@code search/}:
 *
 * <pre>
 * trials.csv, trials.parquet  a row per trial: state, score, mean, std, interval, rank, reason, its values
 * best.yaml                   the best trial's configuration: bellows train -c best.yaml
 * log/                        the journal
 * </pre>
 */
final class SearchFiles {
  private SearchFiles() {}

  static void write(
      SparkSession session,
      RunFolder folder,
      Trials trials,
      SearchTable table,
      TrialConfigs configs) {
    Set<String> names = new TreeSet<>();
    trials.list().forEach(t -> names.addAll(t.configuration().values().keySet()));
    List<Trial> ranked = new ArrayList<>(trials.list());
    ranked.removeIf(t -> !SearchJob.scored(t));
    ranked.sort(
        java.util.Comparator.<Trial>comparingDouble(t -> trials.goal().loss(t.score()))
            .thenComparingInt(Trial::number));
    List<Row> rows = new ArrayList<>();
    for (Trial trial : trials.list()) {
      rows.add(RowFactory.create(cells(trial, ranked.indexOf(trial) + 1, names)));
    }
    StructType type = type(names);
    StringBuilder csv = new StringBuilder(String.join(",", type.fieldNames())).append('\n');
    for (Row row : rows) {
      for (int c = 0; c < row.size(); c++) {
        csv.append(c == 0 ? "" : ",").append(cell(row.get(c)));
      }
      csv.append('\n');
    }
    folder.writeText("search/trials.csv", csv.toString());
    CvFiles.write(session.createDataFrame(rows, type), folder, "search/trials.parquet");
    trials
        .history()
        .best()
        .ifPresent(
            best ->
                folder.writeText(
                    "search/best.yaml", configs.of(best.configuration()).resolvedYaml()));
  }

  private static StructType type(Set<String> names) {
    List<StructField> fields = new ArrayList<>();
    fields.add(DataTypes.createStructField("trial", DataTypes.IntegerType, false));
    fields.add(DataTypes.createStructField("state", DataTypes.StringType, false));
    for (String name : List.of("mean", "std", "ci_low", "ci_high")) {
      fields.add(DataTypes.createStructField(name, DataTypes.DoubleType, true));
    }
    fields.add(DataTypes.createStructField("rank", DataTypes.IntegerType, true));
    fields.add(
        DataTypes.createStructField(
            "fold_scores", DataTypes.createArrayType(DataTypes.DoubleType), true));
    fields.add(DataTypes.createStructField("fit_ms", DataTypes.LongType, true));
    fields.add(DataTypes.createStructField("error", DataTypes.StringType, true));
    names.forEach(
        name -> fields.add(DataTypes.createStructField(name, DataTypes.StringType, true)));
    return DataTypes.createStructType(fields);
  }

  private static Object[] cells(Trial trial, int rank, Set<String> names) {
    CvSummary summary = SearchJob.scored(trial) ? SearchTable.summary(trial) : null;
    List<Object> cells = new ArrayList<>();
    cells.add(trial.number());
    cells.add(trial.state().name().toLowerCase(Locale.ROOT));
    cells.add(summary == null ? null : summary.mean());
    cells.add(summary == null || Double.isNaN(summary.std()) ? null : summary.std());
    cells.add(summary == null || Double.isNaN(summary.low()) ? null : summary.low());
    cells.add(summary == null || Double.isNaN(summary.high()) ? null : summary.high());
    cells.add(rank == 0 ? null : rank);
    cells.add(trial.reports().stream().map(r -> r.score()).toArray(Double[]::new));
    cells.add(
        trial.reports().stream()
            .mapToLong(r -> r.details().get("fit_ms") instanceof Number n ? n.longValue() : 0)
            .sum());
    cells.add(trial.reason());
    for (String name : names) {
      cells.add(
          trial.configuration().has(name) ? Json.compact(trial.configuration().get(name)) : null);
    }
    return cells.toArray();
  }

  private static String cell(Object value) {
    if (value == null) {
      return "";
    }
    String text = value instanceof Double[] all ? java.util.Arrays.toString(all) : value.toString();
    return text.matches("[^,\"\n]*") ? text : "\"" + text.replace("\"", "\"\"") + "\"";
  }
}
