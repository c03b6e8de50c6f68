package dev.bellows.jobs.block;

import com.esotericsoftware.kryo.DefaultSerializer;
import com.esotericsoftware.kryo.serializers.JavaSerializer;
import dev.bellows.engine.sample.split.SplitRow;
import dev.bellows.jobs.BellowsException;
import dev.bellows.jobs.ExitCode;
import dev.bellows.jobs.config.DataConfig;
import dev.bellows.jobs.config.HoldoutConfig;
import dev.bellows.jobs.config.RunConfig;
import dev.bellows.jobs.source.ListRule;
import dev.bellows.jobs.source.SourceReader;
import dev.bellows.jobs.source.Sources;
import dev.bellows.jobs.table.Fitter;
import dev.bellows.jobs.table.LeakCheck;
import dev.bellows.jobs.table.Preprocess;
import dev.bellows.jobs.table.Profile;
import dev.bellows.jobs.table.Profiler;
import dev.bellows.jobs.table.TableStats;
import java.util.BitSet;
import java.util.List;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.storage.StorageLevel;

/**
 * The rows of a study: read once, encoded once, in rank order, which is a function of the rows and
 * the seed. All folds and all configurations use the one block; what is fitted is fitted on the
 * training rows of each fold, by a pass over the cached raw rows.
 */
public final class StudyRows implements AutoCloseable {
  private final RawTable table;
  private final Broadcast<RowPlan> plan;
  private final int sparseWidth;
  private final Preprocess encoding;
  private final Profile profile;
  private final JavaRDD<DataShard> shard;
  private final long[] keys;
  private final int[] labels;
  private final SplitFacts facts;

  private StudyRows(
      RawTable table,
      Broadcast<RowPlan> plan,
      int sparseWidth,
      Preprocess encoding,
      Profile profile,
      JavaRDD<DataShard> shard,
      long[] keys,
      int[] labels,
      SplitFacts facts) {
    this.facts = facts;
    this.table = table;
    this.plan = plan;
    this.sparseWidth = sparseWidth;
    this.encoding = encoding;
    this.profile = profile;
    this.shard = shard;
    this.keys = keys;
    this.labels = labels;
  }

  /**
   * Reads, profiles and encodes. Rows of {@code data.test} are left out where they are a share of
   * the source; those of {@code data.validation} are not: folds take their place.
   *
   * @param baseDir what relative paths resolve against
   * @throws dev.bellows.jobs.source.DataException (exit code 4) when the data cannot be used
   */
  public static StudyRows read(
      SparkSession session, RunConfig config, String baseDir, GivenRows given) {
    return SparkFailures.unwrap(
        () -> {
          ListRule rule = ListRule.training(config.features());
          SourceReader source;
          if (given.train() != null) {
            source = GivenRows.source(given.train(), "training", rule);
          } else if (config.data().train() != null) {
            source = Sources.open(session, config.data().train(), baseDir, rule);
          } else {
            throw new BellowsException(
                ExitCode.CONFIG, "data.train is not configured and no data frame was given");
          }
          return read(session, config, source);
        });
  }

  private static StudyRows read(SparkSession session, RunConfig config, SourceReader source) {
    JavaSparkContext context = JavaSparkContext.fromSparkContext(session.sparkContext());
    RawTable table = RawTable.read(config, source);
    Broadcast<RowPlan> shared = null;
    JavaRDD<DataShard> shard = null;
    boolean done = false;
    try {
      RowPlan plan =
          RowPlan.of(table.keys(), config.seed(), share(config.data()), RowPlan.Share.NONE);
      shared = context.broadcast(plan);
      TableStats stats = table.usable(shared);
      int sparseWidth = table.sparseWidth(stats);
      Fitter.Fit fit =
          Fitter.encoding(table.plan(), table.masked(shared, RawTable.Rows.TRAIN), sparseWidth);
      List<String> findings =
          LeakCheck.warnings(
              table.plan(),
              fit.preprocess(),
              table.masked(shared, new RawTable.Below(LeakCheck.SAMPLE_ROWS)));
      Profile profile =
          Profiler.profile(table.plan(), stats, fit, table.dropped(), plan.repeats, findings);
      Encoder encoder = new Encoder(table.plan(), fit.preprocess(), RawTable.refused(config));
      shard =
          Dealing.training(plan.counts[RowPlan.TRAIN], 1, 1)
              .deal(table.raw(), shared, encoder)
              .setName("rows of the study")
              .persist(StorageLevel.MEMORY_AND_DISK());
      shard.count();
      RowPlan.Ranked ranked = plan.ranked(table.keys());
      int[] labels = labels(ranked, fit.preprocess().classes());
      done = true;
      return new StudyRows(
          table,
          shared,
          sparseWidth,
          fit.preprocess(),
          profile,
          shard,
          ranked.keys(),
          labels,
          ranked.facts());
    } finally {
      if (!done) {
        table.close();
        if (shard != null) {
          shard.unpersist(false);
        }
        if (shared != null) {
          shared.destroy(false);
        }
      }
    }
  }

