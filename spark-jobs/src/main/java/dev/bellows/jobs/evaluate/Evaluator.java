package dev.bellows.jobs.evaluate;

import dev.bellows.engine.kernel.KernelProvider;
import dev.bellows.engine.model.Json;
import dev.bellows.jobs.BellowsException;
import dev.bellows.jobs.Console;
import dev.bellows.jobs.ExitCode;
import dev.bellows.jobs.block.EncodedRows;
import dev.bellows.jobs.config.RunConfig;
import dev.bellows.jobs.config.SourceConfig;
import dev.bellows.jobs.run.Storage;
import dev.bellows.jobs.source.DataException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;

/** The {@code evaluate} command: measures a stored model on rows with known answers. */
public final class Evaluator {
  private Evaluator() {}

  /**
   * Reads the rows of {@code data.test}, scores them where they lie and writes {@code evaluation/}
   * below {@code output.dir}.
   *
   * @return the loss and the metrics by name; NaN where a metric has no value
   * @throws BellowsException exit 8 for the model, 4 for the data, 3 for a metric that does not
   *     suit the task
   */
  public static Map<String, Double> run(SparkSession session, RunConfig config, Console console) {
    Storage storage = Storage.of(session);
    StoredModel model =
        StoredModel.open(storage.folder(Objects.requireNonNull(config.modelPath())));
    SourceConfig source = config.data().test().source();
    if (source == null) {
      throw new BellowsException(
          ExitCode.CONFIG, "evaluate needs rows with known answers: set data.test, or give --data");
    }
    KernelProvider.Preference preference = preference(config);
    ScorePlan plan =
        new ScorePlan(
            Json.compact(model.spec().toJson()),
            model.preprocess(),
            config.evaluate().threshold(),
            preference.name(),
            KernelProvider.choose(preference).id());
    HeldOut heldOut = new HeldOut(new JavaSparkContext(session.sparkContext()), plan);
    List<String> names = names(config, plan, heldOut);
    Evaluation evaluation;
    try (EncodedRows rows =
        EncodedRows.read(
            session,
            source,
            config.data(),
            model.preprocess(),
            config.evaluate().unseen(),
            Path.of("").toAbsolutePath().toString())) {
      console.section(
          "data", String.format(Locale.ROOT, "%,d rows with known answers", rows.rows()));
      if (rows.rows() == 0) {
        throw new DataException("data.test has no rows: nothing to evaluate");
      }
      warnOfUnknown(rows.unknownCategories(), console);
      evaluation = heldOut.evaluate(rows.blocks(), model.parameters(), names);
    }
    EvaluationFiles.write(
        storage.folder(config.output().dir()).below("evaluation"), evaluation, "test");
    print(console, evaluation);
    return evaluation.figures();
  }

  /** Says how many category cells had a value that training did not show. */
  public static void warnOfUnknown(long cells, Console console) {
    if (cells > 0) {
      console.warn(
          String.format(
              Locale.ROOT,
              "%,d category cells have a value that training did not show: counted as unknown",
              cells));
    }
  }

  private static List<String> names(RunConfig config, ScorePlan plan, HeldOut heldOut) {
    List<String> names = new ArrayList<>(config.evaluate().metrics());
    names.remove("loss"); // always there
    boolean matrix = names.remove("confusion");
    if (names.isEmpty() && !matrix) {
      names.addAll(heldOut.all());
    }
    matrix |= config.evaluate().perClass() && plan.classes() > 0;
    if (matrix && !names.contains("accuracy")) {
      names.add("accuracy"); // brings the confusion matrix along
    }
    try {
      plan.scores(names);
    } catch (IllegalArgumentException e) {
      throw new BellowsException(ExitCode.CONFIG, "evaluate.metrics: " + e.getMessage(), e);
    }
    return names;
  }

  private static KernelProvider.Preference preference(RunConfig config) {
    if (config.device() == RunConfig.Device.GPU) {
      throw new BellowsException(
          ExitCode.CONFIG, "device: gpu kernels are not in this release; use device: cpu or auto");
    }
    return KernelProvider.Preference.AUTO;
  }

  private static void print(Console console, Evaluation evaluation) {
    console.row(String.format(Locale.ROOT, "%-20s  %s", "metric", "value"));
    evaluation
        .figures()
        .forEach(
            (name, value) -> {
              String reason = evaluation.undefined().get(name);
              console.row(
                  String.format(
                      Locale.ROOT,
                      "%-20s  %s",
                      name,
                      Double.isNaN(value)
                          ? "undefined: " + (reason == null ? "no rows" : reason)
                          : String.format(Locale.ROOT, "%.6f", value)));
            });
  }
}
