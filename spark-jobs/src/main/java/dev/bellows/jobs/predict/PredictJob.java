package dev.bellows.jobs.predict;

import dev.bellows.jobs.BellowsException;
import dev.bellows.jobs.Console;
import dev.bellows.jobs.ExitCode;
import dev.bellows.jobs.block.ModelColumns;
import dev.bellows.jobs.block.RowEncoder;
import dev.bellows.jobs.block.SparkFailures;
import dev.bellows.jobs.config.FeatureConfig;
import dev.bellows.jobs.config.OutputConfig;
import dev.bellows.jobs.config.PredictConfig;
import dev.bellows.jobs.config.RunConfig;
import dev.bellows.jobs.config.SourceConfig;
import dev.bellows.jobs.evaluate.Evaluator;
import dev.bellows.jobs.evaluate.OutputPlan;
import dev.bellows.jobs.evaluate.ScorePlan;
import dev.bellows.jobs.evaluate.StoredModel;
import dev.bellows.jobs.run.Storage;
import dev.bellows.jobs.source.DataException;
import dev.bellows.jobs.source.Sources;
import dev.bellows.jobs.table.Preprocess;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.apache.hadoop.fs.FileSystem;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.DataFrameWriter;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.LongAccumulator;

/**
 * Writes the predictions of a stored model for a table of rows.
 *
 * <p>Output columns: {@code row} (number of the row in the input, from 0), the kept input columns,
 * {@code prediction} (class name, or number), and for classes {@code probability}: an array in
 * class order in Parquet, one column {@code probability_CLASS} per class in CSV. A head that learns
 * a column of its own has the same columns with its name in front: {@code slots_prediction}. A
 * translation is one text, {@code prediction}. The values do not depend on partitions or executors.
 */
public final class PredictJob {
  private PredictJob() {}

  /**
   * Predicts every row of {@code data.input} and writes {@code predictions} below {@code
   * output.dir}.
   *
   * @return the number of rows written
   * @throws BellowsException exit 2 when the output exists, 4 when a column of the model is
   *     missing, 8 when the model is damaged
   */
  public static long run(SparkSession session, RunConfig config, Console console) {
    SourceConfig source = config.data().input();
    String modelPath = config.modelPath();
    if (source == null || modelPath == null) {
      throw new BellowsException(
          ExitCode.CONFIG, "predict needs model_path and data.input in its configuration");
    }
    OutputConfig output = config.output();
    String target = target(session, output);
    StoredModel model = StoredModel.open(Storage.of(session).folder(modelPath));
    console.section(
        "model",
        modelPath
            + "  sha256 "
            + model.folder().weightsSha256()
            + "  "
            + model.parameters().length
            + " parameters");
    Dataset<Row> input = Sources.read(session, source, ".", ModelColumns.lists(model.preprocess()));
    PredictConfig wanted = config.predict();
    boolean wide = output.format() == OutputConfig.Format.CSV;
    if (wide) {
      checkWide(model.preprocess(), wanted.columns());
    }
    LongAccumulator unknown = session.sparkContext().longAccumulator("unknown categories");
    Preprocess preprocess =
        wanted.onUnknownCategory() == FeatureConfig.Unknown.FAIL
            ? model.preprocess().failingOnUnknown()
            : model.preprocess();
    Dataset<Row> predicted =
        predict(
            session,
            new StoredModel(model.folder(), model.spec(), preprocess, model.parameters()),
            input,
            keep(config, input),
            wanted.columns(),
            wide,
            unknown);
    if (wanted.partitions() > 0) {
      predicted = predicted.coalesce(wanted.partitions());
    }
    SaveMode mode =
        output.mode() == OutputConfig.Mode.OVERWRITE ? SaveMode.Overwrite : SaveMode.ErrorIfExists;
    write(
        wide ? predicted.write().option("header", "true") : predicted.write(), mode, wide, target);
    Evaluator.warnOfUnknown(unknown.value(), console);
    long rows =
        (wide
                ? session.read().option("header", "true").option("multiLine", "true").csv(target)
                : session.read().parquet(target))
            .count();
    console.section("output", String.format(Locale.ROOT, "%,d rows  %s", rows, target));
    return rows;
  }

  /** What a table of text has no place for. */
  private static void checkWide(Preprocess preprocess, List<String> columns) {
    if (preprocess.target().pixels()) {
      throw new BellowsException(
          ExitCode.CONFIG, "output.format csv has no place for masks; use parquet");
    }
    if (preprocess.written() == null
        && preprocess.targets().stream().anyMatch(t -> t.positions() > 1)
        && !columns.equals(List.of("prediction"))) {
      throw new BellowsException(
          ExitCode.CONFIG,
          "predict.columns "
              + columns
              + ": probabilities of each token don't fit output.format csv; use parquet, or columns: [prediction]");
    }
  }

  private static void write(
      DataFrameWriter<Row> writer, SaveMode mode, boolean wide, String target) {
    SparkFailures.unwrap(
        () -> {
          if (wide) {
            writer.mode(mode).csv(target);
          } else {
            writer.mode(mode).parquet(target);
          }
          return target;
        });
  }

