package dev.bellows.ps.server;

import dev.bellows.ps.protocol.Consistency;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/** Requests for the values of a step that may not start yet. */
final class ClockWaiters {
  /** One of them. */
  record Waiter(long connection, long request, long client, long step) {}

  private final List<Waiter> all = new ArrayList<>();

  /** Adds a request unless it waits already (it was sent again); true when added. */
  boolean add(Waiter waiter) {
    if (all.contains(waiter)) {
      return false;
    }
    all.add(waiter);
    return true;
  }

  /** Takes out those whose step may start now. */
  List<Waiter> ready(Consistency consistency, long finished) {
    List<Waiter> ready = new ArrayList<>();
    for (Iterator<Waiter> i = all.iterator(); i.hasNext(); ) {
      Waiter waiter = i.next();
      if (consistency.mayStart(waiter.step(), finished)) {
        ready.add(waiter);
        i.remove();
      }
    }
    return ready;
  }

  /** Takes out all. */
  List<Waiter> takeAll() {
    List<Waiter> taken = List.copyOf(all);
    all.clear();
    return taken;
  }

  /** Forgets those of a connection that is gone; returns how many. */
  int forget(long connection) {
    int before = all.size();
    all.removeIf(waiter -> waiter.connection() == connection);
    return before - all.size();
  }
}
