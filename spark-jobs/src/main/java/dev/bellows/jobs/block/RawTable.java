package dev.bellows.jobs.block;

import dev.bellows.jobs.config.DataConfig;
import dev.bellows.jobs.config.HeadTarget;
import dev.bellows.jobs.config.RunConfig;
import dev.bellows.jobs.config.TargetConfig;
import dev.bellows.jobs.source.DataException;
import dev.bellows.jobs.source.RawBlock;
import dev.bellows.jobs.source.SourceReader;
import dev.bellows.jobs.table.MaskedBlock;
import dev.bellows.jobs.table.SplitColumns;
import dev.bellows.jobs.table.TablePlan;
import dev.bellows.jobs.table.TableStats;
import dev.bellows.jobs.table.TargetKind;
import java.util.BitSet;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.storage.StorageLevel;

/**
 * The rows of a source, read once into raw blocks and counted; cached until it is closed.
 *
 * @param source where they came from
 * @param plan what each column is for
 * @param raw the blocks
 * @param stats what they hold, over all rows that could be read
 * @param keys what the driver knows of each row
 * @param unusable rows that were read but can't be used
 */
record RawTable(
    SourceReader source,
    TablePlan plan,
    JavaRDD<RawBlock> raw,
    TableStats stats,
    List<RowKeys> keys,
    long unusable)
    implements AutoCloseable {
  /** Distinct numeric labels beyond which a target is taken for a quantity. */
  private static final int MANY_CLASSES = 1000;

  /** Reads and counts. */
  static RawTable read(RunConfig config, SourceReader source) {
    DataConfig data = config.data();
    TargetKind kind = kind(config);
    TablePlan opened =
        TablePlan.of(
            source,
            config.features().spread(source.lists()),
            config.target(),
            kind,
            config.targets(),
            data.id(),
            data.weight(),
            SplitColumns.of(config.cv()));
    JavaRDD<RawBlock> raw = source.blocks(opened.schema()).persist(StorageLevel.MEMORY_AND_DISK());
    boolean done = false;
    try {
      TableStats stats = TableStats.of(raw, opened.names().size());
      BadRowPolicy.checkFailures(stats.failures());
      if (stats.rows() == 0 && stats.badRows() == 0) {
        throw new DataException(
            source.name()
                + " has no rows"
                + (source.columns().isEmpty()
                    ? ""
                    : " after its header (" + String.join(", ", source.columns()) + ")"));
      }
      TablePlan plan = opened.infer(stats);
      checkTarget(config, kind, plan, stats);
      List<RowKeys> keys = HeldOut.collectKeys(raw, plan, SplitColumns.of(config.cv()));
      long unusable = HeldOut.checkRows(new BadRowPolicy(data, source), stats, keys, source);
      if (stats.rows() == unusable) {
        throw new DataException(
            source.name()
                + " has no usable rows: all "
                + (stats.badRows() + stats.rows())
                + " were dropped");
      }
      done = true;
      return new RawTable(source, plan, raw, stats, keys, unusable);
    } finally {
      if (!done) {
        raw.unpersist(false);
      }
    }
  }

  static TargetKind kind(RunConfig config) {
    RunConfig.Task task = config.task();
    return TargetKind.of(task == null ? RunConfig.Task.CLASSIFICATION : task);
  }

  /** Target columns in which a class that training does not show is an error. */
  static Set<String> refused(RunConfig config) {
    Set<String> refused = new HashSet<>();
    Stream.concat(Stream.of(config.target()), config.targets().stream().map(HeadTarget::column))
        .filter(target -> target.unseen() == TargetConfig.Unseen.FAIL)
        .forEach(target -> refused.add(target.name()));
    return refused;
  }

  /** Rows that were read or could not be, and are not used. */
  long dropped() {
    return unusable + stats.badRows();
  }

  /** Figures of the usable rows. */
  TableStats usable(Broadcast<RowPlan> shared) {
    return unusable == 0
        ? stats
        : TableStats.ofMasked(masked(shared, Rows.USABLE), plan.names().size());
  }

  /** Width of the sparse part. */
  int sparseWidth(TableStats usable) {
    return source.sparseWidth() > 0 ? source.sparseWidth() : usable.sparseWidth();
  }

  /** Which rows of training rank are meant. */
  sealed interface Rows extends java.io.Serializable {
    /** Every row that can be used. */
    Rows USABLE = new Usable();

    /** Every training row. */
    Rows TRAIN = new Below(Integer.MAX_VALUE);

    /** Whether the row belongs to them. */
    boolean holds(byte role, int rank);
  }

  private record Usable() implements Rows {
    @Override
    public boolean holds(byte role, int rank) {
      return role != RowPlan.UNUSABLE;
    }
  }

  /** Training rows of rank below a bound. */
  record Below(int bound) implements Rows {
    @Override
    public boolean holds(byte role, int rank) {
      return role == RowPlan.TRAIN && rank < bound;
    }
  }

  /** Training rows by rank. */
  record Ranks(BitSet ranks) implements Rows {
    @Override
    public boolean holds(byte role, int rank) {
      return role == RowPlan.TRAIN && ranks.get(rank);
    }
  }

  /** All rows with a mask. */
  JavaRDD<MaskedBlock> masked(Broadcast<RowPlan> shared, Rows wanted) {
    return masked(raw, shared, wanted);
  }

  private static JavaRDD<MaskedBlock> masked(
      JavaRDD<RawBlock> raw, Broadcast<RowPlan> shared, Rows wanted) {
    return raw.mapPartitionsWithIndex(
        (partition, blocks) -> {
          byte[] roles = shared.value().roles[partition];
          int[] ranks = shared.value().ranks[partition];
          return new Iterator<MaskedBlock>() {
            private int first;

            @Override
            public boolean hasNext() {
              return blocks.hasNext();
            }

            @Override
            public MaskedBlock next() {
              RawBlock block = blocks.next();
              BitSet rows = new BitSet(block.rows());
              for (int r = 0; r < block.rows(); r++) {
                rows.set(r, wanted.holds(roles[first + r], ranks[first + r]));
              }
              first += block.rows();
              return new MaskedBlock(block, rows);
            }
          };
        },
        true);
  }

  private static void checkTarget(
      RunConfig config, TargetKind kind, TablePlan plan, TableStats stats) {
    if (kind != TargetKind.CLASS) {
      return;
    }
    int t = plan.targetIndex();
    boolean numbers = stats.texts(t) == 0;
    if (config.target().classes() == 0
        && numbers
        && (stats.distinct(t) > MANY_CLASSES || (!stats.whole(t) && stats.distinct(t) > 20))) {
      throw new DataException(
          "target "
              + config.target().name()
              + " has "
              + stats.distinct(t)
              + " different numbers"
              + (stats.whole(t) ? "" : ", not all whole")
              + ": a quantity, not classes; set task: regression, or target.classes if it is meant");
    }
  }

  @Override
  public void close() {
    raw.unpersist(false);
  }
}
