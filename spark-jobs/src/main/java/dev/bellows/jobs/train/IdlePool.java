package dev.bellows.jobs.train;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Things that are expensive to make and wait to be used again, by run. Whatever is not taken is
 * closed: when a task of another run comes, when it waited too long, or all at once.
 *
 * <p>Thread-safe; closing happens outside of the lock.
 *
 * @param <T> what waits
 */
final class IdlePool<T> {
  /** One that waits, since a time of {@link System#nanoTime}. */
  private record Waiting<T>(T item, long since) {}

  private final Map<String, Deque<Waiting<T>>> idle = new HashMap<>();
  private final int mostPerRun;
  private final Consumer<T> closer;

  /**
   * A pool.
   *
   * @param mostPerRun how many may wait for one run; the one that waited longest goes first
   * @param closer gives one back for good
   */
  IdlePool(int mostPerRun, Consumer<T> closer) {
    this.mostPerRun = mostPerRun;
    this.closer = closer;
  }

  /**
   * One of this run that fits, or null. Those of other runs that have waited for {@code overNanos}
   * are closed: their run is over, as far as can be known here.
   */
  @Nullable T take(String run, Predicate<T> fits, long nowNanos, long overNanos) {
    List<Waiting<T>> over = new ArrayList<>();
    T found = null;
    synchronized (idle) {
      idle.forEach(
          (other, waiting) -> {
            if (!other.equals(run)) {
              waiting.removeIf(w -> nowNanos - w.since() >= overNanos && over.add(w));
            }
          });
      idle.values().removeIf(Deque::isEmpty);
      Deque<Waiting<T>> own = idle.getOrDefault(run, new ArrayDeque<>());
      for (Iterator<Waiting<T>> i = own.iterator(); i.hasNext() && found == null; ) {
        T item = i.next().item();
        if (fits.test(item)) {
          i.remove();
          found = item;
        }
      }
    }
    close(over);
    return found;
  }

  /** Lets one wait. */
  void giveBack(String run, T item, long nowNanos) {
    List<Waiting<T>> surplus = new ArrayList<>();
    synchronized (idle) {
      Deque<Waiting<T>> own = idle.computeIfAbsent(run, r -> new ArrayDeque<>());
      own.addFirst(new Waiting<>(item, nowNanos));
      while (own.size() > mostPerRun) {
        surplus.add(own.removeLast());
      }
    }
    close(surplus);
  }

  /** Closes what waits for a run. */
  void closeRun(String run) {
    Deque<Waiting<T>> own;
    synchronized (idle) {
      own = idle.remove(run);
    }
    if (own != null) {
      close(own);
    }
  }

  /** Closes what has waited for a time or longer. */
  void closeIdle(long nowNanos, long idleNanos) {
    List<Waiting<T>> old = new ArrayList<>();
    synchronized (idle) {
      for (Deque<Waiting<T>> own : idle.values()) {
        own.removeIf(w -> nowNanos - w.since() >= idleNanos && old.add(w));
      }
      idle.values().removeIf(Deque::isEmpty);
    }
    close(old);
  }

  /** Closes all that wait. */
  void closeAll() {
    List<Waiting<T>> all = new ArrayList<>();
    synchronized (idle) {
      idle.values().forEach(all::addAll);
      idle.clear();
    }
    close(all);
  }

  private void close(Collection<Waiting<T>> items) {
    items.forEach(w -> closer.accept(w.item()));
  }
}
