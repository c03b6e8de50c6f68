package dev.bellows.jobs.api;

import dev.bellows.jobs.block.EncodedRows;
import dev.bellows.jobs.evaluate.Evaluation;
import dev.bellows.jobs.evaluate.HeldOut;
import dev.bellows.jobs.evaluate.ScorePlan;
import dev.bellows.jobs.evaluate.StoredModel;
import dev.bellows.jobs.predict.PredictJob;
import dev.bellows.jobs.predict.TextGenerator;
import dev.bellows.jobs.run.Storage;
import java.util.List;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.jspecify.annotations.Nullable;

/**
 * A trained model with everything that was fitted for it: scaling, dictionaries, imputation.
 * Columns are found by name; others are left alone.
 */
public final class BellowsModel {
  /** Half: the more probable of two classes counts. */
  private static final double THRESHOLD = 0.5;

  private final StoredModel model;

  private BellowsModel(StoredModel model) {
    this.model = model;
  }

  /**
   * Opens a model folder and checks it whole. Nothing in it is code.
   *
   * @param folder a local path, or a URI of a file system of the running Spark session
   * @throws dev.bellows.jobs.BellowsException exit 8, naming file and place
   */
  public static BellowsModel load(String folder) {
    Storage storage =
        Storage.isLocal(folder) ? Storage.of(SparkConf::new) : Storage.of(SparkSession.active());
    return new BellowsModel(StoredModel.open(storage.folder(folder)));
  }

  /**
   * Adds predictions to rows. No job runs before the result is used.
   *
   * @return the rows with their own columns and, for classes, {@code prediction} (text, the class)
   *     and {@code probability} (array of float in the order of {@link #classes}); for regression,
   *     {@code prediction} (double, in the unit of the target)
   * @throws dev.bellows.jobs.source.DataException when a column of the model is missing, or a
   *     column of the result is there already
   */
  public Dataset<Row> transform(Dataset<Row> rows) {
    List<String> columns =
        classes().isEmpty() ? List.of("prediction") : List.of("prediction", "probability");
    return PredictJob.transform(model, rows, columns);
  }

  /**
   * Measures the model on rows with known answers.
   *
   * @return the loss, all metrics that suit the task, confusion matrix and curves
   * @throws dev.bellows.jobs.source.DataException when the rows do not fit the model, cannot be
   *     read or have classes that training did not show
   */
  public Evaluation evaluate(Dataset<Row> rows) {
    return evaluate(rows, null);
  }

  /**
   * As {@link #evaluate(Dataset)} with weighted rows.
   *
   * @param weight column of the weights, 0 or more; null: all 1
   */
  public Evaluation evaluate(Dataset<Row> rows, @Nullable String weight) {
    JavaSparkContext spark = JavaSparkContext.fromSparkContext(rows.sparkSession().sparkContext());
    HeldOut heldOut = new HeldOut(spark, ScorePlan.of(model, THRESHOLD));
    try (EncodedRows encoded = EncodedRows.read(rows, model.preprocess(), weight)) {
      return heldOut.evaluate(encoded.blocks(), model.parameters(), heldOut.all());
    }
  }

  /**
   * Draws texts from a language model of lines, such as names: token by token, each with the
   * probability that the model gives it after those before.
   *
   * @param count how many
   * @param temperature above 0: small keeps to what is most probable, 1 is as trained
   * @param seed other seeds draw other texts
   * @throws dev.bellows.jobs.BellowsException exit 2 when the model is no such language model
   */
  public List<String> generate(int count, double temperature, long seed) {
    return TextGenerator.texts(model, count, temperature, seed);
  }

  /** Class names in the order of the probabilities; empty for regression. */
  public List<String> classes() {
    return model.spec().loss().kind().classifies() ? model.preprocess().classes() : List.of();
  }

  /** Number of weights. */
  public int parameters() {
    return model.parameters().length;
  }

  /** SHA-256 of the weights file. */
  public String weightsSha256() {
    return model.folder().weightsSha256();
  }
}
