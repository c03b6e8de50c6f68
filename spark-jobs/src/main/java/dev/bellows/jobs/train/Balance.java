package dev.bellows.jobs.train;

import dev.bellows.jobs.cluster.TaskPace;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Deals the slices of a step to task slots by what was measured of the executors, and says who is
 * slow. Slices are logical, so no deal changes a result; what is measured decides about time only.
 *
 * <p>Used by the training thread. Time comes in as a parameter.
 */
final class Balance {
  /** So many times the others' time for a slice makes a straggler. */
  static final double SLOW = 3;

  /** A new deal must save this part of a step ... */
  private static final double GAIN = 1.0 / 3;

  /**
   * ... and so much time until the end of the run: tasks that start anew cost about half a second.
   */
  private static final double PAYS_NANOS = 2e9;

  /** Shorter steps nobody waits for. */
  private static final double NOTICED_NANOS = 5e6;

  /** Messages of each task before its pace counts: the first steps are compiled while they run. */
  private static final int SETTLED = 3;

  private static final long FIRST_PROBE_NANOS = TimeUnit.SECONDS.toNanos(30);

  /**
   * A task slot.
   *
   * @param executorId where
   * @param host its host, as Spark names it
   */
  record Seat(String executorId, String host) {
    /** How Spark is told that a task should run there. */
    String location() {
      return "executor_" + host + "_" + executorId;
    }
  }

  /**
   * Which slots get how much.
   *
   * @param seats slots that get something, in the order of the slices
   * @param counts partitions of each, {@code >= 1}
   * @param even whether all get the same but for one
   */
  record Deal(List<Seat> seats, int[] counts, boolean even) {}

  /**
   * An executor that is much slower than the others.
   *
   * @param executorId which
   * @param factor its time for a slice in those of the others' median
   * @param idle whether it has no slices now
   */
  record Straggler(String executorId, double factor, boolean idle) {}

  private static final class Measured {
    private double nanosPerSlice;
    private double stepNanos;
    private int from;
    private int messages;
  }

  private final int units;
  private final double slicesPerUnit;
  private final Map<String, Measured> byExecutor = new LinkedHashMap<>();
  private long dealtNanos;
  private long quietNanos = TimeUnit.SECONDS.toNanos(1);
  private long probeNanos = FIRST_PROBE_NANOS;

  /**
   * Knows nothing of any executor yet.
   *
   * @param units partitions of the training rows: what can be dealt
   * @param slices V
   */
  Balance(int units, int slices) {
    this.units = units;
    this.slicesPerUnit = (double) slices / units;
  }

  /** Takes what tasks said. */
  void observe(List<TaskPace> paces) {
    for (TaskPace pace : paces) {
      Measured m = byExecutor.computeIfAbsent(pace.executorId(), id -> new Measured());
      double nanos = pace.nanosPerSlice();
      m.nanosPerSlice = m.messages == 0 ? nanos : (m.nanosPerSlice + nanos) / 2;
      m.stepNanos = nanos * (pace.sliceTo() - pace.sliceFrom());
      m.from = pace.sliceFrom();
      m.messages++;
    }
  }

  /** Tasks start anew. */
  void dealt(long now) {
    dealtNanos = now;
    for (Measured m : byExecutor.values()) {
      m.messages = 0;
      m.stepNanos = 0;
    }
  }

  /**
   * A deal for the slots that there are.
   *
   * @param seats slots, one entry each
   * @return fewer seats than slots when some are so slow that they had better do nothing
   */
  Deal deal(List<Seat> seats) {
    List<Seat> order = new ArrayList<>(seats);
    order.sort(Comparator.comparingInt(seat -> from(seat.executorId()))); // data stays where it is
    double[] nanos = order.stream().mapToDouble(seat -> nanos(seat.executorId())).toArray();
    int[] even = even(order.size());
    int[] best = shares(units, nanos);
    if (cost(best, nanos) > (1 - GAIN) * cost(even, nanos)) {
      best = even;
    }
    List<Seat> used = new ArrayList<>();
    List<Integer> counts = new ArrayList<>();
    for (int i = 0; i < best.length; i++) {
      if (best[i] > 0) {
        used.add(order.get(i));
        counts.add(best[i]);
      }
    }
    int[] dealt = counts.stream().mapToInt(Integer::intValue).toArray();
    return new Deal(used, dealt, best == even);
  }

