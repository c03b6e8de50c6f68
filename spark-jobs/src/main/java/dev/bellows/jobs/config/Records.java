package dev.bellows.jobs.config;

import dev.bellows.engine.sample.Augmentation;
import dev.bellows.jobs.config.RunConfig.Kind;
import dev.bellows.ps.codec.Compression;
import dev.bellows.ps.protocol.Consistency;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Bound values to records. Called only when there was no problem, so every value is there and in
 * range.
 */
final class Records {
  private final Bound file;
  private final DataPaths paths;

  Records(Map<String, Object> values, DataPaths paths) {
    this.file = new Bound(values);
    this.paths = paths;
  }

  RunConfig config(Kind kind) {
    return new RunConfig(
        kind,
        file.has("task") ? file.word(RunConfig.Task.class, "task") : null,
        file.whole("seed"),
        file.textOrNull("model_path"),
        data(kind == Kind.TRAIN),
        features(),
        target(section("target"), ""),
        HeadTargets.of(file, Records::target),
        model(),
        file.has("trainer") ? trainer(file.at("trainer")) : trainer(defaults("trainer")),
        distributed(),
        file.word(RunConfig.Device.class, "device"),
        output(),
        evaluate(),
        predict(),
        CvKeys.of(section("cv")),
        file.has("search") ? SearchKeys.of(file.at("search")) : null);
  }

  /** A section that this file kind has not: its defaults. */
  private static Bound defaults(String name) {
    for (Kind kind : Kind.values()) {
      Section root = ConfigKeys.root(kind);
      Key key = root.child(name);
      if (key != null && !key.required()) {
        Binding binding = new Binding("", root, new java.util.ArrayList<>());
        Object value = key.spec().bind(Defaults.tree(key), name, binding);
        return new Bound(Map.of("it", Objects.requireNonNull(value))).at("it");
      }
    }
    return new Bound(Map.of());
  }

  private Bound section(String name) {
    return file.has(name) ? file.at(name) : defaults(name);
  }

  private DataConfig data(boolean training) {
    Bound data = file.at("data");
    return new DataConfig(
        source(data.at("train")),
        training ? holdout(data.at("validation"), data.at("train")) : HoldoutConfig.NONE,
        training
            ? holdout(data.at("test"), data.at("train"))
            : new HoldoutConfig(0, false, false, source(data.at("test"))),
        source(data.at("input")),
        Bound.constant(DataConfig.BadRows.class, data.chosen("bad_rows")),
        data.settings("bad_rows").real("max_fraction"),
        data.textOrNull("id"),
        data.textOrNull("weight"));
  }

  private HoldoutConfig holdout(Bound holdout, Bound train) {
    SourceConfig source = source(holdout);
    SourceConfig series = source(train);
    if (source == null && series != null && holdout.list("span").size() == 2) {
      source = series.withSpan(step(holdout, 0), step(holdout, 1));
    }
    return source == null
        ? new HoldoutConfig(
            holdout.real("fraction"),
            holdout.flag("stratify"),
            holdout.text("rows").equals("last"),
            null)
        : new HoldoutConfig(0, false, false, source);
  }

  private @Nullable SourceConfig source(Bound source) {
    if (!source.has("format")) {
      return null;
    }
    boolean csv = source.text("format").equals("csv");
    boolean table = csv || source.text("format").equals("series");
    boolean libsvm = source.text("format").equals("libsvm");
    boolean text = source.text("format").equals("text");
    boolean parallel = source.text("format").equals("parallel");
    return new SourceConfig(
        source.word(SourceConfig.Format.class, "format"),
        paths.resolve(source.textOrNull(parallel ? "source" : "path")),
        paths.resolve(source.textOrNull("images")),
        paths.resolve(source.textOrNull(parallel ? "target" : "labels")),
        new SourceConfig.CsvOptions(
            !csv || source.flag("header"),
            table ? source.text("separator") : ",",
            csv ? source.text("quote") : "\"",
            csv ? source.text("escape") : "\"",
            !csv || source.flag("trim"),
            table ? source.texts("na") : List.of(""),
            source.texts("columns"),
            csv ? source.text("encoding") : "UTF-8",
            csv && source.flag("multiline")),
        new SourceConfig.LibsvmOptions(
            source.count("features"), libsvm ? source.count("index_base") : 1),
        text || source.text("format").equals("wav")
            ? new SourceConfig.TextOptions(source.text("pattern"), source.count("window"))
            : SourceConfig.TextOptions.LINES,
        arrays(source),
        source.text("schema").equals("from_model"));
  }

  /** One end of a span; 0 when none is set. */
  private static long step(Bound source, int end) {
    List<?> span = source.list("span");
    return span.size() == 2 ? (Long) span.get(end) : 0;
  }

