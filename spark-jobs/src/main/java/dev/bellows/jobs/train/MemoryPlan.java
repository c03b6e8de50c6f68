package dev.bellows.jobs.train;

import dev.bellows.jobs.BellowsException;
import dev.bellows.jobs.ExitCode;
import java.util.List;

/**
 * The memory of a run with its arithmetic. A vector is what the shards hold one version of, as
 * float32: the network's parameters, with {@code local(k)} their optimiser slots, too.
 *
 * @param local whether tasks and shards share the driver's process
 * @param inDriver whether the driver hosts the shards and executors run the tasks
 * @param parameters elements of the flat vector
 * @param network elements of the network's own parameters
 * @param averaged whether tasks take steps of their own that are averaged: {@code local(k)}
 * @param tableBytes rows of sparse tables on the shards when all that may be trained are
 * @param tableElements elements of sparse tables as the model holds them
 * @param optimiserSlots vectors that the update rule keeps beside the parameters
 * @param slices V
 * @param units units of coded gradients; 0 without compression
 * @param tasks tasks at once in one process
 * @param processes processes that run tasks
 * @param shards parameter shards
 * @param servers shard servers in one process that hosts shards; each may take its part of half the
 *     heap; 0: shards live in stand-alone servers, whose memory is not known here
 * @param hosts processes that host shards
 * @param replicas copies of each shard beside the first
 * @param arenaBytes intermediate tensors of one task, outside of the heap; -1: not known
 * @param heapBytes heap of the process that holds the shards
 */
