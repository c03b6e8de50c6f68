package dev.bellows.jobs.train;

import dev.bellows.engine.nn.Network;
import dev.bellows.engine.nn.NetworkSpec;
import dev.bellows.engine.nn.ParameterLayout;
import dev.bellows.jobs.BellowsException;
import dev.bellows.jobs.ExitCode;
import dev.bellows.jobs.block.DatasetShape;
import dev.bellows.jobs.cluster.ClusterView;
import dev.bellows.jobs.cluster.ShardCluster;
import dev.bellows.jobs.config.DistributedConfig;
import dev.bellows.jobs.config.FeatureConfig;
import dev.bellows.jobs.config.RunConfig;
import dev.bellows.jobs.config.SourceConfig;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.GZIPInputStream;
import org.apache.spark.SparkConf;
import org.jspecify.annotations.Nullable;

/**
 * The plan of a run from its configuration and the session's settings alone, before Spark starts.
 * It suffices where the configuration says what rows look like: images with a shape and a number of
 * classes. Tables and texts have to be read first.
 */
final class Forecast {
  private static final int IDX_IMAGES = 0x0803;
  private static final int IDX_IMAGES_WITH_CHANNELS = 0x0804;

  private Forecast() {}

  /** The size of a run. */
  private record Size(
      ClusterView view,
      String placement,
      int tasks,
      int shards,
      NetworkSpec spec,
      SharedVector vector) {}

  /**
   * Plans.
   *
   * @param conf settings that the session would be made with, with its master
   * @return null when the data has to be read, or executors counted, to know more
   * @throws BellowsException exit 3 when it can't run, with the arithmetic and the fix
   */
  static @Nullable Draft of(RunConfig config, SparkConf conf) {
    Size size = size(config, conf);
    return size == null
        ? null
        : Draft.of(
            config,
            size.view,
            size.tasks,
            size.shards,
            trainingRows(config),
            size.spec,
            size.vector,
            size.placement,
            size.view.heapBytes(conf));
  }

  /**
   * Refuses what can't run, as far as the configuration tells.
   *
   * @throws BellowsException exit 3 with the arithmetic and the fix
   */
  static void refuse(RunConfig config, SparkConf conf) {
    Size size = size(config, conf);
    if (size != null) {
      Setup.memory(
              config.distributed(),
              size.view,
              size.tasks,
              size.shards,
              Setup.slices(config),
              size.vector,
              size.view.heapBytes(conf))
          .requireFits();
    }
  }

  private static @Nullable Size size(RunConfig config, SparkConf conf) {
    ClusterView view = ClusterView.promised(conf);
    DistributedConfig distributed = config.distributed();
    String master = conf.get("spark.master", "");
    String placement = ShardCluster.planned(distributed, view.local(), master);
    requireSlots(conf, view, master);
    DatasetShape shape = shape(config);
    if (shape == null || view.slots() == 0) {
      return null;
    }
    NetworkSpec spec = NetworkSpecs.of(config, shape, List.of());
    ParameterLayout layout = Network.layout(spec);
    SharedVector vector =
        new SharedVector(
            layout,
            UpdateSpecs.of(config.trainer(), layout),
            distributed.localSteps(),
            List.of()); // images have no categories
    int wanted = distributed.workers() > 0 ? distributed.workers() : view.slots();
    int tasks = Math.min(Setup.partitions(config, wanted), view.slots());
    int shards = distributed.shards();
    if (shards == 0) {
      shards = Setup.shards(distributed, view, tasks, vector.length());
    }
    return new Size(view, placement, tasks, shards, spec, vector);
  }

  /** A task that needs more cores than an executor has never starts. */
  private static void requireSlots(SparkConf conf, ClusterView view, String master) {
    int cpus = conf.getInt("spark.task.cpus", 1);
    int named = ClusterView.slotsOf(master);
    if (named > 0 && view.slots() == 0) {
      throw new BellowsException(
          ExitCode.CONFIG,
          "no task can run: a task takes spark.task.cpus = "
              + cpus
              + " cores, "
              + master
              + " has "
              + named
              + "; lower spark.task.cpus or give the master more cores");
    }
  }

  private static @Nullable DatasetShape shape(RunConfig config) {
    SourceConfig train = config.data().train();
    List<Integer> image = config.features().special(FeatureConfig.Type.IMAGE).shape();
    int classes = config.target().classes();
    boolean images =
        train != null
            && (train.format() == SourceConfig.Format.IDX
                || train.format() == SourceConfig.Format.CIFAR);
    boolean declared =
        images
            && image.size() == 3
            && classes > 0
            && config.task() == RunConfig.Task.CLASSIFICATION
            && config.model().heads().isEmpty()
            && !config.model().loss().balanced();
    if (!declared) {
      return null;
    }
    int width = image.get(0) * image.get(1) * image.get(2);
    return new DatasetShape(width, List.of(), 0, classes, classes, 1, List.of(), List.of(), image);
  }

  /** Rows that the head of a local IDX file declares, without the share held out; 0: not known. */
  private static long trainingRows(RunConfig config) {
    SourceConfig train = config.data().train();
    if (train == null || train.format() != SourceConfig.Format.IDX) {
      return 0;
    }
    String images = train.images();
    if (images == null) {
      return 0;
    }
    Path path = Path.of(images.replaceFirst("^file:/+", "/"));
    try (InputStream file = Files.newInputStream(path);
        DataInputStream in =
            new DataInputStream(images.endsWith(".gz") ? new GZIPInputStream(file) : file)) {
      int magic = in.readInt();
      long count = in.readInt();
      boolean known = magic == IDX_IMAGES || magic == IDX_IMAGES_WITH_CHANNELS;
      double held = config.data().validation().fraction() + config.data().test().fraction();
      return known && count > 0 ? Math.round(count * (1 - held)) : 0;
    } catch (IOException | RuntimeException unknown) {
      return 0; // a file elsewhere, or a damaged one: reading the data will say so
    }
  }
}
