package dev.bellows.jobs.train;

import java.util.Arrays;
import java.util.List;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.jspecify.annotations.Nullable;

/**
 * The driver's side of residuals: tasks report those of their units at a segment's end, restore
 * points carry them behind the vectors of the shards, tasks of the next segment get them. Does
 * nothing in a run without compression.
 */
final class UnitResiduals implements AutoCloseable {
  private final JavaSparkContext spark;
  private final Setup setup;
  private float[][] reported = {};
  private @Nullable Broadcast<float[][]> sent;

  UnitResiduals(JavaSparkContext spark, Setup setup) {
    this.spark = spark;
    this.setup = setup;
  }

  /** Takes what the tasks of a segment reported. */
  void take(List<TaskReport> reports) {
    reported = new float[setup.units()][];
    for (TaskReport report : reports) {
      for (int i = 0; i < report.residuals().length; i++) {
        reported[report.unitFrom() + i] = report.residuals()[i];
      }
    }
  }

  /** What the shards hold, with what the tasks reported that they have not sent. */
  RestorePoint joined(RestorePoint raw) {
    if (!setup.compressed()) {
      return raw;
    }
    float[][] all = Arrays.copyOf(raw.slots(), raw.slots().length + reported.length);
    System.arraycopy(reported, 0, all, raw.slots().length, reported.length);
    return new RestorePoint(raw.step(), raw.values(), all, raw.state());
  }

  /** The residuals that tasks of a segment may start from; null without compression. */
  @Nullable Residuals send(RestorePoint begin) {
    if (!setup.compressed()) {
      return null;
    }
    close();
    float[][] slots = begin.slots();
    Broadcast<float[][]> known =
        spark.broadcast(Arrays.copyOfRange(slots, setup.shardSlots(), slots.length));
    sent = known;
    return new Residuals(begin.step(), known);
  }

  /** Forgets what was sent. */
  @Override
  public void close() {
    Broadcast<float[][]> old = sent;
    sent = null;
    if (old != null) {
      old.destroy();
    }
  }
}