record MemoryPlan(
    boolean local,
    boolean inDriver,
    long parameters,
    long network,
    boolean averaged,
    long tableBytes,
    long tableElements,
    int optimiserSlots,
    int slices,
    int units,
    int tasks,
    int processes,
    int shards,
    int servers,
    int hosts,
    int replicas,
    long arenaBytes,
    long heapBytes) {

  private static final String FIX_LOCAL = "give the process more (BELLOWS_MEMORY=%s)";
  private static final String FIX_CLUSTER =
      "give executors more (--conf spark.executor.memory=%s) or use more of them";

  /** The same with what the tasks' intermediate tensors take; -1: not known. */
  MemoryPlan withArena(long bytes) {
    return new MemoryPlan(
        local,
        inDriver,
        parameters,
        network,
        averaged,
        tableBytes,
        tableElements,
        optimiserSlots,
        slices,
        units,
        tasks,
        processes,
        shards,
        servers,
        hosts,
        replicas,
        bytes,
        heapBytes);
  }

  /** Bytes of a vector. */
  long vector() {
    return Float.BYTES * parameters;
  }

  /** Vectors that a tree of partial sums may hold. */
  int levels() {
    return 33 - Integer.numberOfLeadingZeros(Math.max(1, slices - 1));
  }

  /** Vectors that shards hold for compression: the view, and about as much for codes. */
  private int coding() {
    return units == 0 ? 0 : 2;
  }

  /** Vectors of the run's state that compression adds: the view and the units' residuals. */
  int codingState() {
    return units == 0 ? 0 : 1 + units;
  }

  /** Vectors that a task holds for compression: the view, residuals and codes of its units. */
  private int codingOfTask() {
    return units == 0 ? 0 : 1 - 2 * Math.floorDiv(-units, tasks * processes);
  }

  /**
   * Heap of all shards once: two versions, slots, partial sums, with compression the view; and the
   * rows of sparse tables.
   */
  long shardBytes() {
    return vector() * (2 + optimiserSlots + levels() + coding()) + tableBytes;
  }

  /** Heap of one task: its partial sums, with compression its units, with averaging its steps. */
  long taskHeap() {
    return vector() * (levels() + codingOfTask()) + ownSteps();
  }

  /**
   * What a task that averages holds beside its sums: the vector that it began with, the one that it
   * adds, and the one that it works on with its gradient.
   */
  private long ownSteps() {
    return averaged ? 3 * vector() + Float.BYTES * network : 0;
  }

  /** Memory of one task outside of the heap: parameters, gradient, intermediate tensors. */
  long taskNative() {
    return 2 * Float.BYTES * network + Math.max(0, arenaBytes);
  }

  /** Heap of the shards that fall to one server. */
  private long servedBytes() {
    if (servers == 0) {
      return 0;
    }
    int most = -Math.floorDiv(-shards, hosts * servers) * (1 + replicas);
    return most * (shardBytes() / shards);
  }

  /** Heap of the shards that fall to one process. */
  long hostedBytes() {
    return Math.min(servers, shards) * servedBytes();
  }

  /**
   * The driver's copies of parameters and slots: the newest restore point and the next one; of
   * sparse tables their rows, too, and twice the whole table, when the model is evaluated.
   */
  long driverBytes() {
    return 2 * vector() * (1 + optimiserSlots + codingState())
        + 2 * tableBytes
        + 2 * Float.BYTES * tableElements;
  }

  /** Heap that the process with the shards needs beside cached rows. */
  long heapNeeded() {
    return hostedBytes()
        + (inDriver ? 0 : tasks * taskHeap())
        + (local || inDriver ? driverBytes() : 0);
  }

  /** The arithmetic, a line per kind of process. */
  List<String> lines() {
    String share =
        "(2 versions + "
            + optimiserSlots
            + " slots + "
            + levels()
            + " partial sums"
            + (units == 0 ? ")" : " + 2 for compression)")
            + (tableBytes == 0 ? "" : " + " + Plan.size(tableBytes) + " sparse rows");
    String shardsLine =
        Plan.size(shardBytes()) + " shards = " + Plan.size(vector()) + " x " + share;
    String hosting = local ? "this process" : inDriver ? "the driver" : "an executor";
    String sums =
        tasks + " x " + Plan.size(taskHeap()) + (averaged ? " sums and own steps" : " sums");
    String copies = Plan.size(driverBytes()) + " copies of parameters and slots";
    return List.of(
        "shards  " + shardsLine + (replicas > 0 ? ", twice" : ""),
        hosting
            + "  heap "
            + Plan.size(heapNeeded())
            + " of "
            + Plan.size(heapBytes)
            + " = "
            + Plan.size(hostedBytes())
            + " shards"
            + (inDriver ? "" : " + " + sums)
            + (local || inDriver ? " + " + copies : ""),
        (local ? "this process" : "an executor")
            + "  outside the heap "
            + Plan.size(tasks * taskNative())
            + " = "
            + tasks
            + " x ("
            + Plan.size(2 * Float.BYTES * network)
            + " parameters and gradient"
            + (arenaBytes < 0 ? "" : " + " + Plan.size(arenaBytes) + " arena")
            + ")",
        local || inDriver ? "no other process holds shards" : "the driver  heap " + copies);
  }

  /**
   * Refuses what can't fit.
   *
   * @throws BellowsException exit 3 with the arithmetic and what to change
   */
  void requireFits() {
    long quota = heapBytes / 2 / Math.max(1, servers); // as the shard servers' own limit
    if (servedBytes() <= quota && heapNeeded() <= heapBytes) {
      return;
    }
    long wanted = Math.max(2L * servers * servedBytes(), heapNeeded());
    String size = ((wanted + (wanted >> 3) + (1L << 30) - 1) >> 30) + "g";
    throw new BellowsException(
        ExitCode.CONFIG,
        "not enough memory: "
            + String.join("; ", lines().subList(0, 2))
            + (servedBytes() > quota
                ? "; shards may take half of the heap, " + Plan.size(heapBytes / 2)
                : "")
            + ". "
            + (local ? FIX_LOCAL : FIX_CLUSTER).formatted(size)
            + ", or lower distributed.slices or the model's size");
  }
}
