package dev.bellows.jobs.block;

import dev.bellows.jobs.config.DataConfig;
import dev.bellows.jobs.config.HoldoutConfig;
import dev.bellows.jobs.config.RunConfig;
import dev.bellows.jobs.config.SourceConfig;
import dev.bellows.jobs.source.ListRule;
import dev.bellows.jobs.source.RawBlock;
import dev.bellows.jobs.source.SourceReader;
import dev.bellows.jobs.source.Sources;
import dev.bellows.jobs.table.Fitter;
import dev.bellows.jobs.table.LeakCheck;
import dev.bellows.jobs.table.Profile;
import dev.bellows.jobs.table.Profiler;
import dev.bellows.jobs.table.TablePlan;
import dev.bellows.jobs.table.TableStats;
import dev.bellows.jobs.table.TargetKind;
import java.util.ArrayList;
import java.util.List;
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
    this.kind = RawTable.kind(config);
  }

  PreparedData prepare(SourceReader source, int partitions, int slices) {
    DataConfig data = config.data();
    JavaSparkContext context = JavaSparkContext.fromSparkContext(session.sparkContext());
    List<Broadcast<?>> broadcasts = new ArrayList<>();
    List<JavaRDD<DataShard>> cached = new ArrayList<>();
    boolean done = false;
    try (RawTable table = RawTable.read(config, source)) {
      TablePlan plan = table.plan();
      RowPlan rowPlan =
          RowPlan.of(
              table.keys(),
              config.seed(),
              share(data.test(), given.test()),
              share(data.validation(), given.validation()));
      Broadcast<RowPlan> shared = context.broadcast(rowPlan);
      broadcasts.add(shared);
      TableStats stats = table.usable(shared);
      Fitter.Fit fit =
          Fitter.fit(plan, table.masked(shared, RawTable.Rows.TRAIN), table.sparseWidth(stats));
      List<String> findings =
          LeakCheck.warnings(
              plan,
              fit.preprocess(),
              table.masked(shared, new RawTable.Below(LeakCheck.SAMPLE_ROWS)));
      Profile profile =
          Profiler.profile(plan, stats, fit, table.dropped(), rowPlan.repeats, findings);

      Encoder encoder = new Encoder(plan, fit.preprocess(), RawTable.refused(config));
      Dealing dealing = Dealing.training(rowPlan.counts[RowPlan.TRAIN], slices, partitions);
      JavaRDD<DataShard> train =
          dealing
              .deal(table.raw(), shared, encoder)
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
              table.raw(),
              rowPlan,
              RowPlan.VALIDATION,
              encoder,
              fit);
      keep(validation, cached, broadcasts);
      EncodedRows test =
          heldOut(data.test(), given.test(), table.raw(), rowPlan, RowPlan.TEST, encoder, fit);
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
    return HeldOut.encode(
        session, source, config.data(), fit.preprocess(), RawTable.refused(config));
  }

  private RowPlan.Share share(HoldoutConfig holdout, @Nullable Dataset<Row> given) {
    return given != null || holdout.source() != null
        ? RowPlan.Share.NONE
        : new RowPlan.Share(
            holdout.fraction(), kind == TargetKind.CLASS && holdout.stratify(), holdout.last());
  }
}
