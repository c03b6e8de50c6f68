package dev.bellows.jobs.config;

import dev.bellows.jobs.config.RunConfig.Kind;
import java.util.List;
import java.util.Map;

/**
 * Rules that tie keys together. Each problem names both keys. Values with a problem of their own
 * are skipped.
 */
final class CrossChecks {
  private static final List<String> CLASS_LOSSES = LossKeys.fitting(true);
  private static final List<String> NUMBER_LOSSES = LossKeys.fitting(false);

  /** Layers that only change what the layer before gives. */
  private static final List<String> NO_OUTPUTS = List.of("dropout", "batch_norm", "activation");

  private final Bound file;
  private final Binding binding;

  CrossChecks(Bound file, Binding binding) {
    this.file = file;
    this.binding = binding;
  }

  /**
   * @param given whether a program gives rows: which, is not known here
   */
  void run(Kind kind, boolean given) {
    sources(kind == Kind.TRAIN);
    if (kind == Kind.TRAIN) {
      holdouts();
      SoundKeys.check(file, binding);
      target();
      model();
      trainer(given);
      CvKeys.check(file, binding);
      SearchKeys.check(file, binding);
    }
  }

  private void problem(String key, String message) {
    binding.problem(binding.mark(key), key, message);
  }

  private boolean regression() {
    return file.text("task").equals("regression");
  }

  private boolean classification() {
    return file.text("task").equals("classification");
  }

  /** Stand-alone servers: named when they are wanted, and only then, each once. */
  private void servers() {
    boolean standalone = file.text("distributed.placement").equals("standalone");
    List<?> servers = file.list("distributed.servers");
    if (standalone && servers.isEmpty()) {
      problem(
          "distributed.placement",
          "standalone needs distributed.servers: [host:port, ...] (submit/bellows-server starts one)");
    }
    if (!standalone && !servers.isEmpty()) {
      problem(
          "distributed.servers",
          "servers are used with distributed.placement: standalone only, found "
              + file.text("distributed.placement"));
    }
    if (standalone && file.text("distributed.transport").equals("in_process")) {
      problem("distributed.transport", "in_process and placement: standalone exclude each other");
    }
    if (standalone && servers.size() == 1 && file.whole("distributed.replicas") == 1) {
      problem(
          "distributed.replicas", "a replica needs another server, distributed.servers has one");
    }
    for (int i = 0; i < servers.size(); i++) {
      String at = "distributed.servers[" + i + "]";
      try {
        ServerAddress.parse(String.valueOf(servers.get(i)));
      } catch (IllegalArgumentException e) {
        problem(at, String.valueOf(e.getMessage()));
      }
      if (servers.indexOf(servers.get(i)) < i) {
        problem(at, servers.get(i) + " is named twice");
      }
    }
  }

  /** One of the tasks whose answers are classes. */
  private boolean classes() {
    return List.of("classification", "tagging", "language_model", "translation", "segmentation")
        .contains(file.text("task"));
  }

  private String task() {
    return file.text("task");
  }

  private void sources(boolean training) {
    for (String name : List.of("train", "validation", "test", "input")) {
      String at = "data." + name;
      for (String option : List.of("separator", "quote", "escape")) {
        String key = at + "." + option;
        if (file.text(key).length() > 1) {
          problem(key, "expected one character, found \"" + file.text(key) + "\"");
        }
      }
      String separator = file.text(at + ".separator");
      if (!separator.isEmpty() && separator.equals(file.text(at + ".quote"))) {
        problem(at + ".quote", "is the same character as " + at + ".separator");
      }
      if (training && file.text(at + ".schema").equals("from_model")) {
        problem(at + ".schema", "from_model needs a stored model, data.train trains one");
      }
      List<String> columns = file.texts(at + ".columns");
      columns.stream()
          .filter(c -> columns.indexOf(c) != columns.lastIndexOf(c))
          .distinct()
          .forEach(c -> problem(at + ".columns", "names the column \"" + c + "\" twice"));
      pattern(at + ".pattern");
      images(at);
      series(at);
      if (training && file.text(at + ".format").equals("idx") && file.get(at + ".labels") == null) {
        problem(at + ".labels", "is missing; " + at + " needs labels to learn or to measure");
      }
    }
  }

