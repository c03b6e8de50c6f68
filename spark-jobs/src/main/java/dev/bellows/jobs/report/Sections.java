package dev.bellows.jobs.report;

import dev.bellows.engine.nn.Network;
import dev.bellows.engine.nn.NetworkSpec;
import dev.bellows.engine.nn.Segment;
import dev.bellows.jobs.report.Html.Fact;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The parts of the page, from what matters most to the command that repeats the run. */
final class Sections {
  private static final int MOST_COLUMNS = 200;
  private static final int MOST_CLASSES = 200;

  private final Run run;
  private final Html html;

  Sections(Run run, Html html) {
    this.run = run;
    this.html = html;
  }

  void write() {
    header();
    html.raw("<main>\n");
    tiles();
    warnings();
    training();
    new Codes(run).write(html);
    evaluation();
    model();
    data();
    facts();
    command();
    html.raw("</main>\n");
  }

  private void header() {
    String status = Figures.text(run.run().get("status"));
    html.raw("<header><h1>").text(run.name()).raw("</h1>");
    if (!status.isEmpty()) {
      html.raw("<span class=\"status ").raw(status.equals("finished") ? "good" : "bad");
      html.raw("\">").text(status).raw("</span>");
    }
    List<String> words = new ArrayList<>();
    words.add(Figures.text(run.model().get("task")));
    words.add(
        Figures.text(run.run().get("started"))
            .replaceFirst("T", " ")
            .replaceFirst("\\..*Z$", " UTC"));
    words.add(duration());
    words.removeIf(String::isEmpty);
    html.raw("<p>").text(String.join("  \u00b7  ", words)).raw("</p></header>\n");
  }

  private String duration() {
    try {
      return Figures.duration(
          Duration.between(
                      Instant.parse(Figures.text(run.run().get("started"))),
                      Instant.parse(Figures.text(run.run().get("ended"))))
                  .toMillis()
              / 1000.0);
    } catch (DateTimeException e) {
      return "";
    }
  }

  private void tiles() {
    Map<String, String> tiles = new LinkedHashMap<>();
    Map<String, @Nullable Object> figures = new LinkedHashMap<>(run.metrics());
    Figures.map(run.evaluation().get("metrics"))
        .forEach((name, value) -> figures.putIfAbsent(String.valueOf(name), value));
    for (String prefix : List.of("test_", "val_", "")) {
      for (String metric :
          List.of(
              "bleu",
              "accuracy",
              "dice",
              "iou",
              "auc",
              "f1_macro",
              "mse",
              "r2",
              "rmse",
              "mae",
              "loss")) {
        String value = Figures.number(figures.get(prefix + metric));
        if (!value.isEmpty() && tiles.size() < 4) {
          tiles.put(label(prefix + metric), value);
        }
      }
    }
    Figures.map(run.evaluation().get("baselines"))
        .forEach(
            (name, baseline) ->
                put(
                    tiles,
                    "baseline " + label(String.valueOf(name)) + ": mse",
                    Figures.map(baseline).get("mse")));
    put(tiles, "best epoch", run.run().get("best_epoch"));
    put(tiles, "parameters", run.plan().get("parameters"));
    put(tiles, "training rows", run.plan().get("train_rows"));
    put(tiles, "steps", run.run().get("steps"));
    if (run.plan().isEmpty()) {
      put(tiles, "rows", run.evaluation().get("rows"));
    }
    html.raw("<section class=\"tiles\" aria-label=\"key figures\">\n");
    tiles.forEach(
        (name, value) ->
            html.raw("<div class=\"tile\"><b>")
                .text(value)
                .raw("</b><span>")
                .text(name)
                .raw("</span></div>\n"));
    html.raw("</section>\n");
  }

  private static void put(Map<String, String> tiles, String name, @Nullable Object value) {
    String text = Figures.number(value);
    if (!text.isEmpty()) {
      tiles.put(name, text);
    }
  }

