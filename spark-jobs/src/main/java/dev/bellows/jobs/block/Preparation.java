package dev.bellows.jobs.block;

import dev.bellows.jobs.config.DataConfig;
import dev.bellows.jobs.config.HeadTarget;
import dev.bellows.jobs.config.HoldoutConfig;
import dev.bellows.jobs.config.RunConfig;
import dev.bellows.jobs.config.SourceConfig;
import dev.bellows.jobs.config.TargetConfig;
import dev.bellows.jobs.source.DataException;
import dev.bellows.jobs.source.ListRule;
import dev.bellows.jobs.source.RawBlock;
import dev.bellows.jobs.source.SourceReader;
import dev.bellows.jobs.source.Sources;
import dev.bellows.jobs.table.Fitter;
import dev.bellows.jobs.table.LeakCheck;
import dev.bellows.jobs.table.MaskedBlock;
import dev.bellows.jobs.table.Profile;
import dev.bellows.jobs.table.Profiler;
import dev.bellows.jobs.table.TablePlan;
import dev.bellows.jobs.table.TableStats;
import dev.bellows.jobs.table.TargetKind;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.storage.StorageLevel;
import org.jspecify.annotations.Nullable;

/**
 * The steps from an opened source to {@link PreparedData}: read into raw blocks (the only reading),
 * count, rank the rows on the driver, fit on the training rows, deal.
 */
final class Preparation {
  /** Distinct numeric labels beyond which a target is taken for a quantity. */
  private static final int MANY_CLASSES = 1000;

  private final SparkSession session;
  private final RunConfig config;
  private final String baseDir;
  private final GivenRows given;
  private final TargetKind kind;

  Preparation(SparkSession session, RunConfig config, String baseDir, GivenRows given) {
    this.session = session;
    this.config = config;
    this.baseDir = baseDir;
    this.given = given;
    RunConfig.Task task = config.task();
    this.kind = TargetKind.of(task == null ? RunConfig.Task.CLASSIFICATION : task);
  }

  PreparedData prepare(SourceReader source, int partitions, int slices) {
    DataConfig data = config.data();
    TablePlan opened =
        TablePlan.of(
            source,
            config.features().spread(source.lists()),
            config.target(),
            kind,
            config.targets(),
            data.id(),
            data.weight());
    int width = opened.names().size();
    JavaSparkContext context = JavaSparkContext.fromSparkContext(session.sparkContext());
    JavaRDD<RawBlock> raw = source.blocks(opened.schema()).persist(StorageLevel.MEMORY_AND_DISK());
    List<Broadcast<?>> broadcasts = new ArrayList<>();
    List<JavaRDD<DataShard>> cached = new ArrayList<>();
    boolean done = false;
    try {
      TableStats stats = TableStats.of(raw, width);
      BadRowPolicy.checkFailures(stats.failures());
      if (stats.rows() == 0 && stats.badRows() == 0) {
        throw new DataException(
            source.name()
                + " has no rows"
                + (source.columns().isEmpty()
                    ? ""
                    : " after its header (" + String.join(", ", source.columns()) + ")"));
      }
      long unread = stats.badRows();
      TablePlan plan = opened.infer(stats);
      checkTarget(plan, stats);
      List<RowKeys> keys = HeldOut.collectKeys(raw, plan);
      long unusable = HeldOut.checkRows(new BadRowPolicy(data, source), stats, keys, source);
      if (stats.rows() == unusable) {
        throw new DataException(
            source.name()
                + " has no usable rows: all "
                + (stats.badRows() + stats.rows())
                + " were dropped");
      }
      RowPlan rowPlan =
          RowPlan.of(
              keys,
              config.seed(),
              share(data.test(), given.test()),
              share(data.validation(), given.validation()));
      Broadcast<RowPlan> shared = context.broadcast(rowPlan);
      broadcasts.add(shared);
      if (unusable > 0) {
        stats = TableStats.ofMasked(masked(raw, shared, Integer.MAX_VALUE, false), width);
      }
      int sparseWidth = source.sparseWidth() > 0 ? source.sparseWidth() : stats.sparseWidth();
      Fitter.Fit fit = Fitter.fit(plan, masked(raw, shared, Integer.MAX_VALUE, true), sparseWidth);
      List<String> findings =
          LeakCheck.warnings(
              plan, fit.preprocess(), masked(raw, shared, LeakCheck.SAMPLE_ROWS, true));
      Profile profile =
          Profiler.profile(plan, stats, fit, unusable + unread, rowPlan.repeats, findings);

      Encoder encoder = new Encoder(plan, fit.preprocess(), refused());
      Dealing dealing = Dealing.training(rowPlan.counts[RowPlan.TRAIN], slices, partitions);
      JavaRDD<DataShard> train =
          dealing
              .deal(raw, shared, encoder)
              .setName("training shards")
              .persist(StorageLevel.MEMORY_AND_DISK());
      cached.add(train);
      long[] sizes = new long[slices];
      for (long[] size : train.map(s -> new long[] {s.id(), s.block().rows()}).collect()) {
        sizes[(int) size[0]] = size[1];
      }
      EncodedRows validation =
          heldOut(
              data.validation(),
              given.validation(),
              raw,
              rowPlan,
              RowPlan.VALIDATION,
              encoder,
              fit);
      keep(validation, cached, broadcasts);
      EncodedRows test =
          heldOut(data.test(), given.test(), raw, rowPlan, RowPlan.TEST, encoder, fit);
      keep(test, cached, broadcasts);
      done = true;
      return new PreparedData(
          fit.preprocess(),
          profile,
          fit.trainingCounts(),
          train,
          sizes,
          validation,
          test,
          broadcasts);
    } finally {
      raw.unpersist(false);
      if (!done) {
        cached.forEach(rdd -> rdd.unpersist(false));
        broadcasts.forEach(b -> b.destroy(false));
      }
    }
  }