  /** Spans are [from, to); windows of a series share steps, so that parts need spans. */
  private void series(String at) {
    String key = at + ".span";
    List<?> span = file.list(key);
    boolean series = file.text("data.train.format").equals("series");
    boolean numbers =
        span.size() == 2 && span.get(0) instanceof Long && span.get(1) instanceof Long;
    if (!span.isEmpty() && !(numbers && (Long) span.get(0) < (Long) span.get(1))) {
      problem(key, "expected [from, to] with from below to, found " + span);
    } else if (!span.isEmpty() && !file.has(at + ".format") && !series) {
      problem(key, "is for series, but data.train.format is " + file.text("data.train.format"));
    }
    if (file.text(at + ".format").equals("series") && file.has("task") && !regression()) {
      problem(at + ".format", "a series gives numbers to learn, but task is " + task());
    }
    if (series && span.isEmpty() && file.real(at + ".fraction") > 0) {
      problem(
          at + ".fraction",
          "would cut through windows that share steps; give " + key + ": [from, to] of the series");
    }
    if (series && !at.endsWith(".train") && !span.isEmpty() && !file.has(at + ".format")) {
      apart(key, span, "data.train.span");
      if (at.endsWith(".test")) {
        apart(key, span, "data.validation.span");
      }
    }
  }

  /** Steps that one part learns no other part may measure. */
  private void apart(String key, List<?> span, String other) {
    List<?> there = file.list(other);
    boolean whole = there.isEmpty() && other.equals("data.train.span");
    boolean pairs = span.size() == 2 && there.size() == 2;
    if (whole
        || (pairs
            && (Long) span.get(0) < (Long) there.get(1)
            && (Long) there.get(0) < (Long) span.get(1))) {
      problem(key, span + " overlaps " + other + " " + (whole ? "(all steps)" : there));
    }
  }

  /** Sizes come in pairs; masks and the labels of pixels need each other. */
  private void images(String at) {
    if (!file.text(at + ".format").equals("images")) {
      return;
    }
    for (String key : List.of("size", "tile", "stride")) {
      int sides = file.list(at + "." + key).size();
      if (sides == 1 || sides > 2) {
        problem(at + "." + key, "expected [height, width], found " + sides + " numbers");
      }
    }
    if (!file.list(at + ".stride").isEmpty() && file.list(at + ".tile").isEmpty()) {
      problem(at + ".stride", "is the step between tiles, but " + at + ".tile is empty");
    }
    if (file.count(at + ".channels") == 2) {
      problem(at + ".channels", "expected 1 (grey) or 3 (colour), found 2");
    }
    boolean pixels = task().equals("segmentation");
    boolean masks = !file.text(at + ".masks").isEmpty();
    if (pixels && !masks && !at.endsWith(".input")) {
      problem(at + ".masks", "is missing; task segmentation learns a label per pixel");
    } else if (!pixels && masks && file.has("task")) {
      problem(
          at + ".masks", "has a label per pixel, but task is " + task() + " (segmentation fits)");
    }
  }

  /** A pattern must compile and name its columns. */
  private void pattern(String key) {
    String text = file.text(key);
    if (text.isEmpty()) {
      return;
    }
    try {
      if (LinePattern.columns(text).isEmpty()) {
        problem(key, "names no column; give each a group (?<name>...), for example (?<text>.*)");
      }
    } catch (IllegalArgumentException e) {
      problem(key, "is no regular expression: " + e.getMessage());
    }
  }

