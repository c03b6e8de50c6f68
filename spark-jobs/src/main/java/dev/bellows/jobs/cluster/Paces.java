package dev.bellows.jobs.cluster;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.api.plugin.PluginContext;
import org.jspecify.annotations.Nullable;

/**
 * The way of {@link TaskPace} from tasks to the driver: Spark's plugin channel, without an answer.
 * Static because Spark gives tasks of one executor no other common place.
 */
public final class Paces {
  /** Messages of a run, the newest of each task. */
  private static final Map<String, Map<String, TaskPace>> RUNS = new LinkedHashMap<>();

  private static volatile @Nullable PluginContext channel;

  private Paces() {}

  /** This is an executor: what its tasks say goes to the driver. */
  static void via(PluginContext context) {
    channel = context;
  }

  /** Called by a task. A message that is lost is replaced by the next one. */
  public static void report(TaskPace pace) {
    PluginContext out = channel;
    if (out == null) {
      note(pace);
      return;
    }
    try {
      out.send(pace);
    } catch (IOException | RuntimeException e) {
      out.metricRegistry().counter("bellows.task.pace_unsent").inc();
    }
  }

  /** The driver takes a message; that of a run which nobody {@link #expect}s is dropped. */
  static void note(TaskPace pace) {
    synchronized (RUNS) {
      Map<String, TaskPace> tasks = RUNS.get(pace.run());
      if (tasks != null) {
        tasks.put(pace.executorId() + "/" + pace.sliceFrom(), pace);
      }
    }
  }

  /** The driver wants to hear of the tasks of a run; what they said before is forgotten. */
  public static void expect(String run) {
    synchronized (RUNS) {
      RUNS.put(run, new LinkedHashMap<>());
    }
  }

  /** A run is over. */
  public static void forget(String run) {
    synchronized (RUNS) {
      RUNS.remove(run);
    }
  }

  /** The newest message of each task of a run that has come since the last call. */
  public static List<TaskPace> take(String run) {
    synchronized (RUNS) {
      Map<String, TaskPace> tasks = RUNS.get(run);
      if (tasks == null || tasks.isEmpty()) {
        return List.of();
      }
      List<TaskPace> all = new ArrayList<>(tasks.values());
      tasks.clear();
      return all;
    }
  }
}