  private SourceConfig.ArrayOptions arrays(Bound source) {
    SourceConfig.ArrayOptions none = SourceConfig.ArrayOptions.NONE;
    return new SourceConfig.ArrayOptions(
        source.has("variant") ? source.word(SourceConfig.Cifar.class, "variant") : none.cifar(),
        source.text("format").equals("images")
            ? new SourceConfig.ImageOptions(
                paths.resolve(source.textOrNull("masks")),
                source.count("channels"),
                source.list("size", side -> Math.toIntExact((Long) side)),
                source.list("tile", side -> Math.toIntExact((Long) side)),
                source.list("stride", side -> Math.toIntExact((Long) side)))
            : none.images(),
        source.text("format").equals("series")
            ? new SourceConfig.SeriesOptions(
                source.textOrNull("time"),
                source.texts("variables"),
                source.texts("targets"),
                source.count("input"),
                source.count("horizon"),
                source.count("stride"),
                step(source, 0),
                step(source, 1),
                source.flag("relative"),
                source.text("layout").equals("variables_first"))
            : none.series());
  }

  private FeaturesConfig features() {
    Map<String, FeatureConfig> named = new LinkedHashMap<>();
    Bound features = file.at("features");
    features
        .values()
        .keySet()
        .forEach(
            name ->
                named.put(
                    name,
                    feature(
                        new Bound(Map.of("it", Objects.requireNonNull(features.values().get(name))))
                            .at("it"))));
    FeatureConfig rest = named.remove("rest");
    return new FeaturesConfig(
        java.util.Collections.unmodifiableMap(named), rest == null ? auto() : rest);
  }

  /** The rule that holds when nothing is said of a column. */
  static FeatureConfig auto() {
    Key any = Objects.requireNonNull(DataKeys.features().child("rest"));
    Object value =
        any.spec()
            .bind(
                Tree.Fields.empty(Mark.NOWHERE),
                "",
                new Binding("", new Section(), new java.util.ArrayList<>()));
    return feature(new Bound(Map.of("it", Objects.requireNonNull(value))).at("it"));
  }

  private static FeatureConfig feature(Bound feature) {
    String impute = feature.chosen("impute");
    return new FeatureConfig(
        feature.word(FeatureConfig.Type.class, "type"),
        feature.word(FeatureConfig.Scale.class, "scale"),
        Bound.constant(FeatureConfig.Impute.class, impute),
        impute.equals("constant") ? feature.at("impute").real("constant") : 0,
        feature.flag("missing_flag"),
        feature.count("min_count"),
        feature.word(FeatureConfig.Unknown.class, "unknown"),
        feature.count("embedding"),
        feature.list("shape", size -> Math.toIntExact((Long) size)),
        new FeatureConfig.Text(
            feature.word(FeatureConfig.Tokens.class, "tokenizer"),
            feature.flag("lower"),
            feature.count("max_length"),
            feature.count("vocabulary"),
            feature.word(FeatureConfig.Bounds.class, "bounds")),
        augmentation(feature.at("augment")),
        SoundKeys.sound(feature.at(SoundKeys.KEY)),
        new FeatureConfig.Table(
            feature.list("cross", name -> (String) name),
            feature.count("buckets"),
            feature.flag("sparse"),
            feature.count("max_rows")));
  }

  private static Augmentation augmentation(Bound augment) {
    if (augment.values().isEmpty()) {
      return Augmentation.NONE;
    }
    String flip = augment.text("flip");
    return new Augmentation(
        flip.equals("horizontal") || flip.equals("both"),
        flip.equals("vertical") || flip.equals("both"),
        augment.flag("turn"),
        augment.real("rotate"),
        augment.count("crop.padding"),
        augment.word(Augmentation.Fill.class, "fill"),
        augment.real("brightness"),
        augment.real("contrast"),
        augment.count("erase.size"),
        augment.real("erase.probability"));
  }

  /** A target; {@code name}: of a column that its key names, else empty. */
  private static TargetConfig target(Bound target, String name) {
    return new TargetConfig(
        name.isEmpty() ? target.text("name") : name,
        target.count("classes"),
        target.textOrNull("positive"),
        target.word(TargetConfig.Unseen.class, "unseen"),
        target.word(TargetConfig.Scale.class, "scale"));
  }

  private ModelConfig model() {
    Bound model = file.at("model");
    ModelConfig.Type type =
        model.has("type") ? model.word(ModelConfig.Type.class, "type") : ModelConfig.Type.NETWORK;
    List<LayerConfig> layers = LayerRepeats.of(model.list("layers")).layers();
    String loss = model.has("loss") ? model.chosen("loss") : "auto";
    return new ModelConfig(
        type, layers, LossKeys.config(loss, model.settings("loss")), HeadKeys.heads(model));
  }