  /**
   * Whether tasks should start anew with another deal.
   *
   * @param seats the slots that there are
   * @param stepsLeft steps until the end of the run
   * @param now the monotonic clock
   */
  boolean pays(List<Seat> seats, long stepsLeft, long now) {
    if (seats.size() < 2 || now - dealtNanos < quietNanos) {
      return false;
    }
    double present = 0;
    for (Measured m : byExecutor.values()) {
      if (m.stepNanos > 0 && m.messages < SETTLED) {
        return false;
      }
      present = Math.max(present, m.stepNanos);
    }
    if (present == 0) {
      return false;
    }
    forgive(seats, now);
    double[] nanos = seats.stream().mapToDouble(seat -> nanos(seat.executorId())).toArray();
    double gain = present - cost(shares(units, nanos), nanos) * slicesPerUnit;
    if (gain < GAIN * present || gain * stepsLeft < PAYS_NANOS) {
      return false;
    }
    quietNanos = Math.min(2 * quietNanos, FIRST_PROBE_NANOS);
    return true;
  }

  /** An executor without slices may have recovered: after a while, it gets some again. */
  private void forgive(List<Seat> seats, long now) {
    if (now - dealtNanos < probeNanos) {
      return;
    }
    boolean forgiven = false;
    for (Seat seat : seats) {
      Measured m = byExecutor.get(seat.executorId());
      if (m != null && m.stepNanos == 0) {
        byExecutor.remove(seat.executorId());
        forgiven = true;
      }
    }
    if (forgiven) {
      probeNanos *= 2;
    }
  }

  /** Who is much slower than the others now, or null. */
  @Nullable Straggler straggler() {
    Straggler worst = null;
    for (Map.Entry<String, Measured> entry : byExecutor.entrySet()) {
      Measured m = entry.getValue();
      double[] others =
          byExecutor.entrySet().stream()
              .filter(e -> e != entry && e.getValue().nanosPerSlice > 0)
              .mapToDouble(e -> e.getValue().nanosPerSlice)
              .sorted()
              .toArray();
      boolean idle = m.stepNanos == 0;
      boolean settled = m.messages >= SETTLED && m.stepNanos >= NOTICED_NANOS;
      if (others.length == 0 || !(idle || settled)) {
        continue;
      }
      double factor = m.nanosPerSlice / others[others.length / 2];
      if (factor >= SLOW && (worst == null || factor > worst.factor())) {
        worst = new Straggler(entry.getKey(), factor, idle);
      }
    }
    return worst;
  }

  private int from(String executorId) {
    Measured m = byExecutor.get(executorId);
    return m == null ? Integer.MAX_VALUE : m.from;
  }

  /** Time of a slice on an executor; the median of the others for one that is not known. */
  private double nanos(String executorId) {
    Measured m = byExecutor.get(executorId);
    if (m != null) {
      return m.nanosPerSlice;
    }
    double[] known = byExecutor.values().stream().mapToDouble(o -> o.nanosPerSlice).toArray();
    Arrays.sort(known);
    return known.length == 0 ? 1 : known[(known.length - 1) / 2];
  }

  private int[] even(int seats) {
    int[] counts = new int[seats];
    for (int i = 0; i < seats; i++) {
      counts[i] = (int) ((long) units * (i + 1) / seats) - (int) ((long) units * i / seats);
    }
    return counts;
  }

  /** Each unit goes to the slot that is done with it first: the shortest longest time. */
  static int[] shares(int units, double[] nanos) {
    int[] counts = new int[nanos.length];
    for (int u = 0; u < units; u++) {
      int best = 0;
      for (int i = 1; i < nanos.length; i++) {
        if ((counts[i] + 1) * nanos[i] < (counts[best] + 1) * nanos[best]) {
          best = i;
        }
      }
      counts[best]++;
    }
    return counts;
  }

  private static double cost(int[] counts, double[] nanos) {
    double most = 0;
    for (int i = 0; i < counts.length; i++) {
      most = Math.max(most, counts[i] * nanos[i]);
    }
    return most;
  }
}