  private static String label(String key) {
    String name = key.replaceFirst("^val_", "validation ").replaceFirst("^test_", "test ");
    return name.replace('_', ' ').replace("auc", "AUC").replace("r2", "R\u00b2");
  }

  private void warnings() {
    List<String> list = new ArrayList<>();
    Figures.list(run.profile().get("warnings")).forEach(w -> list.add(String.valueOf(w)));
    for (Map<String, @Nullable Object> event : run.events()) {
      String kind = Figures.text(event.get("event"));
      if (kind.equals("failure")
          || kind.equals("failed")
          || kind.equals("warning")
          || kind.equals("stopped")) {
        Object what = event.containsKey("what") ? event.get("what") : event.get("why");
        list.add(kind + ": " + Figures.text(what));
      }
    }
    Figures.map(run.evaluation().get("undefined"))
        .forEach((metric, reason) -> list.add("metric " + metric + " has no value: " + reason));
    run.damaged().forEach(file -> list.add("report: " + file));
    if (list.isEmpty()) {
      return;
    }
    html.raw("<section class=\"card warn\">").heading("warnings", "Warnings").raw("<ul>\n");
    list.forEach(warning -> html.raw("<li>").text(warning).raw("</li>\n"));
    html.raw("</ul></section>\n");
  }

  private void training() {
    if (run.history().size() < 2) {
      return;
    }
    html.raw("<section class=\"card\">")
        .heading("training", "Training")
        .raw("<div class=\"charts\">\n");
    html.chart("loss", "Loss", "Loss per epoch; the values are in the table of epochs below");
    html.chart(
        "metric", "Metrics", "Metrics per epoch; the values are in the table of epochs below");
    if (run.ledger().size() > 2) {
      html.chart("steps", "Loss per step", "Training loss of each step");
    }
    html.chart(
        "rate",
        "Learning rate",
        "Learning rate per epoch; the values are in the table of epochs below");
    if (!Figures.list(run.timeline().get("tasks")).isEmpty()) {
      html.chart("timeline", timelineTitle(), "What tasks computed, waited for and had under way");
    }
    html.raw("</div>\n<details><summary>Table of epochs</summary>\n");
    List<String> head = run.history().get(0).stream().map(Sections::label).toList();
    List<List<String>> rows = new ArrayList<>();
    for (List<String> row : Run.body(run.history())) {
      rows.add(row.stream().map(Figures::cell).toList());
    }
    html.table("Figures at the end of each epoch", head, all(true, head.size()), rows);
    html.raw("</details></section>\n");
  }

  private String timelineTitle() {
    String share =
        run.timeline().get("hidden") instanceof Number hidden
            ? String.format(Locale.ROOT, ": %.0f %% of it is hidden", 100 * hidden.doubleValue())
            : "";
    return "Computing and communication in a few steps" + share;
  }

  private void evaluation() {
    Map<?, ?> metrics = Figures.map(run.evaluation().get("metrics"));
    if (metrics.isEmpty() && run.metrics().isEmpty()) {
      return;
    }
    html.raw("<section class=\"card\">").heading("evaluation", "Evaluation");
    if (metrics.isEmpty()) {
      List<List<String>> rows = new ArrayList<>();
      run.metrics().forEach((name, value) -> rows.add(List.of(label(name), Figures.text(value))));
      html.table(
          "Figures of the final model", List.of("figure", "value"), List.of(false, true), rows);
    } else {
      html.raw("<p>").text(Figures.number(run.evaluation().get("rows")) + " ");
      html.text(Figures.text(run.evaluation().get("rows_from")) + " rows, loss ");
      html.text(Figures.number(run.evaluation().get("loss"))).raw(".</p>\n");
      List<List<String>> rows = new ArrayList<>();
      metrics.forEach(
          (name, value) ->
              rows.add(
                  List.of(
                      label(String.valueOf(name)),
                      value == null ? "undefined" : Figures.text(value))));
      html.table("Metrics", List.of("metric", "value"), List.of(false, true), rows);
    }
    charts();
    perClass();
    html.raw("</section>\n");
  }

