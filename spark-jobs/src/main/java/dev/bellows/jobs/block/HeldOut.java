package dev.bellows.jobs.block;

import dev.bellows.jobs.config.DataConfig;
import dev.bellows.jobs.source.BadRow;
import dev.bellows.jobs.source.DataException;
import dev.bellows.jobs.source.RawBlock;
import dev.bellows.jobs.source.SourceReader;
import dev.bellows.jobs.table.Preprocess;
import dev.bellows.jobs.table.RowFilter;
import dev.bellows.jobs.table.SplitColumns;
import dev.bellows.jobs.table.TablePlan;
import dev.bellows.jobs.table.TableStats;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.storage.StorageLevel;

/** Rows from a source of their own, encoded with what was fitted before. */
final class HeldOut {
  private HeldOut() {}

  static EncodedRows encode(
      SparkSession session,
      SourceReader source,
      DataConfig data,
      Preprocess preprocess,
      Set<String> refused) {
    boolean idThere = data.id() != null && source.columns().contains(data.id());
    boolean weightThere = data.weight() != null && source.columns().contains(data.weight());
    TablePlan plan =
        TablePlan.forModel(
            source,
            preprocess,
            true,
            idThere ? data.id() : null,
            weightThere ? data.weight() : null);
    JavaRDD<RawBlock> raw = source.blocks(plan.schema()).persist(StorageLevel.MEMORY_AND_DISK());
    try {
      TableStats stats = TableStats.of(raw, plan.names().size());
      BadRowPolicy.checkFailures(stats.failures());
      List<RowKeys> keys = collectKeys(raw, plan, SplitColumns.NONE);
      long unusable = checkRows(new BadRowPolicy(data, source), stats, keys, source);
      if (stats.rows() == unusable) {
        throw new DataException(source.name() + " has no usable rows");
      }
      if (plan.classification() && refused.contains(preprocess.targetName())) {
        checkClasses(keys, preprocess, source);
      }
      RowPlan rowPlan = RowPlan.all(keys, RowPlan.TEST);
      Encoder encoder = new Encoder(plan, preprocess, refused);
      return deal(session, raw, rowPlan, RowPlan.TEST, encoder, stats.fingerprint(plan));
    } finally {
      raw.unpersist(false);
    }
  }

  private static void checkClasses(List<RowKeys> keys, Preprocess preprocess, SourceReader source) {
    TreeMap<String, Long> unseen = new TreeMap<>();
    for (RowKeys k : keys) {
      for (int c : k.classes) {
        if (c >= 0 && !preprocess.classes().contains(k.classNames.get(c))) {
          unseen.merge(k.classNames.get(c), 1L, Long::sum);
        }
      }
    }
    if (!unseen.isEmpty()) {
      throw new DataException(
          source.name()
              + " has classes of "
              + preprocess.targetName()
              + " that training did not show: "
              + unseen
              + " (class=rows); known classes are "
              + preprocess.classes()
              + " (set target.unseen: ignore to leave such rows out)");
    }
  }

  static List<RowKeys> collectKeys(JavaRDD<RawBlock> raw, TablePlan plan, SplitColumns split) {
    SplitFacts.Places places = SplitFacts.Places.of(split, plan.names());
    RowFilter filter = new RowFilter(plan, true);
    int classColumn = plan.classification() ? plan.targetIndex() : -1;
    return raw.mapPartitions(it -> List.of(RowKeys.of(it, filter, classColumn, places)).iterator())
        .collect();
  }

  /** Applies the policy; returns the rows that were read but cannot be used. */
  static long checkRows(
      BadRowPolicy policy, TableStats stats, List<RowKeys> keys, SourceReader source) {
    long negative = keys.stream().mapToLong(k -> k.negativeWeights).sum();
    long unusable = keys.stream().mapToLong(k -> k.unusable).sum();
    List<BadRow> first = new ArrayList<>(stats.firstBadRows());
    keys.forEach(k -> first.addAll(k.firstProblems));
    if (negative > 0) {
      String where =
          first.stream()
              .filter(b -> b.problem().startsWith("expected a weight"))
              .sorted()
              .findFirst()
              .map(b -> "; first at " + source.where(b.file(), b.position()) + ": " + b.problem())
              .orElse("");
      throw new DataException(
          negative
              + " rows of "
              + source.name()
              + " have a negative weight; weights must be 0 or more"
              + where);
    }
    policy.check(stats.badRows() + unusable, stats.badRows() + stats.rows(), first);
    return unusable;
  }

  static EncodedRows deal(
      SparkSession session,
      JavaRDD<RawBlock> raw,
      RowPlan rowPlan,
      byte role,
      Encoder encoder,
      String fingerprint) {
    JavaSparkContext context = JavaSparkContext.fromSparkContext(session.sparkContext());
    Broadcast<RowPlan> shared = context.broadcast(rowPlan);
    Dealing dealing =
        Dealing.heldOut(
            role,
            rowPlan.counts[role],
            Math.max(1, context.defaultParallelism()),
            encoder.imageBytes());
    JavaRDD<DataShard> blocks =
        dealing.deal(raw, shared, encoder).persist(StorageLevel.MEMORY_AND_DISK());
    boolean done = false;
    try {
      long rows = blocks.map(s -> (long) s.block().rows()).fold(0L, Long::sum);
      done = true;
      return new EncodedRows(blocks, rows, fingerprint, List.of(shared));
    } finally {
      if (!done) {
        blocks.unpersist(false);
        shared.destroy(false);
      }
    }
  }
}
