package dev.bellows.jobs.block;

import dev.bellows.jobs.source.DataException;
import dev.bellows.jobs.source.RawBlock;
import dev.bellows.jobs.source.RowBlocks;
import dev.bellows.jobs.table.Preprocess;
import dev.bellows.jobs.table.RowFilter;
import dev.bellows.jobs.table.TablePlan;
import java.io.Serializable;
import java.util.BitSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.StructType;

/**
 * Rows of a data frame to a block, in their order, for prediction: the caller keeps the rows and
 * puts its outputs beside them. Columns are found by name; a missing one is refused, extra ones are
 * ignored, order does not matter. Text columns (CSV read by {@link
 * dev.bellows.jobs.source.Sources#read}) are parsed. Used inside {@code mapPartitions}; one per
 * task.
 */
public final class RowEncoder implements Serializable {
  private static final long serialVersionUID = 1L;

  private final TablePlan plan;
  private final RowBlocks rows;
  private final Encoder encoder;
  private final RowFilter filter;

  /**
   * @param schema of the rows
   * @throws DataException when a column that the model needs is not there
   */
  public RowEncoder(Preprocess preprocess, StructType schema) {
    this.rows =
        new RowBlocks(
            schema,
            preprocess.image() == null ? List.of() : preprocess.image().shape(),
            preprocess.series() == null ? null : preprocess.series().shape(),
            ModelColumns.lists(preprocess));
    this.plan = TablePlan.forModel(rows, preprocess, false, null, null);
    this.encoder = new Encoder(plan, preprocess, Set.of());
    this.filter = new RowFilter(plan, false);
  }

  /**
   * Encodes rows in their order; labels, target and weights are empty.
   *
   * @throws DataException when a cell cannot be read; the message names column and value
   */
  public Block encode(List<Row> batch) {
    RawBlock raw = rows.block(plan.schema(), batch);
    if (!raw.firstBadRows().isEmpty()) {
      throw new DataException("row cannot be predicted: " + raw.firstBadRows().get(0).problem());
    }
    BitSet usable = filter.usable(raw);
    if (usable.cardinality() < raw.rows()) {
      throw new DataException(
          "row cannot be predicted: " + filter.firstProblems(raw, usable).get(0).problem());
    }
    Block block = encoder.encode(raw, IntStream.range(0, raw.rows()).toArray());
    System.arraycopy(raw.contentHashes(), 0, block.rowKeys(), 0, raw.rows());
    return block;
  }
}
