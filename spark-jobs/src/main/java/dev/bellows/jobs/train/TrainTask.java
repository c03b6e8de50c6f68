package dev.bellows.jobs.train;

import dev.bellows.jobs.block.DataShard;
import dev.bellows.ps.client.StaleException;
import dev.bellows.ps.protocol.PsErrorCode;
import dev.bellows.ps.protocol.PsException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;
import org.apache.spark.TaskKilledException;
import org.apache.spark.api.java.function.FlatMapFunction;

/**
 * One long Spark task: it computes the slices whose data shards lie in its partition, step after
 * step, until the segment ends. Between the steps it talks to the shard servers only.
 *
 * <p>It returns one {@link TaskReport}, as numbers.
 */
final class TrainTask implements FlatMapFunction<Iterator<DataShard>, long[]> {
  private static final long serialVersionUID = 1L;

  private final TaskPlan plan;

  TrainTask(TaskPlan plan) {
    this.plan = plan;
  }

  @Override
  public Iterator<long[]> call(Iterator<DataShard> partition) {
    List<DataShard> owned = new ArrayList<>();
    partition.forEachRemaining(owned::add);
    owned.sort(Comparator.comparingInt(DataShard::id));
    if (owned.isEmpty()) {
      return List.of(new TaskReport(0, 0, 0, 0, 0, 0).toNumbers()).iterator();
    }
    requireContiguous(owned);
    TaskContext context = TaskContext.get();
    int from = owned.get(0).id();
    int to = from + owned.size();
    String name =
        "task "
            + context.partitionId()
            + " on executor "
            + SparkEnv.get().executorId()
            + " (slices "
            + from
            + "-"
            + (to - 1)
            + ")";
    Worker worker = WorkerRuntime.take(plan, from, to);
    boolean whole = false;
    try {
      TaskReport report = worker.train(plan, owned, name, context);
      whole = true;
      return List.of(report.toNumbers()).iterator();
    } catch (StaleException e) {
      throw new TaskKilledException("replaced: " + e.getMessage());
    } catch (PsException e) {
      if (e.code() == PsErrorCode.CANCELLED) {
        throw new TaskKilledException("stopped by the driver");
      }
      if (Refusals.hopeless(e) != null) {
        throw new Refusals.TaskRefused(e);
      }
      throw e;
    } finally {
      if (whole) {
        WorkerRuntime.giveBack(plan, worker);
      } else {
        worker.close();
      }
    }
  }

  private static void requireContiguous(List<DataShard> owned) {
    for (int i = 1; i < owned.size(); i++) {
      if (owned.get(i).id() != owned.get(0).id() + i) {
        throw new IllegalStateException(
            "a task must own consecutive data shards, found "
                + owned.get(i - 1).id()
                + " followed by "
                + owned.get(i).id());
      }
    }
  }
}
