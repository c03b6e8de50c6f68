package dev.bellows.jobs.cluster;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * What is given back when this executor process ends: the plugin hears of that, the classes that
 * keep something between tasks do not.
 */
public final class ExecutorCleanup {
  private static final Set<Runnable> ACTIONS = new LinkedHashSet<>();

  private ExecutorCleanup() {}

  /** Runs an action, once, when the executor shuts down. */
  public static void atShutdown(Runnable action) {
    synchronized (ACTIONS) {
      ACTIONS.add(action);
    }
  }

  /** Runs what was added; one that fails does not keep the others from running. */
  static void run() {
    List<Runnable> actions;
    synchronized (ACTIONS) {
      actions = List.copyOf(ACTIONS);
      ACTIONS.clear();
    }
    for (Runnable action : actions) {
      try {
        action.run();
      } catch (RuntimeException e) {
        // The process ends: the system takes back what this action could not.
      }
    }
  }
}