  private void charts() {
    html.raw("<div class=\"charts\">\n");
    int classes = run.confusion().size() - 1;
    if (classes > 1 && classes <= 60) {
      html.chart(
          "confusion",
          "Confusion matrix",
          "Rows by true and predicted class; see the table of classes");
    }
    if (run.curves().size() > 2) {
      html.chart("roc", "ROC curve", "True-positive rate against false-positive rate");
      html.chart("pr", "Precision and recall", "Precision against recall");
    }
    html.raw("</div>\n");
  }

  private void perClass() {
    if (run.perClass().size() < 2) {
      return;
    }
    List<String> head = run.perClass().get(0);
    List<List<String>> rows = new ArrayList<>();
    for (List<String> line : Run.body(run.perClass())) {
      if (rows.size() < MOST_CLASSES) {
        List<String> row = new ArrayList<>();
        row.add(line.get(0));
        for (int c = 1; c < line.size(); c++) {
          boolean share = c > 2; // after support and predicted
          row.add(share ? Figures.share(line.get(c)) : Figures.cell(line.get(c)));
        }
        rows.add(row);
      }
    }
    List<Boolean> numeric = new ArrayList<>(all(true, head.size()));
    numeric.set(0, false);
    html.table(
        "Each class against the others" + shown(rows.size(), run.perClass().size() - 1),
        head,
        numeric,
        rows);
  }

  private void model() {
    Map<?, ?> network = Figures.map(run.model().get("network"));
    if (network.isEmpty()) {
      return;
    }
    html.raw("<section class=\"card\">").heading("model", "Model");
    try {
      Map<String, Object> tree = new LinkedHashMap<>();
      network.forEach((key, value) -> tree.put(String.valueOf(key), value));
      NetworkSpec spec = NetworkSpec.fromJson(tree);
      html.raw("<pre>").text(Network.summary(spec).strip()).raw("</pre>\n");
      List<List<String>> rows = new ArrayList<>();
      long values = 0;
      for (Segment segment : Network.layout(spec).segments()) {
        values += segment.length();
        rows.add(
            List.of(
                segment.name(),
                segment.shape().toString(),
                Figures.number(segment.length()),
                segment.kind() == Segment.Kind.STATE ? "running statistic" : "trained"));
      }
      html.raw("<details><summary>").text(Figures.number(values) + " values, ");
      html.text(Figures.bytes(4.0 * values) + " in float32").raw("</summary>\n");
      html.table(
          "Tensors",
          List.of("name", "shape", "values", "kind"),
          List.of(false, false, true, false),
          rows);
      html.raw("</details>\n");
    } catch (IllegalArgumentException e) {
      html.raw("<p>").text("The network can't be shown: " + e.getMessage()).raw("</p>\n");
    }
    html.raw("</section>\n");
  }

  private void data() {
    List<?> columns = Figures.list(run.profile().get("columns"));
    if (run.profile().isEmpty()) {
      return;
    }
    html.raw("<section class=\"card\">").heading("data", "Data");
    html.facts(
        List.of(
            new Fact("rows", Figures.number(run.profile().get("rows"))),
            new Fact("dropped as bad", Figures.number(run.profile().get("dropped"))),
            new Fact("repeated rows", Figures.number(run.profile().get("duplicates"))),
            new Fact("fingerprint", Figures.text(run.profile().get("fingerprint")))));
    if (Figures.map(run.profile().get("classes")).size() > 1) {
      html.raw("<div class=\"charts\">");
      html.chart("classes", "Rows per class", "Number of rows of each class");
      html.raw("</div>\n");
    }
    List<List<String>> rows = new ArrayList<>();
    for (Object column : columns) {
      if (rows.size() < MOST_COLUMNS) {
        Map<?, ?> c = Figures.map(column);
        boolean inferred = Boolean.TRUE.equals(c.get("inferred"));
        rows.add(
            List.of(
                Figures.text(c.get("name")),
                Figures.text(c.get("type")) + (inferred ? " (inferred)" : ""),
                Figures.number(c.get("missing")),
                Figures.number(c.get("distinct")),
                Figures.number(c.get("min")),
                Figures.number(c.get("max")),
                Figures.number(c.get("mean")),
                Figures.number(c.get("std")),
                Figures.text(c.get("note"))));
      }
    }
    html.table(
        "Columns" + shown(rows.size(), columns.size()),
        List.of("column", "type", "missing", "distinct", "min", "max", "mean", "std", "note"),
        List.of(false, false, true, true, true, true, true, true, false),
        rows);
    html.raw("</section>\n");
  }

