package dev.bellows.jobs.table;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Everything fitted on the training rows, stored with the model as {@code preprocess.json}: which
 * columns enter the network, how they are filled and scaled, dictionaries, classes. Matching is by
 * column name.
 */
public final class Preprocess implements Serializable {
  private static final long serialVersionUID = 1L;

  private final List<String> sourceColumns;
  private final List<NumberColumn> numbers;
  private final List<CategoryColumn> categories;
  private final List<TextColumn> texts;
  private final @Nullable ImageInput image;
  private final @Nullable SparseInput sparse;
  private final @Nullable SeriesInput series;
  private final List<TargetColumn> targets;
  private final List<CrossColumn> crosses;

  /** What the rows were encoded with; null when it is this. */
  private final @Nullable Preprocess storage;

  /**
   * @param sourceColumns all columns of the training source in order, for headerless files of the
   *     same layout
   */
  public Preprocess(
      List<String> sourceColumns,
      List<NumberColumn> numbers,
      List<CategoryColumn> categories,
      @Nullable ImageInput image,
      @Nullable SparseInput sparse,
      TargetColumn target) {
    this(sourceColumns, numbers, categories, List.of(), image, sparse, List.of(target));
  }

  /**
   * @param sourceColumns all columns of the training source in order
   * @param targets 1 or more; labels of a row are those of all targets of classes in order, its
   *     float targets those of all others
   */
  public Preprocess(
      List<String> sourceColumns,
      List<NumberColumn> numbers,
      List<CategoryColumn> categories,
      List<TextColumn> texts,
      @Nullable ImageInput image,
      @Nullable SparseInput sparse,
      List<TargetColumn> targets) {
    this(sourceColumns, numbers, categories, texts, image, sparse, null, targets);
  }

  /** As above, for windows of a series when {@code series} is not null. */
  Preprocess(
      List<String> sourceColumns,
      List<NumberColumn> numbers,
      List<CategoryColumn> categories,
      List<TextColumn> texts,
      @Nullable ImageInput image,
      @Nullable SparseInput sparse,
      @Nullable SeriesInput series,
      List<TargetColumn> targets) {
    this(
        sourceColumns, numbers, categories, texts, image, sparse, series, targets, List.of(), null);
  }

  private Preprocess(
      List<String> sourceColumns,
      List<NumberColumn> numbers,
      List<CategoryColumn> categories,
      List<TextColumn> texts,
      @Nullable ImageInput image,
      @Nullable SparseInput sparse,
      @Nullable SeriesInput series,
      List<TargetColumn> targets,
      List<CrossColumn> crosses,
      @Nullable Preprocess storage) {
    this.crosses = List.copyOf(crosses);
    this.storage = storage;
    this.series = series;
    this.sourceColumns = List.copyOf(sourceColumns);
    this.numbers = List.copyOf(numbers);
    this.categories = List.copyOf(categories);
    this.texts = List.copyOf(texts);
    this.image = image;
    this.sparse = sparse;
    this.targets = List.copyOf(targets);
  }

  /** All columns of the training source in order. */
  public List<String> sourceColumns() {
    return sourceColumns;
  }

  /**
   * Number columns in the order of the numeric input; their missing flags follow, in the same
   * order.
   */
  public List<NumberColumn> numbers() {
    return numbers;
  }

  /** Category columns in code order. */
  public List<CategoryColumn> categories() {
    return categories;
  }

  /** Text columns in code order, after the categories. */
  public List<TextColumn> texts() {
    return texts;
  }

