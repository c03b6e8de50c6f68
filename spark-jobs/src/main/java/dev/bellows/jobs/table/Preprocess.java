package dev.bellows.jobs.table;

import java.io.Serializable;
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
  private final @Nullable ImageInput image;
  private final @Nullable SparseInput sparse;
  private final TargetColumn target;

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
    this.sourceColumns = List.copyOf(sourceColumns);
    this.numbers = List.copyOf(numbers);
    this.categories = List.copyOf(categories);
    this.image = image;
    this.sparse = sparse;
    this.target = target;
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
        image,
        sparse,
        target);
  }

  public @Nullable ImageInput image() {
    return image;
  }

  public @Nullable SparseInput sparse() {
    return sparse;
  }

  public TargetColumn target() {
    return target;
  }

  /** Floats of a row: pixels, or numbers and missing flags. */
  public int numericWidth() {
    return image != null
        ? image.width()
        : numbers.size() + (int) numbers.stream().filter(NumberColumn::flag).count();
  }

  /** Class names in label order; empty for regression. */
  public List<String> classes() {
    return target.classes();
  }

  /** Label that counts as 1 in two-class metrics. */
  public int positiveClass() {
    return target.positive();
  }

  /** Name of the column to be learnt. */
  public String targetName() {
    return target.name();
  }

  /**
   * A network output y of a regression means {@code y * targetScale() + targetOffset()} in the unit
   * of the data.
   */
  public double targetOffset() {
    return target.offset();
  }

  /** See {@link #targetOffset()}. */
  public double targetScale() {
    return target.scale();
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
        && java.util.Objects.equals(image, p.image)
        && java.util.Objects.equals(sparse, p.sparse)
        && target.equals(p.target);
  }

  @Override
  public int hashCode() {
    return java.util.Objects.hash(sourceColumns, numbers, categories, target);
  }
}
