package dev.bellows.jobs.train;

import java.io.Serializable;
import org.apache.spark.Partition;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.rdd.PartitionCoalescer;
import org.apache.spark.rdd.PartitionGroup;
import org.apache.spark.rdd.RDD;
import scala.Option;
import scala.math.Ordering;

/**
 * Joins neighbouring partitions, so that a task still owns consecutive data shards. Spark's own
 * rule groups by host and may mix them.
 */
final class ContiguousCoalescer implements PartitionCoalescer, Serializable {
  private static final long serialVersionUID = 1L;

  /** The RDD in at most {@code tasks} partitions; the RDD itself when it has no more. */
  static <T> JavaRDD<T> join(JavaRDD<T> rdd, int tasks) {
    if (rdd.getNumPartitions() <= tasks) {
      return rdd;
    }
    Ordering<T> unused = null; // Spark sorts nothing without a shuffle
    return JavaRDD.fromRDD(
        rdd.rdd().coalesce(tasks, false, Option.apply(new ContiguousCoalescer()), unused),
        rdd.classTag());
  }

  @Override
  public PartitionGroup[] coalesce(int most, RDD<?> parent) {
    Partition[] all = parent.partitions();
    int groups = Math.min(most, all.length);
    PartitionGroup[] out = new PartitionGroup[groups];
    for (int g = 0; g < groups; g++) {
      out[g] = new PartitionGroup(Option.empty());
      int to = (int) ((long) all.length * (g + 1) / groups);
      for (int p = (int) ((long) all.length * g / groups); p < to; p++) {
        out[g].partitions().addOne(all[p]);
      }
    }
    return out;
  }
}