  private static TrainerConfig trainer(Bound trainer) {
    Bound early = trainer.at("early_stopping");
    String onNan = trainer.chosen("on_nan");
    return new TrainerConfig(
        trainer.count("epochs"),
        trainer.count("batch_size"),
        optimizer(trainer),
        schedule(trainer),
        trainer.real("l1"),
        trainer.real("l2"),
        trainer.real("gradient_clip.value"),
        trainer.real("gradient_clip.norm"),
        early.values().isEmpty()
            ? null
            : new EarlyStoppingConfig(
                early.text("metric"),
                early.count("patience"),
                early.real("min_delta"),
                early.flag("restore_best")),
        Bound.constant(TrainerConfig.OnNan.class, onNan),
        onNan.equals("skip") ? trainer.at("on_nan").count("skip") : 0,
        trainer.word(TrainerConfig.Determinism.class, "determinism"),
        trainer.word(TrainerConfig.Precision.class, "precision"),
        checkpoint(trainer.at("checkpoint")),
        trainer.has("max_time") ? time(trainer.text("max_time")) : null,
        trainer.count("fast_dev_run"),
        trainer.count("overfit_batches"),
        trainer.real("ema"),
        trainer.flag("measure_training"));
  }

  private static OptimizerConfig optimizer(Bound trainer) {
    Bound o = trainer.settings("optimizer");
    return new OptimizerConfig(
        Bound.constant(OptimizerConfig.Kind.class, trainer.chosen("optimizer")),
        o.real("learning_rate"),
        o.real("momentum"),
        o.flag("nesterov"),
        o.has("rho") ? o.real("rho") : 0.9,
        o.has("beta1") ? o.real("beta1") : 0.9,
        o.has("beta2") ? o.real("beta2") : 0.999,
        o.has("epsilon") ? o.real("epsilon") : 1e-8,
        o.real("weight_decay"));
  }

  private static ScheduleConfig schedule(Bound trainer) {
    Bound s = trainer.settings("schedule");
    return new ScheduleConfig(
        Bound.constant(ScheduleConfig.Kind.class, trainer.chosen("schedule")),
        s.count("warmup_steps"),
        s.real("decay"),
        s.has("per") ? s.word(ScheduleConfig.Unit.class, "per") : ScheduleConfig.Unit.EPOCH,
        s.has("factor") ? s.real("factor") : 1.0,
        s.has("every_epochs") ? s.count("every_epochs") : 1,
        s.real("min_rate"),
        s.has("cycles") ? s.count("cycles") : 1);
  }

  private static CheckpointConfig checkpoint(Bound checkpoint) {
    String[] every =
        checkpoint.has("every")
            ? checkpoint.text("every").split(" ", 2)
            : new String[] {"0", "epochs"};
    return new CheckpointConfig(
        Long.parseLong(every[0]),
        Bound.constant(CheckpointConfig.Unit.class, every[1]),
        checkpoint.count("keep"),
        checkpoint.flag("keep_best"));
  }

  private DistributedConfig distributed() {
    Bound d = section("distributed");
    int localSteps = DistributedConfig.localSteps(d.text("consistency"));
    return new DistributedConfig(
        d.count("workers"),
        d.count("shards"),
        d.count("slices"),
        localSteps > 0 ? Consistency.BSP : Consistency.parse(d.text("consistency")),
        localSteps,
        time(d.text("deadline")),
        d.count("max_failures"),
        d.flag("rebalance"),
        d.word(DistributedConfig.Transport.class, "transport"),
        d.word(DistributedConfig.Placement.class, "placement"),
        d.list("servers", server -> ServerAddress.parse(String.valueOf(server))),
        d.get("replicas") instanceof Long n ? Math.toIntExact(n) : DistributedConfig.AUTO_REPLICAS,
        compression(d),
        d.word(DistributedConfig.Overlap.class, "overlap"));
  }

  private static Compression compression(Bound distributed) {
    Compression.Kind kind =
        Bound.constant(Compression.Kind.class, distributed.chosen("compression"));
    if (kind == Compression.Kind.NONE) {
      return Compression.NONE;
    }
    Bound c = distributed.settings("compression");
    return kind.sparse()
        ? new Compression(kind, c.count("units"), c.real("share"), c.real("down_share"))
        : Compression.of(kind, c.count("units"));
  }

  private OutputConfig output() {
    Bound o = section("output");
    return new OutputConfig(
        o.text("dir"),
        o.flag("report"),
        o.word(OutputConfig.Format.class, "format"),
        o.word(OutputConfig.Mode.class, "mode"));
  }

  private EvaluateConfig evaluate() {
    Bound e = section("evaluate");
    return new EvaluateConfig(
        e.texts("metrics"),
        e.real("threshold"),
        e.flag("per_class"),
        e.word(TargetConfig.Unseen.class, "unseen"));
  }

  private PredictConfig predict() {
    Bound p = section("predict");
    return new PredictConfig(
        p.texts("columns"),
        p.texts("keep"),
        p.word(FeatureConfig.Unknown.class, "on_unknown_category"),
        p.count("partitions"));
  }

  static Duration time(String text) {
    String digits = text.replaceAll("[a-z ]", "");
    long number = Long.parseLong(digits);
    return switch (text.substring(digits.length()).strip()) {
      case "ms" -> Duration.ofMillis(number);
      case "s" -> Duration.ofSeconds(number);
      case "m" -> Duration.ofMinutes(number);
      default -> Duration.ofHours(number);
    };
  }
}