  private static RowPlan.Share share(DataConfig data) {
    HoldoutConfig test = data.test();
    return test.source() != null
        ? RowPlan.Share.NONE
        : new RowPlan.Share(test.fraction(), test.stratify(), test.last());
  }

  /** Labels in the order of the fitted classes; empty for numbers. */
  private static int[] labels(RowPlan.Ranked ranked, List<String> classes) {
    if (classes.isEmpty()) {
      return new int[0];
    }
    int[] label = new int[ranked.names().size()];
    for (int c = 0; c < label.length; c++) {
      label[c] = classes.indexOf(ranked.names().get(c));
    }
    int[] labels = new int[ranked.classes().length];
    for (int r = 0; r < labels.length; r++) {
      labels[r] = ranked.classes()[r] < 0 ? -1 : label[ranked.classes()[r]];
    }
    return labels;
  }

  /** Number of rows, n. */
  public int rows() {
    return keys.length;
  }

  /** [n] what names each row, in rank order. */
  public long[] keys() {
    return keys.clone();
  }

  /** [n] label of each row in rank order, -1 without one; empty for numbers. */
  public int[] labels() {
    return labels.clone();
  }

  /** What a splitter may know of a row. */
  public SplitRow facts(int row) {
    return new SplitRow(
        keys[row],
        labels.length > 0 ? labels[row] : 0,
        facts.groups.length > 0 ? facts.groups[row] : 0,
        facts.times.length > 0 ? facts.times[row] : 0,
        facts.folds.length > 0 ? facts.folds[row] : 0);
  }

  /** What the source looks like. */
  public Profile profile() {
    return profile;
  }

  /** What the rows are encoded with: fitted on all of them, so for reading only. */
  public Preprocess encoding() {
    return encoding;
  }

  /** One block with all rows in rank order. Cached. */
  public JavaRDD<DataShard> shard() {
    return shard;
  }

  /**
   * What some rows say.
   *
   * @param preprocess fitted on them, for reading the block
   * @param own the same as it is stored with a model
   * @param classCounts their classes in label order; empty for numbers
   */
  @DefaultSerializer(JavaSerializer.class) // whatever registrator the session has
  public record Fit(Preprocess preprocess, Preprocess own, List<Long> classCounts)
      implements java.io.Serializable {}

  /** Fits on rows by rank. */
  public Fit fit(BitSet ranks) {
    Preprocess own =
        SparkFailures.unwrap(
            () ->
                Fitter.fit(table.plan(), table.masked(plan, new RawTable.Ranks(ranks)), sparseWidth)
                    .preprocess());
    Long[] counts = new Long[encoding.classes().size()];
    java.util.Arrays.fill(counts, 0L);
    for (int r = ranks.nextSetBit(0); r >= 0 && labels.length > 0; r = ranks.nextSetBit(r + 1)) {
      if (labels[r] >= 0) {
        counts[labels[r]]++;
      }
    }
    return new Fit(own.forRowsOf(encoding), own, List.of(counts));
  }

  /** Gives the raw rows back: nothing more will be fitted. */
  public void doneFitting() {
    table.close();
  }

  @Override
  public void close() {
    table.close();
    shard.unpersist(false);
    plan.destroy(false);
  }
}
