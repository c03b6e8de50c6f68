package dev.bellows.jobs.train;

import dev.bellows.engine.kernel.KernelProvider;
import dev.bellows.engine.model.Json;
import dev.bellows.engine.model.Provenance;
import dev.bellows.engine.nn.Network;
import dev.bellows.engine.nn.NetworkSpec;
import dev.bellows.engine.nn.ParameterLayout;
import dev.bellows.engine.optim.UpdateSpec;
import dev.bellows.engine.sample.Augmentation;
import dev.bellows.engine.sample.BatchSchedule;
import dev.bellows.jobs.BellowsException;
import dev.bellows.jobs.ExitCode;
import dev.bellows.jobs.block.DatasetShape;
import dev.bellows.jobs.block.GivenRows;
import dev.bellows.jobs.block.PreparedData;
import dev.bellows.jobs.cluster.ClusterView;
import dev.bellows.jobs.cluster.ShardCluster;
import dev.bellows.jobs.config.CheckpointConfig;
import dev.bellows.jobs.config.DistributedConfig;
import dev.bellows.jobs.config.FeatureConfig;
import dev.bellows.jobs.config.RunConfig;
import dev.bellows.jobs.config.TrainerConfig;
import dev.bellows.jobs.source.DataException;
import dev.bellows.jobs.table.TextColumn;
import dev.bellows.ps.client.RunPlan;
import dev.bellows.ps.codec.Compression;
import dev.bellows.ps.shard.ShardMap;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.SparkContext;
import org.apache.spark.sql.SparkSession;
import org.jspecify.annotations.Nullable;

/**
 * Everything that is decided before the first step: data, network, update rule, slices, tasks.
 *
 * @param config the configuration
 * @param data the prepared rows
 * @param view slots and executors
 * @param slices V
 * @param partitions partitions of the training rows, at most V
 * @param tasks tasks that run at once, at most the slots
 * @param shards parameter shards
 * @param rows training rows used (fewer than there are under overfit_batches)
 * @param spec the network
 * @param network the network as JSON text
 * @param vector what the shards hold of it
 * @param kernels the kernels
 * @param segments where training pauses
 * @param fingerprint what decides about the bits
 * @param heapBytes heap of a process that runs tasks
 */