  private void holdouts() {
    for (String name : List.of("validation", "test")) {
      String key = "data." + name + ".stratify";
      if (file.flag(key) && regression()) {
        problem(key, "stratify keeps class shares, but task is regression");
      }
      Object holdout = file.get("data." + name);
      if (holdout instanceof Map<?, ?> map && map.containsKey("stratify")) {
        file.at("data." + name)
            .values()
            .computeIfAbsent(
                "stratify",
                k -> classification() && !file.text("data." + name + ".rows").equals("last"));
      }
    }
    double held = file.real("data.validation.fraction") + file.real("data.test.fraction");
    if (held >= 1) {
      problem(
          "data.validation.fraction",
          "data.validation.fraction and data.test.fraction leave no training rows: their sum is "
              + Numbers.Real.show(held));
    }
  }

  private void target() {
    String name = file.text("target.name");
    for (String role : List.of("id", "weight")) {
      String column = file.text("data." + role);
      if (!column.isEmpty() && column.equals(name)) {
        problem("data." + role, "is the same column as target.name: \"" + name + "\"");
      }
      if (!column.isEmpty() && file.at("features").values().containsKey(column)) {
        problem(
            Section.join("features", column),
            "is the column of data." + role + " and can't be a feature");
      }
    }
    // their target is the next token of a feature
    boolean next = List.of("language_model", "translation").contains(task());
    if (!next && file.at("features").values().containsKey(name)) {
      problem(
          Section.join("features", name), "is the column of target.name and can't be a feature");
    }
    if (regression() && file.has("target.classes") && file.get("target.classes") instanceof Long) {
      problem("target.classes", "classes belong to classification, but task is regression");
    }
    if (regression() && file.has("target.positive")) {
      problem(
          "target.positive", "a positive class belongs to classification, but task is regression");
    }
    if (classes() && file.text("target.scale").equals("standard")) {
      problem("target.scale", "scales numbers, but task is " + task());
    }
    if (file.has("target.positive") && file.count("target.classes") > 2) {
      problem(
          "target.positive",
          "is for two classes, but target.classes is " + file.count("target.classes"));
    }
  }

  private void model() {
    String type = file.text("model.type");
    String loss = file.chosen("model.loss");
    if (regression() && CLASS_LOSSES.contains(loss)) {
      problem(
          "model.loss", loss + " is for classes, but task is regression (mse, mae or huber fit)");
    }
    if (classes() && NUMBER_LOSSES.contains(loss)) {
      problem(
          "model.loss",
          loss + " is for numbers, but task is " + task() + " (softmax_cross_entropy fits)");
    }
    if (classes() && !classification() && !type.isEmpty() && !type.equals("network")) {
      problem(
          "model.type",
          type
              + " gives one answer per row, but task is "
              + task()
              + ", with one per "
              + (task().equals("segmentation") ? "pixel" : "token")
              + " (network fits)");
    }
    if (type.equals("logistic") && regression()) {
      problem("model.type", "logistic is for classes, but task is regression (linear fits)");
    }
    if (type.equals("logistic") && loss.equals("hinge")) {
      problem(
          "model.loss",
          "hinge makes no probabilities, but model.type is logistic (linear with hinge is the support vector machine)");
    }
    if (type.equals("linear") && classification() && !loss.equals("hinge")) {
      problem(
          "model.type",
          "linear predicts numbers, but task is classification (logistic fits, or model.loss: hinge)");
    }
    counts(loss);
    HeadKeys.check(file.at("model"), binding);
    HeadTargets.check(file, binding);
    int classes = file.count("target.classes");
    List<?> weights = file.settings("model.loss").list("class_weights");
    if (classes > 0 && !weights.isEmpty() && weights.size() != classes) {
      problem(
          "model.loss." + loss + ".class_weights",
          "has " + weights.size() + " weights, but target.classes is " + classes);
    }
    if (!weights.isEmpty() && weights.stream().allMatch(w -> w.equals(0.0))) {
      problem(
          "model.loss." + loss + ".class_weights", "all weights are 0: nothing would be learnt");
    }
    if (!file.list("model.layers").isEmpty()) {
      lastLayer(loss, classes);
    } else if (type.equals("network")
        && file.get("model.layers") instanceof List
        && file.at("model").values().get("preset") == null) {
      problem("model.layers", "is missing; expected a list with at least 1 item, or model.preset");
    }
  }

