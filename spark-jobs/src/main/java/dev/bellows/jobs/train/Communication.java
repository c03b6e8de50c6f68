package dev.bellows.jobs.train;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What tasks said about the time in which something was under way to the shards and back, and about
 * the part of it in which they could do nothing else.
 *
 * <p>Time under way begins with the first part of a step's sums that leaves and ends with the last
 * part of the next parameters, so it holds waiting for other tasks, too.
 */
final class Communication {
  private static final double NANOS_PER_MS = 1e6;
  private static final List<String> KINDS = List.of("compute", "wait", "under_way");

  private long waitNanos;
  private long underWayNanos;
  private List<long[]> timelines = List.of();

  /** Takes over what the tasks of a segment reported, in the order of their slices. */
  void add(List<TaskReport> reports) {
    List<long[]> latest = new ArrayList<>();
    for (TaskReport report : reports) {
      waitNanos += report.waitNanos();
      underWayNanos += report.underWayNanos();
      if (report.steps() > 0) {
        latest.add(report.timeline());
      }
    }
    timelines = latest;
  }

  /** Whether anything was under way. */
  boolean any() {
    return underWayNanos > 0;
  }

  /** Share of the time under way that was hidden behind computing. */
  double hidden() {
    return any() ? Math.max(0, 1 - (double) waitNanos / underWayNanos) : 0;
  }

  /** "12.3 s under way, 41 % of it hidden behind computing" */
  String line() {
    return String.format(
        Locale.ROOT,
        "%.1f s of tasks' time under way, %.0f %% of it hidden behind computing",
        underWayNanos / 1e9,
        100 * hidden());
  }

  /** The tree of timeline.json: a few steps of each task of the last segment. */
  Map<String, Object> tree() {
    List<Object> tasks = new ArrayList<>();
    for (long[] numbers : timelines) {
      List<Object> intervals = new ArrayList<>();
      for (int at = 0; at + Timeline.FIELDS <= numbers.length; at += Timeline.FIELDS) {
        Map<String, Object> interval = new LinkedHashMap<>();
        interval.put("kind", KINDS.get((int) numbers[at]));
        interval.put("step", numbers[at + 1]);
        interval.put("from_ms", numbers[at + 2] / NANOS_PER_MS);
        interval.put("to_ms", numbers[at + 3] / NANOS_PER_MS);
        intervals.add(interval);
      }
      tasks.add(intervals);
    }
    Map<String, Object> tree = new LinkedHashMap<>();
    tree.put("hidden", hidden());
    tree.put("under_way_seconds", underWayNanos / 1e9);
    tree.put("wait_seconds", waitNanos / 1e9);
    tree.put("tasks", tasks);
    return tree;
  }
}
