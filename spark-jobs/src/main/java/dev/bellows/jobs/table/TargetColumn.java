package dev.bellows.jobs.table;

import java.io.Serializable;
import java.util.List;

/**
 * What is to be learnt: one label or number per row, or one per position.
 *
 * @param name column name
 * @param classes class names in label order; empty for numbers
 * @param positive label that counts as 1 in two-class metrics
 * @param offset a network output y means {@code y * scale + offset} in the unit of the data
 * @param scale see {@code offset}
 * @param positions labels or numbers of a row, L; a label of a position may be missing
 * @param along text column whose tokens the labels belong to: the column {@code name} itself when
 *     the label of a token is the next one, else tags; empty when there are none
 * @param output which output of the network learns it: 0 the main one, then those of the heads that
 *     learn a column of their own, in their order; columns of numbers may share one
 */
public record TargetColumn(
    String name,
    List<String> classes,
    int positive,
    double offset,
    double scale,
    int positions,
    String along,
    int output)
    implements Serializable {

  /** One label or number per row. */
  public TargetColumn(
      String name, List<String> classes, int positive, double offset, double scale) {
    this(name, classes, positive, offset, scale, 1, "");
  }

  /** Labels or numbers for the main output. */
  public TargetColumn(
      String name,
      List<String> classes,
      int positive,
      double offset,
      double scale,
      int positions,
      String along) {
    this(name, classes, positive, offset, scale, positions, along, 0);
  }

  /** The same for another output. */
  TargetColumn of(int other) {
    return new TargetColumn(name, classes, positive, offset, scale, positions, along, other);
  }

  /** Whether the labels are those of the pixels of an image. */
  public boolean pixels() {
    return !classes.isEmpty() && positions > 1 && along.isEmpty();
  }

  /** Whether the label of a token is the token that follows. */
  public boolean next() {
    return along.equals(name);
  }
}
