package dev.bellows.jobs.cluster;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext;

/**
 * What a Spark context offers: task slots and executor processes.
 *
 * @param local whether tasks run in the driver's own process
 * @param slots tasks that can run at the same time now
 * @param executors executor processes registered now; 0 in local mode
 */
public record ClusterView(boolean local, int slots, int executors) {
  private static final Pattern LOCAL_CLUSTER =
      Pattern.compile("local-cluster\\[\\s*(\\d+)\\s*,\\s*(\\d+)\\s*,\\s*\\d+\\s*]");
  private static final Pattern LOCAL_N = Pattern.compile("local\\[\\s*(\\d+|\\*)\\s*(,.*)?]");
  private static final int SETTLE_MS = 1500;
  private static final int POLL_MS = 50;

  /** Looks at the context now, without waiting. */
  public static ClusterView now(SparkContext context) {
    boolean local = context.isLocal();
    int slots =
        context.maxNumConcurrentTasks(context.resourceProfileManager().defaultResourceProfile());
    if (!local) { // an executor that is away takes no task, though Spark does not know it yet
      int cpus = context.conf().getInt("spark.task.cpus", 1);
      slots = Math.max(0, slots - ShardRegistry.current().coresAway() / cpus);
    }
    int executors = local ? 0 : Math.max(0, context.getExecutorIds().size());
    return new ClusterView(local, slots, executors);
  }

  /**
   * Waits until the executors that the settings promise have come, or until their number has not
   * changed for a while.
   *
   * @param context the Spark context
   * @param wantedSlots slots that are enough; 0 when all that come are wanted
   * @param timeoutMs the longest wait in milliseconds
   * @throws InterruptedException when the waiting thread is interrupted
   */
  public static ClusterView await(SparkContext context, int wantedSlots, long timeoutMs)
      throws InterruptedException {
    ClusterView view = now(context);
    if (view.local()) {
      return view;
    }
    int promised = promisedSlots(context);
    long start = System.nanoTime();
    long changed = start;
    while (true) {
      ClusterView next = now(context);
      long time = System.nanoTime();
      if (next.slots() != view.slots()) {
        changed = time;
      }
      view = next;
      int enough = wantedSlots > 0 && promised > 0 ? Math.min(wantedSlots, promised) : promised;
      boolean settled =
          promised == 0
              && view.slots() > 0
              && (view.slots() >= (wantedSlots > 0 ? wantedSlots : Integer.MAX_VALUE)
                  || (time - changed) / 1_000_000 >= SETTLE_MS);
      if ((enough > 0 && view.slots() >= enough)
          || settled
          || (time - start) / 1_000_000 >= timeoutMs) {
        return view;
      }
      Thread.sleep(POLL_MS);
    }
  }

  /**
   * What settings promise before any context exists; no slots when they do not say (dynamic
   * allocation, a stand-alone cluster's free cores).
   *
   * @param conf settings that a session will be made with, with its master
   */
  public static ClusterView promised(SparkConf conf) {
    String master = conf.get("spark.master", "");
    int cpus = conf.getInt("spark.task.cpus", 1);
    boolean local = master.equals("local") || master.startsWith("local[");
    Matcher cluster = LOCAL_CLUSTER.matcher(master);
    int executors =
        local
            ? 0
            : cluster.matches()
                ? Integer.parseInt(cluster.group(1))
                : conf.getInt("spark.executor.instances", 0);
    int named = slotsOf(master);
    int slots =
        named > 0 ? named / cpus : executors * (conf.getInt("spark.executor.cores", 1) / cpus);
    return new ClusterView(local, slots, executors);
  }

  /**
   * Heap of the processes that run tasks, in bytes.
   *
   * @param conf the session's settings
   */
  public long heapBytes(SparkConf conf) {
    return local
        ? Runtime.getRuntime().maxMemory()
        : conf.getSizeAsBytes("spark.executor.memory", "1g");
  }

  /** Task slots that a master URL names before any context exists; 0 when it does not say. */
  public static int slotsOf(String master) {
    Matcher cluster = LOCAL_CLUSTER.matcher(master);
    if (cluster.matches()) {
      return Integer.parseInt(cluster.group(1)) * Integer.parseInt(cluster.group(2));
    }
    if (master.equals("local")) {
      return 1;
    }
    Matcher local = LOCAL_N.matcher(master);
    if (local.matches()) {
      return local.group(1).equals("*")
          ? Runtime.getRuntime().availableProcessors()
          : Integer.parseInt(local.group(1));
    }
    return 0;
  }

  private static int promisedSlots(SparkContext context) {
    int cpus = context.conf().getInt("spark.task.cpus", 1);
    int named = slotsOf(context.master());
    if (named > 0) {
      return named / cpus;
    }
    int instances = context.conf().getInt("spark.executor.instances", 0);
    int cores = context.conf().getInt("spark.executor.cores", 1);
    return instances * (cores / cpus);
  }
}
