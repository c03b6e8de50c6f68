package dev.bellows.jobs.train;

import dev.bellows.engine.model.Provenance;
import dev.bellows.jobs.Console;
import dev.bellows.jobs.block.DatasetShape;
import dev.bellows.jobs.block.PreparedData;
import dev.bellows.jobs.cluster.ShardCluster;
import dev.bellows.jobs.config.DistributedConfig;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.spark.sql.SparkSession;

/** The lines that say what is about to happen. */
final class Plan {
  private Plan() {}

  /**
   * Prints data, model and plan.
   *
   * @param placement where shards live, or would live
   */
  static void print(Setup setup, String placement, Console console) {
    PreparedData data = setup.data();
    console.section("data", data(setup));
    data.profile().warnings().forEach(console::warn);
    console.section(
        "model",
        NetworkSpecs.line(setup.spec())
            + "   "
            + String.format(Locale.ROOT, "%,d", setup.layout().length())
            + " parameters  "
            + size(4L * setup.layout().length()));
    int asked = setup.config().distributed().workers();
    if (asked > setup.tasks()) {
      console.warn(
          "distributed.workers asks for "
              + asked
              + " tasks, "
              + (setup.partitions() < Math.min(asked, setup.view().slots())
                  ? most(setup)
                  : "the cluster has " + setup.view().slots() + " slots")
              + ": "
              + setup.tasks()
              + " run at a time; the result is the same");
    }
    if (asked == 0 && setup.compressed() && setup.partitions() < setup.view().slots()) {
      console.warn(
          most(setup)
              + ": "
              + setup.partitions()
              + " of "
              + setup.view().slots()
              + " slots work; more units use more of them and send more bytes");
    }
    Traffic traffic =
        Traffic.of(setup.compression(), setup.slices(), setup.tasks(), setup.vector().length());
    console.section(
        "plan",
        count(setup.tasks(), "worker")
            + ", "
            + count(setup.shards(), "shard")
            + " ("
            + placement
            + ")"
            + "  "
            + setup.slices()
            + " slices/step  "
            + mode(setup)
            + coding(setup)
            + overlap(setup)
            + traffic
            + " per worker-step");
    console.more(
        setup.segments().stepsPerEpoch()
            + " steps/epoch, "
            + setup.segments().totalSteps()
            + " in all  memory "
            + size(setup.memory().taskHeap() + setup.memory().taskNative())
            + "/worker + "
            + size(setup.memory().shardBytes())
            + " shards  checkpoint "
            + size(
                4L * setup.vector().length() * (1 + setup.shardSlots() + setup.units())
                    + setup.vector().tableBytes())
            + "  kernels: "
            + setup.kernels().id());
  }

  /** What bounds the number of tasks. */
  private static String most(Setup setup) {
    return setup.compressed()
        ? "compression has " + setup.units() + " units (distributed.compression)"
        : "a step has " + setup.slices() + " slices";
  }

  /** "bf16 in 2 units " */
  private static String coding(Setup setup) {
    return setup.compressed()
        ? setup.compression().kind().name().toLowerCase(Locale.ROOT)
            + " in "
            + setup.units()
            + " units  "
        : "";
  }

  private static String overlap(Setup setup) {
    String why = setup.overlap().why();
    return why.isEmpty() ? "" : why + "  ";
  }

  /** How steps depend on each other, when not as usual. */
  private static String mode(Setup setup) {
    DistributedConfig distributed = setup.config().distributed();
    if (distributed.localSteps() > 0) {
      return "local("
          + distributed.localSteps()
          + "): a step is "
          + distributed.localSteps()
          + " batches  ";
    }
    return distributed.consistency().isBsp() ? "" : distributed.consistency() + "  ";
  }

  /** "executor, replica 1: there are executor processes", and the encryption where there is. */
  static String placement(ShardCluster cluster) {
    String where = place(cluster);
    return cluster.encryption().isEmpty() ? where : where + ", " + cluster.encryption();
  }

  private static String place(ShardCluster cluster) {
    return switch (cluster.mode()) {
      case EXECUTORS -> "executor, replica " + cluster.replicas() + ": " + cluster.reason();
      case DRIVER -> "driver: " + cluster.reason();
      case IN_PROCESS -> "in process: " + cluster.reason();
      case STANDALONE -> "stand-alone, replica " + cluster.replicas() + ": " + cluster.reason();
    };
  }

  private static String data(Setup setup) {
    PreparedData data = setup.data();
    DatasetShape shape = data.shape();
    StringBuilder line = new StringBuilder();
    line.append(String.format(Locale.ROOT, "%,d train", setup.rows()));
    if (data.validationRows() > 0) {
      line.append(String.format(Locale.ROOT, " / %,d val", data.validationRows()));
    }
    if (data.testRows() > 0) {
      line.append(String.format(Locale.ROOT, " / %,d test", data.testRows()));
    }
    line.append(" rows  ");
    if (shape.imageShape().size() == 3) {
      line.append(shape.imageShape().get(0)).append('x').append(shape.imageShape().get(1));
      line.append('x').append(shape.imageShape().get(2)).append("  ");
    } else if (shape.numericWidth() > 0) {
      line.append(shape.numericWidth()).append(" numeric  ");
    }
    if (!shape.categoricals().isEmpty()) {
      line.append(shape.categoricals().size()).append(" categorical  ");
    }
    if (shape.sparseWidth() > 0) {
      line.append(shape.sparseWidth()).append(" sparse  ");
    }
    for (DatasetShape.Text text : shape.texts()) {
      line.append(text.length()).append(" tokens of ").append(text.vocabulary()).append("  ");
    }
    if (shape.classes() > 0) {
      line.append(shape.classes()).append(" classes  ");
    }
    return line.append("fingerprint ").append(data.profile().fingerprint()).toString();
  }

  /** Versions for run.json and the model. */
  static Map<String, Object> versions(SparkSession session) {
    Map<String, Object> versions = new LinkedHashMap<>();
    versions.put("bellows", Provenance.BELLOWS_VERSION);
    versions.put("java", System.getProperty("java.version", "?"));
    versions.put("spark", session.version());
    return versions;
  }

  /** What {@code --dry-run} says beside {@link #print}. */
  static void printAll(Draft draft, Console console) {
    console.section("slots", draft.slotsLine());
    console.section("bytes", draft.bytesLine());
    List<String> memory = draft.memory().lines();
    console.section("memory", memory.get(0));
    memory.subList(1, memory.size()).forEach(console::more);
    console.section("time", draft.timeLine());
    List<String> files = draft.files();
    console.section("files", files.get(0));
    files.subList(1, files.size()).forEach(console::more);
  }

  static String count(int n, String what) {
    return n + " " + what + (n == 1 ? "" : "s");
  }

  static String size(long bytes) {
    return bytes >= 1L << 20
        ? String.format(Locale.ROOT, "%.1f MiB", bytes / 1048576.0)
        : String.format(Locale.ROOT, "%.1f KiB", bytes / 1024.0);
  }
}