  /** Counts are 0, 1, 2, ...: scaled ones would not be. */
  private void counts(String loss) {
    if (loss.equals("poisson") && file.text("target.scale").equals("standard")) {
      problem("target.scale", "standard makes counts negative, but model.loss is poisson");
    }
  }

  private void lastLayer(String loss, int classes) {
    List<?> layers = file.list("model.layers");
    int last = layers.size() - 1;
    Object layer = layers.get(last);
    if (layer == Spec.BAD || layer == null) {
      return;
    }
    Bound bound = new Bound(Map.of("it", layer));
    String at = "model.layers[" + last + "]";
    if (bound.chosen("it").equals(LayerRepeats.REPEAT)) {
      List<?> block = bound.settings("it").list("layers");
      if (block.isEmpty() || block.contains(Spec.BAD)) {
        return;
      }
      at += ".repeat.layers[" + (block.size() - 1) + "]";
      bound = new Bound(Map.of("it", block.get(block.size() - 1)));
    }
    if (NO_OUTPUTS.contains(bound.chosen("it"))) {
      problem(
          at,
          "the last layer must give the raw outputs that model.loss reads, dense with one unit per output for example; it is "
              + bound.chosen("it"));
      return;
    }
    Bound dense = bound.settings("it");
    int units = dense.count("units");
    String unitsKey = at + ".dense.units";
    if (units > 0) {
      units(loss, classes, units, unitsKey);
    }
    String activation = dense.text("activation");
    if (!activation.isEmpty() && !activation.equals("linear")) {
      problem(
          at + ".dense.activation",
          activation + " on the outputs, but model.loss reads raw outputs; remove it");
    }
  }

  private void units(String loss, int classes, int units, String unitsKey) {
    if (loss.equals("softmax_cross_entropy") && units == 1) {
      problem(
          unitsKey,
          "softmax over 1 unit is always 1, but model.loss is softmax_cross_entropy; use 2 or more units or sigmoid_cross_entropy");
    } else if ((loss.equals("sigmoid_cross_entropy") || loss.equals("hinge")) && units > 1) {
      problem(
          unitsKey,
          "expected 1 unit, found " + units + ": model.loss " + loss + " tells two classes apart");
    } else if (regression() && units > 1 && !file.text("data.train.format").equals("series")) {
      problem(
          unitsKey, "expected 1 unit, found " + units + ": task regression predicts one number");
    } else if (classification() && classes > 0 && units == 1 && classes > 2) {
      problem(unitsKey, "1 unit tells 2 classes apart, but target.classes is " + classes);
    } else if (classification() && classes > 0 && units > 1 && units != classes) {
      problem(
          unitsKey,
          "found " + units + " units, but target.classes is " + classes + "; they must be equal");
    }
  }

  /** Overlapping steps have no moment at which the whole gradient is known. */
  private void consistency() {
    String mode = file.text("distributed.consistency");
    if (mode.startsWith("local") && file.real("trainer.ema") > 0) {
      problem("distributed.consistency", mode + " keeps no moving average: remove trainer.ema");
    }
    if (mode.isEmpty() || mode.equals("bsp") || mode.startsWith("local")) {
      return;
    }
    if (file.flag("distributed.rebalance")) {
      problem(
          "distributed.rebalance",
          "slices of "
              + mode
              + " are at different steps and can't change hands: use bsp, or rebalance: false");
    }
    if (file.has("trainer.gradient_clip.norm")) {
      problem(
          "distributed.consistency",
          mode
              + " has no whole gradient whose norm could be clipped: use bsp, or"
              + " trainer.gradient_clip: {value: 1.0}");
    }
    if (file.has("trainer.on_nan.skip")) {
      problem(
          "distributed.consistency",
          mode + " can't leave out a whole step: use bsp, or trainer.on_nan: stop");
    }
    if (file.whole("distributed.replicas") > 0) {
      problem(
          "distributed.consistency",
          mode + " steps are not replicated: use bsp, or distributed.replicas: 0");
    }
  }

