package dev.bellows.jobs.train;

import java.io.Serializable;
import java.util.List;
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

  private final int[] counts;
  private final List<String> locations;

  private ContiguousCoalescer(int[] counts, List<String> locations) {
    this.counts = counts;
    this.locations = List.copyOf(locations);
  }

  /** The RDD in at most {@code tasks} partitions; the RDD itself when it has no more. */
  static <T> JavaRDD<T> join(JavaRDD<T> rdd, int tasks) {
    if (rdd.getNumPartitions() <= tasks) {
      return rdd;
    }
    return join(rdd, new int[0], List.of(), tasks);
  }

  /** The RDD in partitions of so many of its own, each where a deal wants it to be computed. */
  static <T> JavaRDD<T> join(JavaRDD<T> rdd, Balance.Deal deal) {
    List<String> locations = deal.seats().stream().map(Balance.Seat::location).toList();
    return join(rdd, deal.counts(), locations, deal.counts().length);
  }

  private static <T> JavaRDD<T> join(
      JavaRDD<T> rdd, int[] counts, List<String> locations, int tasks) {
    Ordering<T> unused = null; // Spark sorts nothing without a shuffle
    PartitionCoalescer coalescer = new ContiguousCoalescer(counts, locations);
    return JavaRDD.fromRDD(
        rdd.rdd().coalesce(tasks, false, Option.apply(coalescer), unused), rdd.classTag());
  }

  @Override
  public PartitionGroup[] coalesce(int most, RDD<?> parent) {
    Partition[] all = parent.partitions();
    int groups = counts.length > 0 ? counts.length : Math.min(most, all.length);
    PartitionGroup[] out = new PartitionGroup[groups];
    int next = 0;
    for (int g = 0; g < groups; g++) {
      out[g] =
          new PartitionGroup(locations.isEmpty() ? Option.empty() : Option.apply(locations.get(g)));
      int to = counts.length > 0 ? next + counts[g] : (int) ((long) all.length * (g + 1) / groups);
      while (next < to) {
        out[g].partitions().addOne(all[next++]);
      }
    }
    return out;
  }
}
