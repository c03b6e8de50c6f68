package dev.bellows.jobs.block;

import dev.bellows.jobs.table.ImageInput;
import dev.bellows.jobs.table.Preprocess;
import dev.bellows.jobs.table.SeriesInput;
import dev.bellows.jobs.table.SparseInput;
import dev.bellows.jobs.table.TargetColumn;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What a network must know about the prepared data.
 *
 * @param numericWidth float columns of a row after preprocessing: the pixels of an image, numbers,
 *     missing flags
 * @param categoricals category columns in code order, then their crosses
 * @param sparseWidth width of the sparse (CSR) part; 0 when there is none
 * @param classes number of classes; 0 for regression
 * @param outputs classes for classification, numbers of a row for regression, of the main target
 * @param positions labels or numbers to be learnt per row, of the main target
 * @param heads what heads learn, in their order
 * @param texts text columns in code order, after the categories
 * @param imageShape [height, width, channels] of an image source; empty otherwise
 * @param seriesShape [steps, variables] of windows of a series, or [variables, steps]; empty
 *     otherwise
 */
public record DatasetShape(
    int numericWidth,
    List<Categorical> categoricals,
    int sparseWidth,
    int classes,
    int outputs,
    int positions,
    List<Learnt> heads,
    List<Text> texts,
    List<Integer> imageShape,
    List<Integer> seriesShape)
    implements Serializable {

  /** Rows that are no windows of a series. */
  public DatasetShape(
      int numericWidth,
      List<Categorical> categoricals,
      int sparseWidth,
      int classes,
      int outputs,
      int positions,
      List<Learnt> heads,
      List<Text> texts,
      List<Integer> imageShape) {
    this(
        numericWidth,
        categoricals,
        sparseWidth,
        classes,
        outputs,
        positions,
        heads,
        texts,
        imageShape,
        List.of());
  }

  /** The shape that a fitted preprocessing gives. */
  public static DatasetShape of(Preprocess preprocess) {
    ImageInput image = preprocess.image();
    SparseInput sparse = preprocess.sparse();
    int classes = preprocess.classes().size();
    return new DatasetShape(
        preprocess.numericWidth(),
        Stream.concat(
                preprocess.categories().stream()
                    .map(c -> new Categorical(c.name(), c.cardinality(), c.embeddingDim())),
                preprocess.crosses().stream()
                    .map(c -> new Categorical(c.name(), c.buckets(), c.embeddingDim())))
            .toList(),
        sparse == null ? 0 : sparse.width(),
        classes,
        classes > 0 ? classes : numbers(preprocess.targets(0)),
        preprocess.target().positions(),
        heads(preprocess),
        preprocess.texts().stream()
            .map(t -> new Text(t.part(), t.length(), t.vocabulary().size()))
            .toList(),
        image == null ? List.of() : image.shape(),
        series(preprocess.series()));
  }

  private static List<Integer> series(@Nullable SeriesInput series) {
    if (series == null) {
      return List.of();
    }
    int variables = series.shape().variables().size();
    int steps = series.shape().input();
    return series.shape().variablesFirst() ? List.of(variables, steps) : List.of(steps, variables);
  }

  private static int numbers(List<TargetColumn> targets) {
    return targets.stream().mapToInt(TargetColumn::positions).sum();
  }

  private static List<Learnt> heads(Preprocess preprocess) {
    List<Learnt> heads = new ArrayList<>();
    for (int output = 1; !preprocess.targets(output).isEmpty(); output++) {
      List<TargetColumn> targets = preprocess.targets(output);
      TargetColumn first = targets.get(0);
      boolean classes = !first.classes().isEmpty();
      int outputs = classes ? first.classes().size() : numbers(targets);
      heads.add(new Learnt(first.name(), classes, outputs));
    }
    return List.copyOf(heads);
  }

  /**
   * What a head learns.
   *
   * @param name column name
   * @param classes whether it is one of several classes; else numbers
   * @param outputs classes, or numbers of a row
   */
  public record Learnt(String name, boolean classes, int outputs) implements Serializable {}

  /**
   * One text column.
   *
   * @param name name for {@code inputs} of layers
   * @param length tokens of a row, T
   * @param vocabulary codes are 0 to vocabulary - 1
   */
  public record Text(String name, int length, int vocabulary) implements Serializable {}

  /**
   * One category column.
   *
   * @param name column name
   * @param cardinality codes are 0 (unknown bucket) to cardinality - 1
   * @param embeddingDim width of its embedding
   */
  public record Categorical(String name, int cardinality, int embeddingDim)
      implements Serializable {}
}
