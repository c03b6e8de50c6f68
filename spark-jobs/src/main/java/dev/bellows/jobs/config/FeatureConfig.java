package dev.bellows.jobs.config;

import dev.bellows.engine.audio.LogMel;
import dev.bellows.engine.sample.Augmentation;
import java.io.Serializable;
import java.util.List;

/**
 * How one column is read, filled and scaled. Everything fitted is fitted on training rows only.
 *
 * @param type what the column holds; AUTO is inferred and shown in the profile
 * @param scale numeric scaling; AUTO: standard for numbers, unit for images, none for sparse
 * @param impute what replaces a missing number
 * @param imputeConstant the value of {@link Impute#CONSTANT}
 * @param missingFlag add a 0/1 column that says the number was missing
 * @param minCount categories seen fewer times in training share the unknown bucket
 * @param unknown what an unseen category becomes
 * @param embeddingDim width of the embedding; 0: chosen from the number of categories
 * @param shape image shape [height, width, channels]; empty: from the file
 * @param text how text becomes tokens
 * @param augment random changes of training images
 * @param sound how sounds become images; of other types unused
 * @param table how the embedding of categories is made and held
 */
public record FeatureConfig(
    Type type,
    Scale scale,
    Impute impute,
    double imputeConstant,
    boolean missingFlag,
    int minCount,
    Unknown unknown,
    int embeddingDim,
    List<Integer> shape,
    Text text,
    Augmentation augment,
    LogMel sound,
    Table table)
    implements Serializable {

  /** The same rule for another type. */
  FeatureConfig withType(Type other) {
    return new FeatureConfig(
        other,
        scale,
        impute,
        imputeConstant,
        missingFlag,
        minCount,
        unknown,
        embeddingDim,
        shape,
        text,
        augment,
        sound,
        table);
  }

  /** Whether this is no column, but the crossing of some. */
  public boolean crosses() {
    return !table.cross.isEmpty();
  }

  /**
   * The table of a category's embedding.
   *
   * @param cross category columns whose values together make the code; empty: the column's own
   *     values do
   * @param buckets codes that the values of a cross are hashed to
   * @param sparse whether the shards hold it as rows that are pulled and pushed by key
   * @param maxRows most rows of a sparse table that may be trained; 0: all
   */
  public record Table(List<String> cross, int buckets, boolean sparse, int maxRows)
      implements Serializable {
    /** Copies the list. */
    public Table {
      cross = List.copyOf(cross);
    }
  }

  /**
   * How text becomes tokens. The vocabulary is that of the training rows; {@link #minCount} limits
   * it, too.
   *
   * @param tokenizer what a token is
   * @param lower make letters lower case
   * @param maxLength tokens of a row, longer texts are cut; 0: as long as the longest training text
   * @param vocabulary most tokens in the vocabulary, the most frequent ones
   * @param bounds mark start and end of a text; AUTO: for a language model of lines
   */
  public record Text(Tokens tokenizer, boolean lower, int maxLength, int vocabulary, Bounds bounds)
      implements Serializable {}

  /** What a token is. */
  public enum Tokens {
    WORDS,
    WHITESPACE,
    CHARS
  }

  /** Whether start and end of a text are marked. */
  public enum Bounds {
    AUTO,
    MARK,
    NONE
  }

  /** Column types. */
  public enum Type {
    AUTO,
    NUMBER,
    CATEGORY,
    IMAGE,
    SPARSE,
    TEXT,
    AUDIO,
    IGNORE
  }

  /** Scaling of numbers and images. */
  public enum Scale {
    AUTO,
    STANDARD,
    MINMAX,
    UNIT,
    NONE
  }

  /** Filling of missing numbers. */
  public enum Impute {
    MEAN,
    MEDIAN,
    CONSTANT,
    FAIL
  }

  /** Handling of categories that training did not show. */
  public enum Unknown {
    BUCKET,
    FAIL
  }
}
