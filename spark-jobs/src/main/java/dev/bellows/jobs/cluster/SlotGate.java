package dev.bellows.jobs.cluster;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Set;

/**
 * Deals the task slots of a Spark context to the trainings that run in it side by side.
 *
 * <p>The tasks of a segment wait for each other: two trainings with a part of their tasks running
 * each would wait for ever. So a training starts no more tasks than it has slots here. They are
 * dealt in the order of asking, each time an equal share at most; a training takes what is free of
 * it, since any number of tasks gives the same bytes.
 *
 * <p>One per JVM, as there is one Spark context per JVM. All methods may be called from any thread.
 */
public final class SlotGate {
  private static final SlotGate CURRENT = new SlotGate();

  private final Set<String> runs = new HashSet<>();
  private final Deque<String> asking = new ArrayDeque<>();
  private int taken;

  SlotGate() {}

  /** The gate of this JVM's Spark context. */
  public static SlotGate current() {
    return CURRENT;
  }

  /** A training begins. */
  public synchronized void enter(String run) {
    runs.add(run);
  }

  /** A training has ended; it holds no slots any more. */
  public synchronized void leave(String run) {
    runs.remove(run);
    asking.remove(run);
  }

  /**
   * Asks for slots; to be repeated while the answer is 0. The first ask counts for the order.
   *
   * @param run who asks
   * @param wanted slots that are useful, {@code >= 1}
   * @param slots slots of the cluster now
   * @return slots that the run has from now on, at most {@code wanted}; 0: not yet
   */
  public synchronized int take(String run, int wanted, int slots) {
    if (!asking.contains(run)) {
      asking.addLast(run);
    }
    int share = Math.max(1, slots / Math.max(1, runs.size()));
    int granted = Math.min(Math.min(wanted, share), slots - taken);
    boolean first = run.equals(asking.peekFirst());
    // Where there is no slot at all the Spark job itself waits for one, as a single training does.
    if (first && granted < 1 && taken == 0) {
      granted = 1;
    }
    if (!first || granted < 1) {
      return 0;
    }
    asking.removeFirst();
    taken += granted;
    return granted;
  }

  /** Gives slots back. */
  public synchronized void giveBack(int count) {
    taken -= count;
  }

  /** Slots that a run with {@code held} of them could have now if it asked anew. */
  public synchronized int available(int held, int slots) {
    int share = Math.max(1, slots / Math.max(1, runs.size()));
    return asking.isEmpty() ? Math.min(share, slots - taken + held) : held;
  }
}
