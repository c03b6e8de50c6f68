package dev.bellows.jobs.block;

import dev.bellows.jobs.config.HoldoutConfig;
import dev.bellows.jobs.config.RunConfig;
import dev.bellows.jobs.table.TargetKind;

/**
 * Validation rows of the training rows of a fold: what early stopping looks at, and what is fitted
 * does not see. The same rows as {@code data.validation} would hold out of these rows alone.
 */
public final class InnerHoldout {
  private InnerHoldout() {}

  /** Whether the configuration holds rows out of the training rows. */
  public static boolean wanted(RunConfig config) {
    HoldoutConfig validation = config.data().validation();
    return validation.source() == null && validation.fraction() > 0;
  }

  /**
   * Divides training rows.
   *
   * @param rows ranks of the training rows, ascending
   * @param keys [n] row key of each rank
   * @param labels [n] label of each rank; empty for numbers
   * @return {rows to train on, rows to validate on}, each ascending
   */
  public static int[][] divide(RunConfig config, int[] rows, long[] keys, int[] labels) {
    if (!wanted(config)) {
      return new int[][] {rows, {}};
    }
    HoldoutConfig validation = config.data().validation();
    boolean stratify = RawTable.kind(config) == TargetKind.CLASS && validation.stratify();
    return RowPlan.divide(
        rows,
        keys,
        labels,
        config.seed(),
        new RowPlan.Share(validation.fraction(), stratify, validation.last()));
  }

  /** As above, with what a block says of its rows. */
  public static int[][] divide(RunConfig config, int[] rows, Block block) {
    boolean classes = RawTable.kind(config) == TargetKind.CLASS;
    int[] labels = new int[classes ? block.rows() : 0];
    for (int row = 0; row < labels.length; row++) { // the main target's; heads' stand behind it
      labels[row] = block.labels()[row * block.labelWidth()];
    }
    return divide(config, rows, block.rowKeys(), labels);
  }
}