  /** Residuals of coded gradients belong to the steps of bsp and live in one place. */
  private void compression() {
    String codec = file.chosen("distributed.compression");
    if (codec.isEmpty() || codec.equals("none")) {
      return;
    }
    String mode = file.text("distributed.consistency");
    if (!mode.isEmpty() && !mode.equals("bsp")) {
      problem("distributed.compression", codec + " needs consistency: bsp, found " + mode);
    }
    if (file.whole("distributed.replicas") > 0) {
      problem(
          "distributed.replicas",
          "with compression a lost executor costs the steps since the last pause, replicas would"
              + " not save them: remove replicas");
    }
    if (file.flag("distributed.rebalance")) {
      problem(
          "distributed.rebalance",
          "with compression a slice stays where what it has not sent is: remove one of the two");
    }
    String key = "distributed.compression." + codec + ".units";
    long units = file.whole(key);
    if (Long.bitCount(units) > 1) {
      problem(key, "must be a power of two, found " + units);
    }
    long slices = file.whole("distributed.slices");
    if (slices > 0 && units > slices) {
      problem(key, units + " units can't share " + slices + " slices (distributed.slices)");
    }
  }

  /** Parts of a step can leave early when the step is one sum of raw values. */
  private void overlap() {
    if (!file.text("distributed.overlap").equals("true")) {
      return;
    }
    String mode = file.text("distributed.consistency");
    String codec = file.chosen("distributed.compression");
    if (!mode.isEmpty() && !mode.equals("bsp")) {
      problem("distributed.overlap", "true needs consistency: bsp, found " + mode);
    }
    if (!codec.isEmpty() && !codec.equals("none")) {
      problem("distributed.overlap", "true and compression exclude each other, found " + codec);
    }
  }

  private void trainer(boolean given) {
    Bound sgd = file.at("trainer.optimizer.sgd");
    if (sgd.flag("nesterov") && sgd.real("momentum") == 0) {
      problem(
          "trainer.optimizer.sgd.nesterov",
          "needs trainer.optimizer.sgd.momentum above 0 (0.9 is usual)");
    }
    if (file.has("trainer.gradient_clip.value") && file.has("trainer.gradient_clip.norm")) {
      problem(
          "trainer.gradient_clip.value",
          "trainer.gradient_clip.value and trainer.gradient_clip.norm exclude each other");
    }
    consistency();
    compression();
    overlap();
    double rate = file.settings("trainer.optimizer").real("learning_rate");
    double floor = file.settings("trainer.schedule").real("min_rate");
    if (rate > 0 && floor > rate) {
      problem(
          "trainer.schedule." + file.chosen("trainer.schedule") + ".min_rate",
          Numbers.Real.show(floor)
              + " is above trainer.optimizer."
              + file.chosen("trainer.optimizer")
              + ".learning_rate "
              + Numbers.Real.show(rate));
    }
    servers();
    long slices = file.whole("distributed.slices");
    long batch = file.whole("trainer.batch_size");
    if (slices > 0 && batch > 0 && slices > batch) {
      problem(
          "distributed.slices",
          slices + " slices can't share trainer.batch_size " + batch + " rows");
    }
    String metric = file.text("trainer.early_stopping.metric");
    boolean held = file.real("data.validation.fraction") > 0 || file.has("data.validation.format");
    boolean known = file.get("data.validation") instanceof Map<?, ?>;
    if (metric.startsWith("val_") && known && !held && !given) {
      problem(
          "trainer.early_stopping.metric",
          metric + " needs validation rows, but data.validation is empty (e.g. {fraction: 0.1})");
    }
    if ((metric.endsWith("accuracy") || metric.endsWith("log_loss")) && regression()) {
      problem(
          "trainer.early_stopping.metric",
          metric + " is for classes, but task is regression (val_loss or val_mae fit)");
    }
    if (metric.endsWith("mae") && classes()) {
      problem(
          "trainer.early_stopping.metric",
          metric + " is for numbers, but task is " + task() + " (val_loss or val_accuracy fit)");
    }
  }
}
