package dev.bellows.jobs.table;

import dev.bellows.jobs.config.FeatureConfig;
import dev.bellows.jobs.config.FeaturesConfig;
import dev.bellows.jobs.config.HeadTarget;
import dev.bellows.jobs.config.TargetConfig;
import dev.bellows.jobs.source.DataException;
import dev.bellows.jobs.source.RawSchema;
import dev.bellows.jobs.source.RawSchema.CellKind;
import dev.bellows.jobs.source.SeriesShape;
import dev.bellows.jobs.source.SourceLayout;
import dev.bellows.jobs.source.Tokenizer;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What each column of an opened source is for, before its rows are read. Columns of type {@code
 * auto} get their role from the statistics later ({@link #infer}).
 */
public final class TablePlan implements Serializable {
  private static final long serialVersionUID = 1L;

  /**
   * Share of text among the cells of an {@code auto} column up to which it counts as numbers with
   * bad cells.
   */
  private static final double BAD_CELL_SHARE = 0.01;

  private final RawSchema schema;
  private final @Nullable FeaturesConfig features;
  private final List<Target> targets;
  private final int window;
  private final @Nullable Tokenizer[] tokenizers;
  private final int weightIndex;
  private final ColumnRole[] roles;
  private final boolean[] inferred;
  private final boolean[] missingFails;

  /**
   * A column to be learnt.
   *
   * @param column its place; -1: not in the source
   * @param kind what its cells are
   * @param along text column whose tokens have labels; -1 for none
   * @param config what is configured; null for a stored model
   * @param output see {@link TargetColumn#output}
   */
  record Target(int column, TargetKind kind, int along, @Nullable TargetConfig config, int output)
      implements Serializable {
    /** What is configured. */
    TargetConfig configured() {
      if (config == null) {
        throw new IllegalStateException(
            "a plan made from a stored model has no target configuration");
      }
      return config;
    }
  }

  private TablePlan(
      RawSchema schema,
      @Nullable FeaturesConfig features,
      List<Target> targets,
      int window,
      @Nullable Tokenizer[] tokenizers,
      int weightIndex,
      ColumnRole[] roles,
      boolean[] inferred,
      boolean[] missingFails) {
    this.schema = schema;
    this.features = features;
    this.targets = List.copyOf(targets);
    this.window = window;
    this.tokenizers = tokenizers;
    this.weightIndex = weightIndex;
    this.roles = roles;
    this.inferred = inferred;
    this.missingFails = missingFails;
  }

  /** As below, for one target. */
  public static TablePlan of(
      SourceLayout source,
      FeaturesConfig features,
      TargetConfig target,
      TargetKind kind,
      @Nullable String id,
      @Nullable String weight) {
    return of(source, features, target, kind, List.of(), id, weight, SplitColumns.NONE);
  }

  /**
   * Resolves the configured columns against those of the source.
   *
   * @param more columns that heads learn, in their order
   * @param split columns that divide rows into folds
   * @throws DataException when a configured column is not there
   */
  public static TablePlan of(
      SourceLayout source,
      FeaturesConfig features,
      TargetConfig target,
      TargetKind kind,
      List<HeadTarget> more,
      @Nullable String id,
      @Nullable String weight,
      SplitColumns split) {
    List<String> names = source.columns();
    if (kind == TargetKind.PIXELS && (!source.masks() || !more.isEmpty())) {
      throw more.isEmpty()
          ? noMasks(source)
          : new DataException("segmentation learns masks alone, and no columns in targets beside");
    }
    List<Target> targets = new ArrayList<>();
    SeriesShape series = source.series();
    if (series != null) {
      series
          .targets()
          .forEach(name -> targets.add(new Target(-1, TargetKind.STEPS, -1, target, 0)));
    } else {
      targets.add(target(source, features, target, kind, "target.name", 0));
    }
    for (HeadTarget head : more) {
      TargetKind its = TargetKind.of(head.task());
      targets.add(target(source, features, head.column(), its, "targets", targets.size()));
    }
    int weightIndex = weight == null ? -1 : required(names, weight, "data.weight", source);
    int idIndex = id == null ? -1 : required(names, id, "data.id", source);
    split.named().forEach((key, name) -> required(names, name, key, source));
    for (String named : features.named().keySet()) {
      boolean other =
          (!source.imageShape().isEmpty()
                  && (named.equals(FeaturesConfig.IMAGE)
                      || features.of(named).type() == FeatureConfig.Type.AUDIO))
              || (source.sparse() && features.of(named).type() == FeatureConfig.Type.SPARSE);
      if (features.of(named).crosses()) {
        continue; // CrossColumn looks for its columns
      }
      if (!other && !names.contains(named)) {
        required(names, named, "features", source);
      }
    }
    List<CellKind> kinds = new ArrayList<>();
    ColumnRole[] roles = new ColumnRole[names.size()];
    boolean[] inferred = new boolean[names.size()];
    boolean[] missingFails = new boolean[names.size()];
    @Nullable Tokenizer[] tokenizers = new Tokenizer[names.size()];
    for (int c = 0; c < names.size(); c++) {
      FeatureConfig.Type type = type(source, features, names.get(c));
      missingFails[c] = features.of(names.get(c)).impute() == FeatureConfig.Impute.FAIL;
      CellKind auto = source.typed(names.get(c)) ? null : CellKind.AUTO;
      Target learnt = target(targets, c);
      if (learnt != null) {
        roles[c] = ColumnRole.TARGET;
        kinds.add(cells(learnt.kind()));
      } else if (c == weightIndex) {
        roles[c] = ColumnRole.WEIGHT;
        kinds.add(CellKind.NUMBER);
      } else if (c == idIndex) {
        roles[c] = ColumnRole.ID;
        kinds.add(CellKind.SKIP);
      } else if (split.holds(names.get(c))
          && (type == FeatureConfig.Type.AUTO || type == FeatureConfig.Type.IGNORE)) {
        roles[c] = ColumnRole.SPLIT;
        kinds.add(CellKind.AUTO);
      } else {
        switch (type) {
          case NUMBER -> roles[c] = ColumnRole.NUMBER;
          case CATEGORY -> roles[c] = ColumnRole.CATEGORY;
          case TEXT -> {
            roles[c] = ColumnRole.TEXT;
            tokenizers[c] = Tokenizer.of(features.of(names.get(c)).text());
          }
          case IGNORE -> roles[c] = ColumnRole.IGNORED;
          case AUTO -> {
            roles[c] = ColumnRole.NUMBER;
            inferred[c] = true;
          }
          default ->
              throw new DataException(
                  "features."
                      + names.get(c)
                      + ": type "
                      + type
                      + " does not fit a column of "
                      + source.name()
                      + "; use auto, number, category, text or ignore");
        }
        kinds.add(
            switch (type) {
              case NUMBER -> CellKind.NUMBER;
              case CATEGORY, TEXT -> CellKind.TEXT;
              case IGNORE -> CellKind.SKIP;
              default -> auto == null ? CellKind.TYPED : auto;
            });
      }
    }
    return new TablePlan(
        new RawSchema(
            names,
            kinds,
            source.imageShape(),
            source.sparse(),
            idIndex,
            kind == TargetKind.PIXELS,
            series),
        features,
        targets,
        source.window(),
        tokenizers,
        weightIndex,
        roles,
        inferred,
        missingFails);
  }

  /** The configured crosses of category columns. */
  List<CrossColumn> crosses(List<CategoryColumn> categories) {
    return features == null ? List.of() : CrossColumn.of(features, categories, names());
  }

  private static Target target(
      SourceLayout source,
      FeaturesConfig features,
      TargetConfig target,
      TargetKind kind,
      String key,
      int output) {
    int along =
        kind == TargetKind.TAGS || kind == TargetKind.NEXT_TOKEN
            ? along(source, features, target, kind)
            : -1;
    int column =
        kind == TargetKind.NEXT_TOKEN || kind == TargetKind.PIXELS
            ? along
            : required(source.columns(), target.name(), key, source);
    return new Target(column, kind, along, target, output);
  }

  /** The target that a column holds; null for a feature, also where its next token is learnt. */
  private static @Nullable Target target(List<Target> targets, int column) {
    return targets.stream()
        .filter(t -> t.column() == column && t.column() != t.along())
        .findFirst()
        .orElse(null);
  }

  private static CellKind cells(TargetKind kind) {
    return switch (kind) {
      case CLASS -> CellKind.AUTO;
      case NUMBER, STEPS -> CellKind.NUMBER;
      case TAGS, NEXT_TOKEN, PIXELS -> CellKind.TEXT;
    };
  }

  private static void checkSeries(SourceLayout source, SeriesShape trained, boolean measured) {
    SeriesShape given = source.series();
    if (given == null || (measured && !given.fits(trained))) {
      throw new DataException(
          source.name()
              + (given == null ? " is no series" : " has windows of " + given)
              + "; the model was trained on windows of "
              + trained);
    }
  }

  private static DataException noMasks(SourceLayout source) {
    return new DataException(
        source.name()
            + " has no label per pixel, which segmentation learns: expected a source of format images with masks");
  }

  private static FeatureConfig.Type type(
      SourceLayout source, FeaturesConfig features, String column) {
    FeatureConfig.Type type = features.of(column).type();
    return type == FeatureConfig.Type.AUTO && source.text(column) ? FeatureConfig.Type.TEXT : type;
  }

  /** The text column whose tokens have labels. */
  private static int along(
      SourceLayout source, FeaturesConfig features, TargetConfig target, TargetKind kind) {
    List<String> texts =
        source.columns().stream()
            .filter(name -> type(source, features, name) == FeatureConfig.Type.TEXT)
            .toList();
    if (kind == TargetKind.NEXT_TOKEN && texts.contains(target.name())) {
      return source.columns().indexOf(target.name());
    }
    if (texts.size() != 1) {
      throw new DataException(
          (kind == TargetKind.TAGS ? "tagging" : "a language model")
              + " needs one text column, "
              + source.name()
              + " has "
              + (texts.isEmpty() ? "none" : texts)
              + " among "
              + Nearest.shortList(source.columns())
              + ": set features.<column>.type: text"
              + (kind == TargetKind.TAGS ? "" : ", or target.name to one of several texts"));
    }
    return source.columns().indexOf(texts.get(0));
  }

  private static int required(List<String> names, String name, String key, SourceLayout source) {
    int index = names.indexOf(name);
    if (index < 0) {
      throw new DataException(
          key
              + " names the column \""
              + name
              + "\", which "
              + source.name()
              + " does not have"
              + Nearest.hint(name, names)
              + "; its columns are "
              + Nearest.shortList(names));
    }
    return index;
  }

  /**
   * Plans a source for a stored model: columns are found by name, in any order; columns that the
   * model does not know are ignored.
   *
   * @param targetRequired whether the rows are labelled
   * @throws DataException when a column of the model is not there, or images or sparse rows do not
   *     fit
   */
  public static TablePlan forModel(
      SourceLayout source,
      Preprocess model,
      boolean targetRequired,
      @Nullable String id,
      @Nullable String weight) {
    List<String> names = source.columns();
    List<String> absent = new ArrayList<>();
    ColumnRole[] roles = new ColumnRole[names.size()];
    CellKind[] kinds = new CellKind[names.size()];
    boolean[] missingFails = new boolean[names.size()];
    java.util.Arrays.fill(roles, ColumnRole.IGNORED);
    java.util.Arrays.fill(kinds, CellKind.SKIP);
    for (NumberColumn n : model.numbers()) {
      int c = names.indexOf(n.name());
      if (c < 0) {
        absent.add(n.name());
      } else {
        roles[c] = ColumnRole.NUMBER;
        kinds[c] = CellKind.NUMBER;
        missingFails[c] = n.fails();
      }
    }
    for (CategoryColumn k : model.categories()) {
      int c = names.indexOf(k.name());
      if (c < 0) {
        absent.add(k.name());
      } else {
        roles[c] = ColumnRole.CATEGORY;
        kinds[c] = CellKind.TEXT;
      }
    }
    @Nullable Tokenizer[] tokenizers = new Tokenizer[names.size()];
    for (TextColumn t : model.texts()) {
      int c = names.indexOf(t.name());
      if (c < 0 && (targetRequired || !t.equals(model.written()))) {
        absent.add(t.name());
      } else if (c >= 0) {
        roles[c] = ColumnRole.TEXT;
        kinds[c] = CellKind.TEXT;
        tokenizers[c] = t.tokenizer();
      }
    }
    SeriesInput trained = model.series();
    if (trained != null) {
      checkSeries(source, trained.shape(), targetRequired);
    }
    List<Target> targets = new ArrayList<>();
    for (TargetColumn target : model.targets()) {
      int c = target.pixels() || trained != null ? -1 : names.indexOf(target.name());
      if (target.pixels() && targetRequired) {
        if (!source.masks()) {
          throw noMasks(source);
        }
      } else if (c >= 0 && targetRequired && !target.next()) {
        roles[c] = ColumnRole.TARGET;
        kinds[c] = target.classes().isEmpty() ? CellKind.NUMBER : CellKind.TEXT;
      } else if (targetRequired && !target.next() && trained == null) {
        absent.add(target.name());
      }
      targets.add(
          new Target(
              targetRequired ? c : -1,
              trained != null ? TargetKind.STEPS : kind(target),
              names.indexOf(target.along()),
              null,
              target.output()));
    }
    if (!absent.isEmpty()) {
      throw new DataException(
          source.name()
              + " lacks columns that the model needs: "
              + Nearest.shortList(absent)
              + "; it has "
              + Nearest.shortList(names));
    }
    ImageInput image = model.image();
    int pixels = source.imageShape().stream().reduce(1, (a, b) -> a * b);
    if (image != null && (source.imageShape().isEmpty() || pixels != image.width())) {
      throw new DataException(
          source.name()
              + " has images of "
              + source.imageShape()
              + ", the model was trained on "
              + image.shape());
    }
    if (model.sparse() != null && !source.sparse()) {
      throw new DataException(
          source.name() + " has no sparse rows, which the model was trained on");
    }
    int weightIndex = weight == null ? -1 : required(names, weight, "data.weight", source);
    if (weightIndex >= 0) {
      roles[weightIndex] = ColumnRole.WEIGHT;
      kinds[weightIndex] = CellKind.NUMBER;
    }
    int idIndex = id == null ? -1 : required(names, id, "data.id", source);
    RawSchema schema =
        new RawSchema(
            names,
            List.of(kinds),
            source.imageShape(),
            source.sparse(),
            idIndex,
            targetRequired && model.target().pixels(),
            source.series());
    return new TablePlan(
        schema,
        null,
        targets,
        source.window(),
        tokenizers,
        weightIndex,
        roles,
        new boolean[names.size()],
        missingFails);
  }

  private static TargetKind kind(TargetColumn target) {
    if (!target.along().isEmpty()) {
      return target.next() ? TargetKind.NEXT_TOKEN : TargetKind.TAGS;
    }
    if (target.pixels()) {
      return TargetKind.PIXELS;
    }
    return target.classes().isEmpty() ? TargetKind.NUMBER : TargetKind.CLASS;
  }

  /** This plan with the roles of {@code auto} columns decided by their cells. */
  public TablePlan infer(TableStats stats) {
    ColumnRole[] decided = roles.clone();
    for (int c = 0; c < decided.length; c++) {
      if (inferred[c]) {
        ColumnStats s = stats.columns[c];
        boolean badCells = s.texts <= BAD_CELL_SHARE * (s.texts + s.numbers);
        decided[c] = s.texts == 0 || badCells ? ColumnRole.NUMBER : ColumnRole.CATEGORY;
      }
    }
    return new TablePlan(
        schema,
        features,
        targets,
        window,
        tokenizers,
        weightIndex,
        decided,
        inferred,
        missingFails);
  }

  /** How the source is read. */
  public RawSchema schema() {
    return schema;
  }

  public List<String> names() {
    return schema.columns();
  }

  public ColumnRole role(int column) {
    return roles[column];
  }

  boolean inferred(int column) {
    return inferred[column];
  }

  FeatureConfig feature(int column) {
    return features().of(schema.columns().get(column));
  }

  private FeaturesConfig features() {
    if (features == null) {
      throw new IllegalStateException(
          "a plan made from a stored model has no feature configuration");
    }
    return features;
  }

  /** Whether a missing number makes the row bad. */
  boolean missingFails(int column) {
    return missingFails[column];
  }

  /** Rule of the image or of the sparse part. */
  FeatureConfig special(FeatureConfig.Type type) {
    return features().special(type);
  }

  /** What is learnt, in the order of {@link Preprocess#targets}. */
  List<Target> targets() {
    return targets;
  }

  /** The target that a column of role {@link ColumnRole#TARGET} holds. */
  Target target(int column) {
    return java.util.Objects.requireNonNull(target(targets, column), "no target column");
  }

  /** What the main output learns. */
  public TargetKind kind() {
    return targets.get(0).kind();
  }

  /** Whether the main output learns one class per row. */
  public boolean classification() {
    return kind() == TargetKind.CLASS;
  }

  /** Whether the next tokens of a text column are learnt. */
  boolean next(int column) {
    return targets.stream().anyMatch(t -> t.kind() == TargetKind.NEXT_TOKEN && t.along() == column);
  }

  /** Column of the target at a place in {@link Preprocess#targets}; -1: not in the source. */
  public int targetColumn(int index) {
    return targets.get(index).column();
  }

  /** Tokens at which the source cuts its text; 0 when rows are whole texts. */
  int window() {
    return window;
  }

  /** Tokenizer of a text column. */
  Tokenizer tokenizer(int column) {
    return java.util.Objects.requireNonNull(tokenizers[column], "no text column");
  }

  /** Column of the main target; -1: not in the source. */
  public int targetIndex() {
    return targetColumn(0);
  }

  /** Column of row weights; -1 for none. */
  public int weightIndex() {
    return weightIndex;
  }
}
