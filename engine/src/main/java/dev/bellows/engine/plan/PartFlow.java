package dev.bellows.engine.plan;

import dev.bellows.engine.nn.Segment;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * When a plan's run first reads each part of the flat vector, and when it is done with it. A part
 * may hold pieces of several segments: it is needed with the first of them and ready with the last.
 */
final class PartFlow implements GraphPlan.Progress {
  /**
   * What a plan does with a segment.
   *
   * @param read first step that reads its parameters
   * @param done step after which they are read no more and the gradient is final
   */
  record Use(int read, int done) {}

  private final int[] needed;
  private final int[] neededAt;
  private final int[] ready;
  private final int[] readyAt;
  private final int scalarsAt;
  private final Runnable scalars;
  private int needs;
  private int readies;
  private @Nullable PartListener listener;

  /**
   * @param bounds part p is [bounds[p], bounds[p + 1])
   * @param uses one per segment
   * @param scalarsAt step after which the sums of loss, metric and weight are there
   * @param scalars takes them over
   */
  PartFlow(int[] bounds, List<Segment> segments, List<Use> uses, int scalarsAt, Runnable scalars) {
    int parts = bounds.length - 1;
    int[] first = new int[parts];
    int[] last = new int[parts];
    Arrays.fill(first, Integer.MAX_VALUE);
    Arrays.fill(last, scalarsAt);
    for (int s = 0; s < uses.size(); s++) {
      for (int p = 0; p < parts; p++) {
        if (segments.get(s).offset() < bounds[p + 1] && segments.get(s).end() > bounds[p]) {
          first[p] = Math.min(first[p], uses.get(s).read());
          last[p] = Math.max(last[p], uses.get(s).done());
        }
      }
    }
    this.needed = inOrderOf(first);
    this.neededAt = Arrays.stream(needed).map(p -> first[p]).toArray();
    this.ready = inOrderOf(last);
    this.readyAt = Arrays.stream(ready).map(p -> last[p]).toArray();
    this.scalarsAt = scalarsAt;
    this.scalars = scalars;
  }

  /** Parts by their steps; of those with the same the one that the forward pass uses first. */
  private static int[] inOrderOf(int[] steps) {
    return IntStream.range(0, steps.length)
        .boxed()
        .sorted(Comparator.comparingInt(part -> steps[part]))
        .mapToInt(Integer::intValue)
        .toArray();
  }

  /** The same before a run that a listener hears. */
  PartFlow heardBy(PartListener hears) {
    listener = hears;
    needs = 0;
    readies = 0;
    return this;
  }

  @Override
  public void before(int step) {
    PartListener hears = listener;
    while (hears != null && needs < needed.length && neededAt[needs] <= step) {
      hears.needs(needed[needs++]);
    }
  }

  @Override
  public void after(int step) {
    PartListener hears = listener;
    if (step == scalarsAt) {
      scalars.run();
    }
    while (hears != null && readies < ready.length && readyAt[readies] <= step) {
      hears.ready(ready[readies++]);
    }
  }
}
