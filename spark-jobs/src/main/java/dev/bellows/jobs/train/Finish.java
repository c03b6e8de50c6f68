package dev.bellows.jobs.train;

import dev.bellows.engine.model.ModelCard;
import dev.bellows.engine.model.ModelContents;
import dev.bellows.engine.model.ModelFolder;
import dev.bellows.engine.model.Provenance;
import dev.bellows.engine.model.WeightSegment;
import dev.bellows.engine.nn.Network;
import dev.bellows.engine.nn.Segment;
import dev.bellows.jobs.BellowsException;
import dev.bellows.jobs.Console;
import dev.bellows.jobs.ExitCode;
import dev.bellows.jobs.block.DataShard;
import dev.bellows.jobs.config.RunConfig;
import dev.bellows.jobs.evaluate.Evaluation;
import dev.bellows.jobs.evaluate.EvaluationFiles;
import dev.bellows.jobs.evaluate.SeriesBaselines;
import dev.bellows.jobs.report.RunReport;
import dev.bellows.jobs.run.History;
import dev.bellows.jobs.run.RunFolder;
import dev.bellows.jobs.table.SeriesInput;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.spark.api.java.JavaRDD;
import org.jspecify.annotations.Nullable;

/** The end of a training: figures on the test rows, metrics.json, the model folder. */
final class Finish {
  private final Setup setup;
  private final RunFolder folder;
  private final Console console;
  private final Training training;

  Finish(Setup setup, RunFolder folder, Console console, Training training) {
    this.setup = setup;
    this.folder = folder;
    this.console = console;
    this.training = training;
  }

  /** Writes everything and says so. */
  TrainOutcome write(RestorePoint end) {
    console.progressDone();
    TrainState state = training.state();
    Map<String, Double> metrics = metrics(end, state);
    folder.writeJson("metrics.json", History.finite(metrics));
    Communication communication = training.communication();
    if (communication.any()) {
      folder.writeJson("timeline.json", communication.tree());
      if (setup.overlap().on()) {
        console.section("shards", communication.line());
      }
    }
    ModelFolder model;
    try {
      model = ModelFolder.write(folder.model(), contents(end, metrics));
    } catch (IOException e) {
      throw new BellowsException(
          ExitCode.MEMORY_OR_DISK, "the model could not be written: " + e.getMessage(), e);
    }
    String sha = model.weightsSha256();
    Map<String, Object> summary = training.summary();
    summary.put("model_sha256", sha);
    summary.put("best_epoch", state.bestEpoch);
    folder.event("finished", Map.of("step", state.step, "model_sha256", sha));
    folder.finish("finished", ExitCode.OK, summary);
    report();
    String message = message(state, metrics, sha);
    return new TrainOutcome(ExitCode.OK, message, folder.model().root(), sha, state.step, metrics);
  }

  // After run.json says how the run ended. A report that fails is no reason for a good model to
  // fail.
  private void report() {
    if (setup.config().output().report()) {
      try {
        RunReport.write(folder.files());
      } catch (RuntimeException e) {
        console.warn("report.html was not written: " + e.getMessage());
      }
    }
  }

  private String message(TrainState state, Map<String, Double> metrics, String sha) {
    StringBuilder line = new StringBuilder();
    if (state.bestEpoch > 0) {
      line.append("best epoch ").append(state.bestEpoch).append("  ");
    }
    metrics.forEach(
        (name, value) -> {
          if (name.matches("(val|test)_(\\w+_)?(accuracy|auc|mse|r2|span_f1|bleu)")
              && !value.isNaN()) {
            line.append(String.format(Locale.ROOT, "%s %.4f  ", name, value));
          }
        });
    return line.append("model ").append(folder.model()).append("  sha256 ").append(sha).toString();
  }

  /** The figures of the epoch whose weights the model has, and those on the test rows. */
  private Map<String, Double> metrics(RestorePoint end, TrainState state) {
    Map<String, Double> out = new LinkedHashMap<>();
    for (Map<String, Double> row : state.history.rows()) {
      if (row.getOrDefault("step", -1.0) == (double) end.step()) {
        row.forEach(
            (name, value) -> {
              if (!name.equals("seconds")) {
                out.put(name, value);
              }
            });
      }
    }
    JavaRDD<DataShard> test = setup.data().test();
    JavaRDD<DataShard> validation = setup.data().validation();
    if (test != null) {
      Evaluation evaluation = training.evaluate(test, setup.exported(end)).with(baselines(test));
      evaluation
          .baselines()
          .forEach(
              (baseline, figures) ->
                  figures.forEach(
                      (metric, value) -> out.put("baseline_" + baseline + "_" + metric, value)));
      evaluation.figures().forEach((name, value) -> out.put("test_" + name, value));
      EvaluationFiles.write(folder.files().below("evaluation"), evaluation, "test");
    } else if (validation != null) {
      EvaluationFiles.write(
          folder.files().below("evaluation"),
          training.evaluate(validation, setup.exported(end)),
          "validation");
    }
    return out;
  }

  /** What a model of a series must beat, on the same rows; none for other models. */
  private Map<String, Map<String, Double>> baselines(JavaRDD<DataShard> rows) {
    SeriesInput series = setup.data().preprocess().series();
    if (series == null) {
      return Map.of();
    }
    Map<String, Map<String, Double>> all = SeriesBaselines.of(series, setup.data().train(), rows);
    all.forEach(
        (name, figures) ->
            console.section(
                "baseline",
                String.format(
                    Locale.ROOT,
                    "%-12s test_mse %.4f  test_mae %.4f",
                    name,
                    figures.get("mse"),
                    figures.get("mae"))));
    return all;
  }

  private ModelContents contents(RestorePoint end, Map<String, Double> metrics) {
    List<WeightSegment> segments = new ArrayList<>();
    for (Segment s : setup.layout().segments()) {
      segments.add(new WeightSegment(s.name(), s.shape().dims(), s.offset(), s.length()));
    }
    Map<String, String> versions = new LinkedHashMap<>();
    versions.put("bellows", Provenance.BELLOWS_VERSION);
    Provenance provenance =
        new Provenance(
            sha256(new java.util.TreeMap<>(ConfigTree.flat(setup.config())).toString()),
            setup.data().profile().fingerprint(),
            setup.config().seed(),
            setup.kernels().id(),
            versions);
    RunConfig.Task known = setup.config().task();
    String task =
        known == null
            ? setup.data().shape().classes() > 0 ? "classification" : "regression"
            : known.name().toLowerCase(Locale.ROOT);
    Map<String, String> facts = new LinkedHashMap<>();
    facts.put("training rows", String.valueOf(setup.rows()));
    facts.put("validation rows", String.valueOf(setup.data().validationRows()));
    facts.put("steps", String.valueOf(end.step()));
    facts.put("batch size", String.valueOf(setup.config().trainer().batchSize()));
    facts.put("slices", String.valueOf(setup.slices()));
    return new ModelContents(
        task,
        nullable(setup.spec().toJson()),
        nullable(setup.data().preprocess().toJson()),
        provenance,
        setup.exported(end),
        segments,
        ModelCard.render(
            folder.name(),
            task,
            Network.summary(setup.spec()),
            facts,
            metrics,
            provenance,
            setup.data().profile().warnings()));
  }

  private static Map<String, @Nullable Object> nullable(Map<String, Object> tree) {
    return new LinkedHashMap<>(tree);
  }

  private static String sha256(String text) {
    try {
      return HexFormat.of()
          .formatHex(
              MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
