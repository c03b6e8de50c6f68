package dev.bellows.ps.sim;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.LongConsumer;

/** With compression: residuals come together at the ends of segments and are saved there. */
final class SimSegments implements SimTask.Segments {
  private final Workload work;
  private final LongConsumer snapshot;
  private final SimRandom random;
  private final List<SimTask> waiting = new ArrayList<>();
  private float[][] residuals;
  private float[][] reported;
  private long start;
  private long end;

  /** What to do when a task's residuals are lost. */
  Runnable rollBack = () -> {};

  /** Number of segments that were saved, and of tasks that came too late for their residuals. */
  long saves;

  long losses;

  SimSegments(Workload work, LongConsumer snapshot, SimRandom random) {
    this.work = work;
    this.snapshot = snapshot;
    this.random = random;
    this.residuals = work.residuals(0);
    this.reported = new float[residuals.length][];
  }

  /** All tasks start again from what was saved. */
  void restart() {
    waiting.clear();
    reported = new float[residuals.length][];
    nextEnd();
  }

  private void nextEnd() {
    end = work.compression.isNone() ? 0 : Math.min(work.totalSteps, start + random.between(1, 4));
  }

  /** The shards' values at the end are saved; residuals of all units, too. */
  void saved(long step) {
    if (work.compression.isNone()) {
      return;
    }
    if (step != end) {
      throw new AssertionError("saved step " + step + ", segment ends at " + end);
    }
    start = step;
    residuals = reported;
    saves++;
    List<SimTask> all = List.copyOf(waiting);
    restart();
    for (SimTask task : all) {
      task.resume();
    }
  }

  @Override
  public long start() {
    return start;
  }

  @Override
  public float[][] residuals() {
    return residuals;
  }

  @Override
  public long end() {
    return end;
  }

  @Override
  public void reached(SimTask task) {
    task.report(reported);
    waiting.add(task);
    if (Arrays.stream(reported).allMatch(row -> row != null)) {
      snapshot.accept(end);
    }
  }

  @Override
  public void lost(SimTask task) {
    if (!task.replaced) {
      losses++;
      rollBack.run();
    }
  }
}
