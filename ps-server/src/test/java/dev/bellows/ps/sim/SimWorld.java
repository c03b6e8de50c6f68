package dev.bellows.ps.sim;

import java.util.PriorityQueue;

/** Virtual time and the queue of events; one thread. */
final class SimWorld {
  static final long MS = 1_000_000L;

  final SimRandom random;
  private final PriorityQueue<Event> queue = new PriorityQueue<>();
  private long now = 1;
  private long sequence;
  private long handled;

  private record Event(long time, long sequence, Runnable action) implements Comparable<Event> {
    @Override
    public int compareTo(Event other) {
      int byTime = Long.compare(time, other.time);
      return byTime != 0 ? byTime : Long.compare(sequence, other.sequence);
    }
  }

  SimWorld(SimRandom random) {
    this.random = random;
  }

  long now() {
    return now;
  }

  long handled() {
    return handled;
  }

  void after(long nanos, Runnable action) {
    queue.add(new Event(now + nanos, sequence++, action));
  }

  /** Runs the next event; false when there is none. */
  boolean step() {
    Event event = queue.poll();
    if (event == null) {
      return false;
    }
    now = event.time;
    handled++;
    event.action.run();
    return true;
  }
}
