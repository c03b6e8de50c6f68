package dev.bellows.jobs.train;

import dev.bellows.engine.kernel.KernelProvider;
import dev.bellows.engine.nn.NetworkSpec;
import dev.bellows.engine.plan.PlanOptions;
import dev.bellows.engine.plan.SliceTrainer;
import dev.bellows.engine.sample.BatchSchedule;
import dev.bellows.jobs.cluster.ClusterView;
import dev.bellows.jobs.config.CheckpointConfig;
import dev.bellows.jobs.config.RunConfig;
import dev.bellows.jobs.config.TrainerConfig;
import dev.bellows.ps.client.ExchangeModel;
import dev.bellows.ps.codec.Compression;
import java.util.List;
import java.util.Locale;

/**
 * What a run would take, for people: slots, bytes, memory, time and files, with the arithmetic.
 *
 * @param config the configuration
 * @param view slots and executors, there or promised
 * @param tasks tasks at once
 * @param shards parameter shards
 * @param slices V
 * @param rows training rows; 0: not known
 * @param totalSteps steps of the training; 0: not known
 * @param vector what the shards hold
 * @param placement where shards live, with the reason
 * @param memory the memory
 * @param sliceSeconds computing of one slice on this machine; NaN: not measured
 */
record Draft(
    RunConfig config,
    ClusterView view,
    int tasks,
    int shards,
    int slices,
    long rows,
    long totalSteps,
    SharedVector vector,
    String placement,
    MemoryPlan memory,
    double sliceSeconds) {

  /** A slice is measured for about so long. */
  private static final long MEASURE_NANOS = 200_000_000L;

  private static final int MAX_RUNS = 20;

  /** A link that most clusters have at least. */
  private static final double TEN_GIGABIT = 1.25e9;

  /**
   * Puts a draft together; one slice is computed on made-up rows, to know its time and its memory.
   */
  static Draft of(
      RunConfig config,
      ClusterView view,
      int tasks,
      int shards,
      long rows,
      NetworkSpec spec,
      SharedVector vector,
      String placement,
      long heapBytes) {
    TrainerConfig trainer = config.trainer();
    int slices = Setup.slices(config);
    MemoryPlan memory =
        Setup.memory(config.distributed(), view, tasks, shards, slices, vector, heapBytes);
    memory.requireFits();
    long steps = 0;
    int sliceRows = -Math.floorDiv(-trainer.batchSize(), slices);
    if (rows > 0) {
      BatchSchedule schedule = BatchSchedule.of(rows, trainer.batchSize(), slices);
      sliceRows = schedule.maxSliceRows();
      steps = Math.multiplyExact(vector.rounds(schedule.stepsPerEpoch()), trainer.epochs());
    }
    long arena = -1;
    double seconds = Double.NaN;
    PlanOptions options =
        trainer.precision() == TrainerConfig.Precision.BFLOAT16
            ? PlanOptions.MIXED
            : PlanOptions.DEFAULT;
    try (SliceTrainer slice =
        new SliceTrainer(
            spec, sliceRows, KernelProvider.choose(Setup.preference(config)), 0, options)) {
      slice.setParameters(new float[vector.layout().length()]);
      slice.batch().setRows(sliceRows);
      arena = slice.describe().arenaBytes();
      seconds = seconds(slice);
    } catch (IllegalArgumentException e) {
      // Made-up rows are not of every network's kind: then there is no estimate of time.
    }
    return new Draft(
        config,
        view,
        tasks,
        shards,
        slices,
        rows,
        steps,
        vector,
        placement,
        memory.withArena(arena),
        seconds);
  }

  private static double seconds(SliceTrainer slice) {
    slice.run(0, 0); // warms up
    long begin = System.nanoTime();
    long best = Long.MAX_VALUE;
    for (int i = 0; i < MAX_RUNS && System.nanoTime() - begin < MEASURE_NANOS; i++) {
      long before = System.nanoTime();
      slice.run(i, 0);
      best = Math.min(best, System.nanoTime() - before);
    }
    return best / 1e9;
  }

  String slotsLine() {
    String there =
        view.slots()
            + " there"
            + (view.local()
                ? " (threads of this process)"
                : " (" + view.executors() + " executors)");
    int asked = config.distributed().workers();
    return tasks
        + " needed, "
        + there
        + "; "
        + (asked == 0
            ? "distributed.workers: auto takes all that slices allow"
            : "distributed.workers: " + asked)
        + "; shards "
        + placement;
  }

  String bytesLine() {
    Compression compression = config.distributed().compression();
    Traffic traffic = Traffic.of(compression, slices, tasks, vector.length());
    String parameters = String.format(Locale.ROOT, "%,d parameters", vector.length());
    String text =
        traffic
            + " per task and step = "
            + (compression.isNone()
                ? "4 B x " + parameters
                : String.format(
                    Locale.ROOT,
                    "%.3f B and %.3f B x %s, %d units of %s, at most as many tasks",
                    compression.upBytesPerElement(),
                    compression.downBytesPerElement(),
                    parameters,
                    compression.usedUnits(slices),
                    compression.kind().name().toLowerCase(Locale.ROOT)));
    long own = -Math.floorDiv(-config.trainer().batchSize(), tasks);
    if (!vector.tables().isEmpty()) {
      text +=
          "; at most "
              + Plan.size(vector.rowBytes(own))
              + " of sparse rows each way = "
              + own
              + " rows of data that name a row each time";
    }
    return shards == 1
        ? text
        : text
            + "; a shard takes in "
            + (compression.isNone() ? "and gives out " : "")
            + Plan.size(tasks * traffic.up() / shards);
  }

  String timeLine() {
    if (Double.isNaN(sliceSeconds)) {
      return "not estimated for this kind of rows";
    }
    int own = -Math.floorDiv(-slices, tasks);
    double computing = Math.max(1, vector.localSteps()) * own * sliceSeconds;
    ExchangeModel model = ExchangeModel.MEASURED;
    boolean inside = placement.startsWith("in process");
    double exchange =
        inside
            ? model.local(vector.length())
            : model
                .network(
                    tasks,
                    shards,
                    vector.length(),
                    Traffic.of(config.distributed().compression(), slices, tasks, vector.length())
                        .perElement(vector.length()),
                    TEN_GIGABIT)
                .seconds();
    double step = computing + exchange;
    String text =
        String.format(
            Locale.ROOT,
            "%.2f ms a step expected = %.2f computing (%d slices x %.2f, measured here) + %.2f exchange (%s)",
            1e3 * step,
            1e3 * computing,
            own,
            1e3 * sliceSeconds,
            1e3 * exchange,
            inside ? "in process" : "10 Gbit/s");
    return totalSteps == 0
        ? text
        : text
            + String.format(
                Locale.ROOT,
                "; %,d steps: %s without validation and checkpoints",
                totalSteps,
                EpochEnd.clock(Math.round(totalSteps * step)));
  }

  /** The files that a run would write. */
  List<String> files() {
    CheckpointConfig checkpoint = config.trainer().checkpoint();
    long bytes = memory.vector();
    return List.of(
        config.output().dir()
            + ": run.json, config.yaml, config.resolved.yaml, plan.json,"
            + " data-profile.json, events.jsonl, history.csv, metrics.json, steps.ledger"
            + (config.output().report() ? ", report.html" : ""),
        "checkpoints/  "
            + Plan.size(bytes * (1 + vector.slots() + memory.codingState()) + memory.tableBytes())
            + " each, the newest "
            + Math.max(1, checkpoint.keep())
            + (checkpoint.keepBest() ? " and the best" : "")
            + " kept",
        "model/  " + Plan.size(Float.BYTES * (long) vector.layout().length()) + " of weights");
  }
}