  /**
   * Predictions as a data frame; nothing is computed before it is used.
   *
   * @param model the model
   * @param input rows with the columns that the model was trained on, found by name
   * @param keep input columns to copy
   * @param columns of {@code prediction}, {@code probability}, {@code score}
   * @param wide one column per class instead of an array
   * @param unknown counts category cells whose value training did not show, when it is computed
   */
  public static Dataset<Row> predict(
      SparkSession session,
      StoredModel model,
      Dataset<Row> input,
      List<String> keep,
      List<String> columns,
      boolean wide,
      LongAccumulator unknown) {
    ScorePlan plan = ScorePlan.of(model, 0.5);
    Broadcast<float[]> parameters =
        JavaSparkContext.fromSparkContext(session.sparkContext()).broadcast(model.parameters());
    JavaRDD<Row> rows =
        input
            .toJavaRDD()
            .zipWithIndex()
            .mapPartitions(
                new PredictTask(
                    plan, input.schema(), true, keep, columns, wide, parameters, unknown));
    return session.createDataFrame(rows, schema(plan, input.schema(), true, keep, columns, wide));
  }

  /**
   * A data frame with its own columns and the predictions beside them; no job runs before it is
   * used.
   *
   * <p>Rows are not numbered, which would take a job: the place of a row in a forward pass follows
   * from its partition, and the last bit of a probability may, too.
   *
   * @param columns of {@code prediction}, {@code probability}, {@code score}
   * @throws DataException when the input has one of these columns, or lacks one of the model's
   */
  public static Dataset<Row> transform(
      StoredModel model, Dataset<Row> input, List<String> columns) {
    StructType type = input.schema();
    List<String> own = List.of(type.fieldNames());
    ScorePlan plan = ScorePlan.of(model, 0.5);
    for (StructField field : predicted(plan, columns, false)) {
      if (own.contains(field.name())) {
        throw new DataException(
            "the data frame has a column "
                + field.name()
                + " already, where the model puts its own: rename or drop it");
      }
    }
    SparkSession session = input.sparkSession();
    new RowEncoder(model.preprocess(), type); // refuses here what every task would refuse
    PredictTask task =
        new PredictTask(
            plan,
            type,
            false,
            own,
            columns,
            false,
            JavaSparkContext.fromSparkContext(session.sparkContext()).broadcast(model.parameters()),
            session.sparkContext().longAccumulator("unknown categories"));
    return session.createDataFrame(
        input.toJavaRDD().mapPartitions(new PartitionNumbers(task)),
        schema(plan, type, false, own, columns, false));
  }

  /** The outputs that have columns: the main one, and heads that learn columns of their own. */
  static List<OutputPlan> outputs(ScorePlan plan) {
    return plan.outputs().stream().filter(OutputPlan::own).toList();
  }

  private static List<StructField> predicted(ScorePlan plan, List<String> columns, boolean wide) {
    return outputs(plan).stream()
        .flatMap(
            output -> new OutputColumns(output, columns, wide, plan.preprocess()).fields().stream())
        .toList();
  }

  private static StructType schema(
      ScorePlan plan,
      StructType input,
      boolean numbered,
      List<String> keep,
      List<String> columns,
      boolean wide) {
    List<StructField> fields = new ArrayList<>();
    if (numbered) {
      fields.add(DataTypes.createStructField("row", DataTypes.LongType, false));
    }
    for (String name : keep) {
      fields.add(input.fields()[input.fieldIndex(name)]);
    }
    fields.addAll(predicted(plan, columns, wide));
    return DataTypes.createStructType(fields);
  }

  private static List<String> keep(RunConfig config, Dataset<Row> input) {
    Set<String> names = new LinkedHashSet<>();
    String id = config.data().id();
    if (id != null) {
      names.add(id);
    }
    names.addAll(config.predict().keep());
    List<String> there = Arrays.asList(input.columns());
    for (String name : names) {
      if (!there.contains(name)) {
        throw new BellowsException(
            ExitCode.DATA,
            "predict.keep names the column \"" + name + "\", the input has " + there);
      }
    }
    return new ArrayList<>(names);
  }

  private static String target(SparkSession session, OutputConfig output) {
    String target = output.dir() + "/predictions";
    if (output.mode() == OutputConfig.Mode.OVERWRITE) {
      return target;
    }
    try {
      org.apache.hadoop.fs.Path path = new org.apache.hadoop.fs.Path(target);
      FileSystem files = path.getFileSystem(session.sparkContext().hadoopConfiguration());
      if (files.exists(path)) {
        throw new BellowsException(
            ExitCode.USAGE,
            "output "
                + target
                + " exists already; choose another output.dir or set output.mode: overwrite");
      }
    } catch (IOException e) {
      throw new BellowsException(ExitCode.USAGE, "cannot look at output " + target + ": " + e, e);
    }
    return target;
  }
}
