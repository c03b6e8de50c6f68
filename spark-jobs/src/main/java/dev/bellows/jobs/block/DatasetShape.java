package dev.bellows.jobs.block;

import dev.bellows.jobs.table.ImageInput;
import dev.bellows.jobs.table.Preprocess;
import dev.bellows.jobs.table.SparseInput;
import java.io.Serializable;
import java.util.List;

/**
 * What a network must know about the prepared data.
 *
 * @param numericWidth float columns of a row after preprocessing (numbers, missing flags, or the
 *     pixels of an image)
 * @param categoricals category columns in code order
 * @param sparseWidth width of the sparse (CSR) part; 0 when there is none
 * @param classes number of classes; 0 for regression
 * @param outputs classes for classification, 1 for regression
 * @param imageShape [height, width, channels] of an image source; empty otherwise
 */
public record DatasetShape(
    int numericWidth,
    List<Categorical> categoricals,
    int sparseWidth,
    int classes,
    int outputs,
    List<Integer> imageShape)
    implements Serializable {

  /** The shape that a fitted preprocessing gives. */
  public static DatasetShape of(Preprocess preprocess) {
    ImageInput image = preprocess.image();
    SparseInput sparse = preprocess.sparse();
    int classes = preprocess.classes().size();
    return new DatasetShape(
        preprocess.numericWidth(),
        preprocess.categories().stream()
            .map(c -> new Categorical(c.name(), c.cardinality(), c.embeddingDim()))
            .toList(),
        sparse == null ? 0 : sparse.width(),
        classes,
        Math.max(1, classes),
        image == null ? List.of() : image.shape());
  }

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