  /** Notes what must be given back should a later step fail. */
  private static void keep(
      @Nullable EncodedRows held, List<JavaRDD<DataShard>> cached, List<Broadcast<?>> broadcasts) {
    if (held != null) {
      cached.add(held.blocks());
      broadcasts.addAll(held.broadcasts());
    }
  }

  private @Nullable EncodedRows heldOut(
      HoldoutConfig holdout,
      @Nullable Dataset<Row> rows,
      JavaRDD<RawBlock> raw,
      RowPlan rowPlan,
      byte role,
      Encoder encoder,
      Fitter.Fit fit) {
    SourceConfig own = holdout.source();
    ListRule lists = ModelColumns.lists(fit.preprocess());
    SourceReader source;
    if (rows != null) {
      source = GivenRows.source(rows, role == RowPlan.TEST ? "test" : "validation", lists);
    } else if (own != null) {
      source = Sources.open(session, ModelColumns.named(own, fit.preprocess()), baseDir, lists);
    } else {
      return rowPlan.counts[role] == 0
          ? null
          : HeldOut.deal(session, raw, rowPlan, role, encoder, "");
    }
    return HeldOut.encode(session, source, config.data(), fit.preprocess(), refused());
  }

  /** Target columns in which a class that training does not show is an error. */
  private Set<String> refused() {
    Set<String> refused = new HashSet<>();
    Stream.concat(Stream.of(config.target()), config.targets().stream().map(HeadTarget::column))
        .filter(target -> target.unseen() == TargetConfig.Unseen.FAIL)
        .forEach(target -> refused.add(target.name()));
    return refused;
  }

  private RowPlan.Share share(HoldoutConfig holdout, @Nullable Dataset<Row> given) {
    return given != null || holdout.source() != null
        ? RowPlan.Share.NONE
        : new RowPlan.Share(
            holdout.fraction(), kind == TargetKind.CLASS && holdout.stratify(), holdout.last());
  }

  private void checkTarget(TablePlan plan, TableStats stats) {
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

  /** All rows with a mask: the training rows of rank below {@code below}, or every usable row. */
  private static JavaRDD<MaskedBlock> masked(
      JavaRDD<RawBlock> raw, Broadcast<RowPlan> shared, int below, boolean trainOnly) {
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
                byte role = roles[first + r];
                rows.set(
                    r,
                    trainOnly
                        ? role == RowPlan.TRAIN && ranks[first + r] < below
                        : role != RowPlan.UNUSABLE);
              }
              first += block.rows();
              return new MaskedBlock(block, rows);
            }
          };
        },
        true);
  }
}