record Setup(
    RunConfig config,
    PreparedData data,
    ClusterView view,
    int slices,
    int partitions,
    int tasks,
    int shards,
    long rows,
    NetworkSpec spec,
    String network,
    SharedVector vector,
    KernelProvider kernels,
    Segments segments,
    Map<String, Object> fingerprint,
    long heapBytes)
    implements AutoCloseable {
  /** Longest wait for executors to register, milliseconds. */
  private static final long EXECUTORS_MS = 60_000;

  private static final int LEDGER_CAPACITY = 16_384;
  private static final int CRC_ELEMENTS_PER_STEP = 1 << 16;

  /**
   * Reads the data and decides.
   *
   * @param given data frames in place of configured sources
   */
  static Setup of(SparkSession session, RunConfig config, GivenRows given)
      throws InterruptedException {
    SparkContext context = session.sparkContext();
    DistributedConfig distributed = config.distributed();
    int slices = slices(config);
    ClusterView view = ClusterView.await(context, distributed.workers(), EXECUTORS_MS);
    if (view.slots() < 1) {
      throw new BellowsException(
          ExitCode.CLUSTER,
          "no task slot after "
              + EXECUTORS_MS / 1000
              + " s on "
              + context.master()
              + ": no executor registered; look at the cluster's page, lower the executors' memory or cores");
    }
    int wanted = distributed.workers() > 0 ? distributed.workers() : view.slots();
    boolean changing =
        distributed.rebalance()
            || context.conf().getBoolean("spark.dynamicAllocation.enabled", false);
    boolean fine = !view.local() && changing && distributed.compression().isNone();
    int partitions = partitions(config, fine ? slices : wanted);
    int tasks = Math.min(Math.min(wanted, partitions), view.slots());
    PreparedData data = PreparedData.prepare(session, config, ".", given, partitions, slices);
    try {
      long heap = view.heapBytes(context.conf());
      Setup setup = decide(config, data, view, slices, partitions, tasks, heap);
      setup.memory().requireFits();
      return setup;
    } catch (RuntimeException e) {
      data.close();
      throw e;
    }
  }

  /** V, from the configuration alone. */
  static int slices(RunConfig config) {
    int given = config.distributed().slices();
    return given > 0 ? given : BatchSchedule.defaultSlices(config.trainer().batchSize());
  }

  /**
   * Partitions of the training rows: at most V, with compression so many that each has whole units.
   */
  static int partitions(RunConfig config, int wanted) {
    int slices = slices(config);
    Compression compression = config.distributed().compression();
    if (compression.isNone()) {
      return Math.min(wanted, slices);
    }
    if (compression.units() > slices) {
      throw new BellowsException(
          ExitCode.CONFIG,
          "distributed.compression has "
              + compression.units()
              + " units, a step only "
              + slices
              + " slices; lower units or raise distributed.slices");
    }
    int unit = 1 << compression.level(slices);
    int count = Math.min(wanted, compression.usedUnits(slices));
    while (!wholeUnits(slices, count, unit)) {
      count--;
    }
    return count;
  }

  /** Most tasks that are useful at once. */
  int mostTasks() {
    int workers = config.distributed().workers();
    return workers > 0 ? Math.min(workers, partitions) : partitions;
  }

  /** Whether slices move from slow executors to faster ones. */
  boolean rebalances() {
    return config.distributed().rebalance() && movable() && !view.local();
  }

  /**
   * Whether slices may change hands inside a segment. With compression they would leave behind what
   * their task has not sent; when steps overlap, slices are at different steps.
   */
  boolean movable() {
    return !compressed() && config.distributed().consistency().isBsp();
  }

  /** Whether shards may have replicas that take their place: sparse tables have none. */
  boolean promotes() {
    return movable() && vector.tables().isEmpty();
  }

  private static boolean wholeUnits(int slices, int partitions, int unit) {
    for (int p = 1; p < partitions; p++) {
      if ((long) p * slices / partitions % unit != 0) {
        return false;
      }
    }
    return true;
  }

  private static Setup decide(
      RunConfig config,
      PreparedData data,
      ClusterView view,
      int slices,
      int partitions,
      int tasks,
      long heapBytes) {
    TrainerConfig trainer = config.trainer();
    long rows = data.trainRows();
    if (trainer.overfitBatches() > 0) {
      rows = Math.min(rows, (long) trainer.overfitBatches() * trainer.batchSize());
    }
    if (rows < 1) {
      throw new BellowsException(ExitCode.DATA, "no training rows are left");
    }
    if (config.task() == RunConfig.Task.TRANSLATION && data.preprocess().written() == null) {
      throw new DataException(
          "task translation needs two texts, one of them target.name with its bounds marked; found "
              + data.preprocess().texts().stream().map(TextColumn::name).toList());
    }
    NetworkSpec spec = NetworkSpecs.of(config, data.shape(), data.trainingClassCounts());
    requireAugmentable(config, data.shape());
    ParameterLayout layout = Network.layout(spec);
    UpdateSpec update = UpdateSpecs.of(trainer, layout.dense());
    SharedVector plain =
        new SharedVector(layout, update, config.distributed().localSteps(), List.of());
    KernelProvider kernels = KernelProvider.choose(preference(config));
    BatchSchedule schedule = BatchSchedule.of(rows, trainer.batchSize(), slices);
    long perEpoch = plain.rounds(schedule.stepsPerEpoch());
    long total = Math.multiplyExact(perEpoch, trainer.epochs());
    if (trainer.fastDevRun() > 0) {
      total = Math.min(perEpoch, plain.rounds(trainer.fastDevRun()));
    }
    List<RowTable> tables = RowTable.of(config, spec, layout, update, slices, perEpoch, total);
    SharedVector vector =
        new SharedVector(layout, update, config.distributed().localSteps(), tables);
    CheckpointConfig checkpoint = trainer.checkpoint();
    long every =
        checkpoint.unit() == CheckpointConfig.Unit.EPOCHS
            ? Math.multiplyExact(checkpoint.every(), perEpoch)
            : vector.rounds(checkpoint.every());
    int shards = config.distributed().shards();
    if (shards == 0) {
      shards = shards(config.distributed(), view, tasks, vector.length());
    }
    return new Setup(
        config,
        data,
        view,
        slices,
        partitions,
        tasks,
        shards,
        rows,
        spec,
        Json.compact(spec.toJson()),
        vector,
        kernels,
        new Segments(perEpoch, total, every),
        Fingerprint.of(
            ConfigTree.flat(config),
            Fingerprint.ofData(
                data.profile().fingerprint(), data.validationFingerprint(), data.testFingerprint()),
            kernels.id(),
            Provenance.BELLOWS_VERSION),
        heapBytes);
  }

  /** Random changes of training images. */
  Augmentation augmentation() {
    return augmentation(config);
  }

  static Augmentation augmentation(RunConfig config) {
    return config.features().special(FeatureConfig.Type.IMAGE).augment();
  }

  private static void requireAugmentable(RunConfig config, DatasetShape shape) {
    Augmentation augmentation = augmentation(config);
    if (augmentation.none()) {
      return;
    }
    List<Integer> image = shape.imageShape();
    if (image.isEmpty()) {
      throw new BellowsException(
          ExitCode.CONFIG, "features: augment changes images, but the rows have none; remove it");
    }
    try {
      augmentation.requireFits(image.get(0), image.get(1));
    } catch (IllegalArgumentException e) {
      throw new BellowsException(ExitCode.CONFIG, "features.image: " + e.getMessage(), e);
    }
  }

  static KernelProvider.Preference preference(RunConfig config) {
    return switch (config.device()) {
      case GPU ->
          throw new BellowsException(
              ExitCode.CLUSTER, "device: gpu is not there yet; use cpu or auto");
      case CPU, AUTO -> KernelProvider.Preference.AUTO;
    };
  }

  /** Name of the kernel preference that tasks use. */
  String kernelPreference() {
    return kernels.id().equals(KernelProvider.choose(KernelProvider.Preference.PLAIN).id())
        ? KernelProvider.Preference.PLAIN.name() // executors don't inherit the driver's properties
        : preference(config).name();
  }

  /**
   * One shard per executor (or stand-alone server); in local mode one per task, so that the tasks'
   * threads sum and update at once, and no more than there are chunks.
   */
  static int shards(DistributedConfig distributed, ClusterView view, int tasks, int length) {
    if (!distributed.servers().isEmpty()) {
      return distributed.servers().size();
    }
    int chunks = (length - 1) / ShardMap.CHUNK + 1;
    return Math.max(1, view.local() ? Math.min(tasks, chunks) : view.executors());
  }

  /**
   * Learning rate of a step of the shards; of the last one of its local steps where there are any.
   */
  double rate(long step) {
    LocalSteps local = localSteps();
    if (local == null) {
      return vector.update().rate(step, segments.stepsPerEpoch(), segments.totalSteps());
    }
    long perEpoch = local.perEpoch();
    long last = Math.min(perEpoch, (step % segments.stepsPerEpoch() + 1) * local.count()) - 1;
    return vector
        .update()
        .rate(step / segments.stepsPerEpoch() * perEpoch + last, perEpoch, local.totalSteps());
  }

  /** The steps that slices take by themselves; null when the shards take every step. */
  @Nullable LocalSteps localSteps() {
    long epochs = segments.totalSteps() / segments.stepsPerEpoch();
    long steps = BatchSchedule.of(rows, config.trainer().batchSize(), slices).stepsPerEpoch();
    return vector.local()
        ? new LocalSteps(
            vector.localSteps(), vector.update().encode(), steps, Math.max(1, epochs) * steps)
        : null;
  }

  /** What the shards are made with. */
  RunPlan runPlan() {
    return new RunPlan(
        vector.rule().encode(),
        slices,
        segments.stepsPerEpoch(),
        segments.totalSteps(),
        LEDGER_CAPACITY,
        crcEvery(),
        config.distributed().consistency(),
        compression());
  }

  /** A checksum of the parameters every so many steps, so that its cost stays small. */
  private int crcEvery() {
    return 1 + vector.length() / CRC_ELEMENTS_PER_STEP;
  }

  /** The network's parameters. */
  ParameterLayout layout() {
    return vector.layout();
  }

  /** Optimiser slots of the shards. */
  int slots() {
    return vector.slots();
  }

  /** Whether parts of a step are on their way while others are computed. */
  Overlap overlap() {
    return Overlap.of(config.distributed(), vector, view.local());
  }

  /** How gradients and parameters are coded. */
  Compression compression() {
    return config.distributed().compression();
  }

  /** Whether residuals belong to the run's state. */
  boolean compressed() {
    return config.distributed().compressed();
  }

  /**
   * Whether the run can be copied at the ends of segments only: residuals are known there, and
   * sparse tables stand at one step with the vector.
   */
  boolean pausesOnly() {
    return compressed() || !vector.tables().isEmpty();
  }

  /** Vectors that the shards hold beside the parameters: optimiser slots and the workers' view. */
  int shardSlots() {
    return slots() + (compressed() ? 1 : 0);
  }

  /** Units with slices; 0 without compression. */
  int units() {
    return compression().usedUnits(slices);
  }

  /**
   * A restore point with the vectors that this run needs: a view equal to the values and residuals
   * of zero where there are none, because the run was begun with another compression.
   */
  RestorePoint fitting(RestorePoint point) {
    int wanted = shardSlots() + units();
    if (point.slots().length == wanted) {
      return point;
    }
    float[][] all = Arrays.copyOf(point.slots(), wanted);
    if (compressed()) {
      all[slots()] = point.values();
      for (int unit = 0; unit < units(); unit++) {
        all[shardSlots() + unit] = new float[point.values().length];
      }
    }
    return new RestorePoint(point.step(), point.values(), all, point.rows(), point.state());
  }

  /** The values that are evaluated and stored. */
  float[] exported(RestorePoint point) {
    return vector.exported(point);
  }

  /** The plan as a tree: plan.json. */
  Map<String, Object> planTree() {
    Map<String, Object> tree = new LinkedHashMap<>();
    long bytes = 4L * vector.length();
    tree.put("slots", (long) view.slots());
    tree.put("executors", (long) view.executors());
    tree.put("workers", (long) tasks);
    tree.put("partitions", (long) partitions);
    tree.put("shards", (long) shards);
    tree.put("slices", (long) slices);
    tree.put("batch_size", (long) config.trainer().batchSize());
    tree.put("train_rows", rows);
    tree.put("steps_per_epoch", segments.stepsPerEpoch());
    tree.put("total_steps", segments.totalSteps());
    tree.put("parameters", (long) layout().length());
    Traffic traffic = Traffic.of(compression(), slices, tasks, vector.length());
    tree.put("bytes_up_per_worker_step", traffic.up());
    tree.put("bytes_down_per_worker_step", traffic.down());
    if (!vector.tables().isEmpty()) {
      long own = -Math.floorDiv(-config.trainer().batchSize(), tasks);
      tree.put("row_bytes_per_worker_step", vector.rowBytes(own));
    }
    if (compressed()) {
      tree.put("float32_bytes_up_per_step", bytes * units());
      tree.put("float32_bytes_down_per_step", bytes);
    }
    tree.put("shard_bytes", memory().shardBytes());
    tree.put("worker_bytes", memory().taskHeap() + memory().taskNative());
    tree.put("process_heap_bytes", memory().heapNeeded());
    tree.put("checkpoint_bytes", bytes * (1 + shardSlots() + units()) + vector.tableBytes());
    tree.put("kernels", kernels.id());
    return tree;
  }

  /** Releases the cached rows. */
  @Override
  public void close() {
    data.close();
  }

  /** Memory and its arithmetic; the arena of a task is not known here. */
  MemoryPlan memory() {
    return memory(config.distributed(), view, tasks, shards, slices, vector, heapBytes());
  }

  static MemoryPlan memory(
      DistributedConfig distributed,
      ClusterView view,
      int tasks,
      int shards,
      int slices,
      SharedVector vector,
      long heapBytes) {
    int processes = view.local() ? 1 : Math.max(1, Math.min(tasks, view.executors()));
    boolean elsewhere = distributed.placement() == DistributedConfig.Placement.STANDALONE;
    boolean inDriver =
        !view.local() && distributed.placement() == DistributedConfig.Placement.DRIVER;
    boolean inExecutors = !view.local() && !inDriver && !elsewhere;
    boolean twice = inExecutors && view.executors() > 1 && vector.tables().isEmpty();
    return new MemoryPlan(
        view.local(),
        inDriver,
        vector.length(),
        vector.layout().dense().length(),
        vector.localSteps() > 0,
        vector.tableBytes(),
        vector.layout().length() - vector.layout().dense().length(),
        vector.slots(),
        slices,
        distributed.compression().usedUnits(slices),
        -Math.floorDiv(-tasks, processes),
        processes,
        shards,
        elsewhere ? 0 : ShardCluster.servers(view.local()),
        inExecutors ? Math.max(1, view.executors()) : 1,
        twice ? ShardCluster.replicas(distributed) : 0,
        -1,
        inDriver ? Runtime.getRuntime().maxMemory() : heapBytes);
  }
}