  private void facts() {
    if (run.run().isEmpty() && run.model().isEmpty()) {
      return;
    }
    Map<?, ?> versions = Figures.map(run.run().get("versions"));
    List<String> words = new ArrayList<>();
    versions.forEach((name, version) -> words.add(name + " " + version));
    Map<?, ?> provenance = Figures.map(run.model().get("provenance"));
    html.raw("<section class=\"card\">").heading("run", "Run");
    html.facts(
        List.of(
            new Fact("status", Figures.text(run.run().get("status"))),
            new Fact("exit code", Figures.text(run.run().get("exit_code"))),
            new Fact("started", Figures.text(run.run().get("started"))),
            new Fact("ended", Figures.text(run.run().get("ended"))),
            new Fact("host", Figures.text(run.run().get("host"))),
            new Fact("user", Figures.text(run.run().get("user"))),
            new Fact("versions", String.join(", ", words)),
            new Fact("Spark application", Figures.text(run.run().get("spark_app_id"))),
            new Fact("master", Figures.text(run.run().get("spark_master"))),
            new Fact("workers", Figures.number(run.plan().get("workers"))),
            new Fact("parameter server shards", Figures.number(run.plan().get("shards"))),
            new Fact("slices per step", Figures.number(run.plan().get("slices"))),
            new Fact("batch size", Figures.number(run.plan().get("batch_size"))),
            new Fact("seed", plain(run.run().get("seed"), provenance.get("seed"))),
            new Fact("kernels", plain(run.plan().get("kernels"), provenance.get("kernels"))),
            new Fact("failures survived", Figures.number(run.run().get("failures"))),
            new Fact("steps left out (NaN)", Figures.number(run.run().get("skipped_steps"))),
            new Fact("data fingerprint", Figures.text(provenance.get("data_fingerprint"))),
            new Fact("configuration SHA-256", Figures.text(provenance.get("config_sha256"))),
            new Fact("model SHA-256", Figures.text(run.run().get("model_sha256")))));
    if (!run.config().isEmpty()) {
      html.raw("<details><summary>Configuration with every default</summary><pre>");
      html.text(run.config()).raw("</pre></details>\n");
    }
    html.raw("</section>\n");
  }

  // A seed is a name, not a quantity: no thousands separators.
  private static String plain(@Nullable Object first, @Nullable Object second) {
    Object value = first == null ? second : first;
    return value == null ? "" : value.toString();
  }

  private void command() {
    html.raw("<section class=\"card\">").heading("command", "Command");
    List<String> words = new ArrayList<>();
    run.command().forEach(word -> words.add(quoted(word)));
    html.raw("<pre class=\"command\">").text(String.join(" ", words)).raw("</pre></section>\n");
  }

  /** A word as a shell reads it back. */
  static String quoted(String word) {
    return word.matches("[A-Za-z0-9_@%+=:,./-]+") ? word : "'" + word.replace("'", "'\\''") + "'";
  }

  private static String shown(int shown, int all) {
    return shown == all
        ? ""
        : " (the first " + Figures.number(shown) + " of " + Figures.number(all) + ")";
  }

  private static List<Boolean> all(boolean value, int n) {
    return Collections.nCopies(n, value);
  }
}