  /** The text column of that name. */
  public TextColumn text(String name) {
    return texts.stream()
        .filter(t -> t.name().equals(name))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("no text column \"" + name + "\""));
  }

  /** The same, but a category that training did not show makes a row bad. */
  public Preprocess failingOnUnknown() {
    return new Preprocess(
        sourceColumns,
        numbers,
        categories.stream()
            .map(
                c ->
                    new CategoryColumn(
                        c.name(),
                        c.dictionary(),
                        c.codes(),
                        c.cardinality(),
                        c.embeddingDim(),
                        true))
            .toList(),
        texts,
        image,
        sparse,
        series,
        targets,
        crosses,
        storage);
  }

  /** The same with crosses of its categories. */
  Preprocess withCrosses(List<CrossColumn> columns) {
    return new Preprocess(
        sourceColumns,
        numbers,
        categories,
        texts,
        image,
        sparse,
        series,
        targets,
        columns,
        storage);
  }

  /** Crosses of the categories in code order, behind them. */
  public List<CrossColumn> crosses() {
    return crosses;
  }

  /**
   * The same fit, for reading rows that were encoded with another one: with what all rows show,
   * where this is a fold's. The labels of classes are those of the rows.
   *
   * @param encoding fit that the rows were encoded with
   */
  public Preprocess forRowsOf(Preprocess encoding) {
    List<TargetColumn> learnt = new ArrayList<>();
    for (int t = 0; t < targets.size(); t++) {
      TargetColumn theirs = encoding.targets.get(t);
      learnt.add(theirs.classes().isEmpty() ? targets.get(t) : theirs);
    }
    List<String> there = encoding.categories.stream().map(CategoryColumn::name).toList();
    return new Preprocess(
        sourceColumns,
        numbers,
        categories.stream().filter(c -> there.contains(c.name())).toList(),
        texts,
        image,
        sparse,
        series,
        learnt,
        crosses,
        encoding);
  }

  /** The fit that the rows were encoded with: this one, but for folds. */
  public Preprocess stored() {
    return storage == null ? this : storage;
  }

  public @Nullable ImageInput image() {
    return image;
  }

  public @Nullable SparseInput sparse() {
    return sparse;
  }

  /** Windows of a series; null for other rows. */
  public @Nullable SeriesInput series() {
    return series;
  }

  /** The main target. */
  public TargetColumn target() {
    return targets.get(0);
  }

  /** All targets, the main one first. */
  public List<TargetColumn> targets() {
    return targets;
  }

  /** Targets of one output of the network, see {@link TargetColumn#output}. */
  public List<TargetColumn> targets(int output) {
    return targets.stream().filter(t -> t.output() == output).toList();
  }

  /**
   * The text that the model writes token by token from the rest of a row: the main target is its
   * next token, its bounds are marked, and there is another text. Null for other models.
   */
  public @Nullable TextColumn written() {
    if (!target().next() || texts.size() < 2) {
      return null;
    }
    TextColumn text = text(target().name());
    return text.bounds() ? text : null;
  }

  /** Labels of a row: those of all targets of classes. */
  public int labelWidth() {
    return width(true);
  }

  /** Float targets of a row. */
  public int targetWidth() {
    return width(false);
  }

  private int width(boolean classes) {
    return targets.stream()
        .filter(t -> t.classes().isEmpty() != classes)
        .mapToInt(TargetColumn::positions)
        .sum();
  }

  /** Floats of a row: pixels, then numbers, then missing flags. */
  public int numericWidth() {
    int flags = (int) numbers.stream().filter(NumberColumn::flag).count();
    return (image == null ? 0 : image.width())
        + (series == null ? 0 : series.shape().width())
        + numbers.size()
        + flags;
  }

  /** Token codes of a row, and one length for each text. */
  public int tokenWidth() {
    return texts.stream().mapToInt(t -> t.length() + 1).sum();
  }

  /** Class names in label order; empty for regression. */
  public List<String> classes() {
    return target().classes();
  }

  /** Label that counts as 1 in two-class metrics. */
  public int positiveClass() {
    return target().positive();
  }

  /** Name of the column to be learnt. */
  public String targetName() {
    return target().name();
  }

  /**
   * A network output y of a regression means {@code y * targetScale() + targetOffset()} in the unit
   * of the data.
   */
  public double targetOffset() {
    return target().offset();
  }

  /** See {@link #targetOffset()}. */
  public double targetScale() {
    return target().scale();
  }

  /** The tree of {@code preprocess.json}. */
  public Map<String, Object> toJson() {
    return PreprocessJson.write(this);
  }

  /**
   * Reads {@code preprocess.json}; unknown, missing and wrongly typed keys are refused.
   *
   * @throws IllegalArgumentException naming the key
   */
  public static Preprocess fromJson(Map<String, ? extends @Nullable Object> tree) {
    return PreprocessJson.read(tree);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Preprocess p
        && sourceColumns.equals(p.sourceColumns)
        && numbers.equals(p.numbers)
        && categories.equals(p.categories)
        && texts.equals(p.texts)
        && java.util.Objects.equals(image, p.image)
        && java.util.Objects.equals(sparse, p.sparse)
        && java.util.Objects.equals(series, p.series)
        && targets.equals(p.targets)
        && crosses.equals(p.crosses);
  }

  @Override
  public int hashCode() {
    return java.util.Objects.hash(sourceColumns, numbers, categories, texts, targets, crosses);
  }
}
