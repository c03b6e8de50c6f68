package dev.bellows.jobs.study;

import dev.bellows.jobs.BellowsException;
import dev.bellows.jobs.ExitCode;
import dev.bellows.jobs.block.StudyRows;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.apache.spark.SimpleFutureAction;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import scala.collection.immutable.Seq;
import scala.jdk.javaapi.CollectionConverters;
import scala.runtime.AbstractFunction0;
import scala.runtime.AbstractFunction2;
import scala.runtime.BoxedUnit;

/**
 * The one queue of a study: units of any configurations and splits, on all free slots, results one
 * by one as they come. One Spark job for many units, none per unit. After {@link #close} no job of
 * the study runs and nothing of it is cached.
 */
final class UnitQueue implements AutoCloseable {
  private static final AtomicLong STUDIES = new AtomicLong();
  private static final int POLL_MS = 100;
  private static final int MOST_RESTARTS = 3;

  private final JavaSparkContext spark;
  private final StudyRows rows;
  private final Broadcast<FoldTable> folds;
  private final Map<String, Broadcast<StudyRows.Fit>> fits = new ConcurrentHashMap<>();
  private final String tag;
  private final long mostMillis;

  /**
   * An empty queue.
   *
   * @param mostMillis longest time of a unit; 0: any
   */
  UnitQueue(JavaSparkContext spark, StudyRows rows, FoldTable folds, long mostMillis) {
    this.spark = spark;
    this.rows = rows;
    this.folds = spark.broadcast(folds);
    this.tag = "bellows-study-" + STUDIES.incrementAndGet();
    this.mostMillis = mostMillis;
  }

  /** Adds what was fitted on a split for configurations of a prefix. */
  void fitted(int prefix, int split, StudyRows.Fit fit) {
    fits.put(UnitTask.fit(prefix, split), spark.broadcast(fit));
  }

  /**
   * Runs units, those first that are first in the list.
   *
   * @param each gets every result, in the order in which they come
   * @param stop asked several times a second whether to stop
   * @return false when it was stopped
   */
  boolean run(List<Unit> units, String description, Consumer<UnitResult> each, BooleanSupplier stop)
      throws InterruptedException {
    Map<Integer, Unit> open = new LinkedHashMap<>();
    units.forEach(unit -> open.put(unit.id(), unit));
    for (int restarts = 0; !open.isEmpty(); restarts++) {
      if (!attempt(open, description, each, stop, restarts)) {
        return false;
      }
    }
    return true;
  }

  /** One job over the open units; false when it was stopped. */
  private boolean attempt(
      Map<Integer, Unit> open,
      String description,
      Consumer<UnitResult> each,
      BooleanSupplier stop,
      int restarts)
      throws InterruptedException {
    LinkedBlockingQueue<UnitResult> results = new LinkedBlockingQueue<>();
    SimpleFutureAction<Object> job = submit(new ArrayList<>(open.values()), description, results);
    try {
      while (true) {
        boolean done =
            job.isCompleted(); // asked before: what comes later is seen in the next round
        take(results, open, each, done ? 0 : POLL_MS);
        if (done) {
          break;
        }
        if (stop.getAsBoolean()) {
          return false;
        }
      }
      while (!results.isEmpty()) {
        take(results, open, each, 0);
      }
      failed(job, restarts);
      return true;
    } finally {
      if (!job.isCompleted()) {
        job.cancel();
      }
    }
  }

  private static void take(
      LinkedBlockingQueue<UnitResult> results,
      Map<Integer, Unit> open,
      Consumer<UnitResult> each,
      long millis)
      throws InterruptedException {
    UnitResult next = results.poll(millis, TimeUnit.MILLISECONDS);
    while (next != null) {
      if (open.remove(next.id()) != null) { // a speculative copy may have been first
        each.accept(next);
      }
      next = results.poll();
    }
  }

  /** Rows that were lost are made again; everything else that ends a job is told. */
  private void failed(SimpleFutureAction<Object> job, int restarts) throws InterruptedException {
    try {
      job.get();
    } catch (Exception e) { // SparkException, and what Scala does not declare
      if (e instanceof InterruptedException interrupted) {
        throw interrupted;
      }
      String message = String.valueOf(e.getMessage());
      if (message.contains(SharedBlock.Lost.class.getName()) && restarts < MOST_RESTARTS) {
        rows.shard().count();
        return;
      }
      throw new BellowsException(
          ExitCode.CLUSTER,
          "a study's job failed: " + message.lines().findFirst().orElse(message),
          e);
    }
  }

  private SimpleFutureAction<Object> submit(
      List<Unit> units, String description, LinkedBlockingQueue<UnitResult> results) {
    SparkContext context = spark.sc();
    int tasks = units.size();
    JavaRDD<Unit> rdd = spark.parallelize(units, tasks);
    List<Object> partitions = new ArrayList<>();
    for (int p = 0; p < tasks; p++) {
      partitions.add(p);
    }
    Seq<Object> all = CollectionConverters.asScala(partitions).toSeq();
    UnitTask task =
        new UnitTask(
            context.applicationId(), rows.shard().id(), folds, Map.copyOf(fits), mostMillis);
    context.addJobTag(tag);
    context.setLocalProperty("spark.scheduler.pool", tag);
    context.setJobDescription(description);
    try {
      return context.submitJob(
          rdd.rdd(),
          task,
          all,
          new AbstractFunction2<Object, UnitResult[], BoxedUnit>() {
            @Override
            public BoxedUnit apply(Object partition, UnitResult[] found) {
              results.addAll(List.of(found));
              return BoxedUnit.UNIT;
            }
          },
          new AbstractFunction0<Object>() {
            @Override
            public Object apply() {
              return BoxedUnit.UNIT;
            }
          });
    } finally {
      context.removeJobTag(tag);
      context.setLocalProperty("spark.scheduler.pool", null);
      context.setJobDescription(null);
    }
  }

  /** Ends what still runs; tasks that are just being killed may ask for a broadcast once more. */
  @Override
  public void close() {
    spark.sc().cancelJobsWithTag(tag);
    folds.unpersist(false);
    fits.values().forEach(fit -> fit.unpersist(false));
    fits.clear();
  }
}
