package dev.bellows.jobs.train;

import dev.bellows.engine.plan.PartListener;
import dev.bellows.engine.plan.SliceTrainer;
import dev.bellows.engine.plan.StepResult;
import dev.bellows.ps.client.PsClient;
import dev.bellows.ps.shard.PartSums;
import dev.bellows.ps.shard.ShardMap;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The parts of a task's steps on their way while steps are computed. A part of the sums leaves
 * while the last slices' backward pass goes on, as soon as it is final and the pass reads its
 * parameters no more: so its next parameters may be written where they are read, whenever they
 * come. The first slices' forward pass of the next step waits for each part when it needs it, and
 * sums of a step begin when all parts of the one before have come.
 *
 * <p>One thread computes and calls; parameters are written by the transport's.
 */
final class PartExchange implements PartListener {
  private final SliceTrainer trainer;
  private final PartSums sums;
  private final boolean holdFirst;
  private final Timeline timeline;
  private final boolean[] left;
  private @Nullable PsClient client;
  private long step;

  /** The step before has parts that have not come yet. */
  private boolean underWay;

  /** The sums are this step's. */
  private boolean summing;

  /** Parts of this step have left. */
  private boolean begun;

  private boolean leaving;
  private boolean bad;
  private int leftInRun;
  private int level;
  private int index;
  private long firstPush;
  private volatile long lastArrival;
  private long underWayNanos;

  /**
   * Parts for a trainer.
   *
   * @param holdFirst whether the first part stays until the run is over, for tests that change its
   *     gradient
   */
  PartExchange(
      SliceTrainer trainer, int slices, ShardMap map, boolean holdFirst, Timeline timeline) {
    this.trainer = trainer;
    this.sums = new PartSums(slices, map);
    this.holdFirst = holdFirst;
    this.timeline = timeline;
    this.left = new boolean[sums.parts()];
    trainer.setParts(sums.bounds());
  }

  /** Goes on with a connection that has just read all parameters. */
  void connected(PsClient to) {
    client = to;
    underWay = false;
    begun = false;
    bad = false;
    sums.clear();
  }

  /** A step begins whose parameters may still be coming. */
  void begin(long next) {
    step = next;
    summing = false;
    bad = false;
    leftInRun = 0;
    Arrays.fill(left, false);
    trainer.parametersChanged();
  }

  /**
   * Who hears the next run.
   *
   * @param nodeLevel level of the run's slices in the tree of sums
   * @param nodeIndex their index on the level
   * @param last whether nothing comes after them in this step, so that parts may leave
   */
  @Nullable PartListener listener(int nodeLevel, int nodeIndex, boolean last) {
    level = nodeLevel;
    index = nodeIndex;
    leaving = last;
    return underWay || last ? this : null;
  }

  @Override
  public void needs(int part) {
    if (underWay) {
      long before = ps().waitedNanos();
      ps().await(part);
      waited(before);
    }
  }

  @Override
  public void ready(int part) {
    if (!leaving || (holdFirst && part == 0)) {
      return;
    }
    settle();
    leaving =
        Double.isFinite(trainer.scalars()[StepResult.LOSS_SUM])
            && trainer.finite(sums.from(part), sums.to(part));
    if (leaving) {
      sums.add(part, level, index, trainer.gradientAddress(), trainer.scalars());
      push(part);
      left[part] = true;
      leftInRun++;
    }
  }

  /** Parts that left during the last run. */
  int leftInRun() {
    return leftInRun;
  }

  /**
   * Adds a run's result to the parts that have not left.
   *
   * @return whether it is finite
   */
  boolean add(int nodeLevel, int nodeIndex, double[] scalars) {
    settle();
    boolean finite = true;
    for (int part = 0; part < left.length; part++) {
      if (!left[part]) {
        finite &= sums.add(part, nodeLevel, nodeIndex, trainer.gradientAddress(), scalars);
      }
    }
    bad |= !finite;
    return finite;
  }

  /** The step is computed: the rest of it leaves, what the next one needs first first. */
  void leave() {
    if (bad && leftInRun == 0) {
      sums.shareBad();
    }
    for (int part = 0; part < left.length; part++) {
      if (!left[part]) {
        push(part);
      }
    }
    ps().pushed();
    begun = false;
    underWay = true;
  }

  private void push(int part) {
    if (!begun) {
      begun = true;
      firstPush = System.nanoTime();
      ps().begin(sums, this::arrived);
    }
    ps().push(part);
  }

  private void arrived(int at, float[] values, int offset, int length) {
    trainer.bringParameters(at, values, offset, length);
    lastArrival = System.nanoTime();
  }

  /** Waits for the rest of the step before; from here on the sums are this step's. */
  private void settle() {
    if (!summing) {
      finish();
      sums.clear();
      summing = true;
    }
  }

  /** Waits until all parts of the step that has left have come. */
  void finish() {
    if (underWay) {
      long before = ps().waitedNanos();
      ps().finish();
      waited(before);
      underWay = false;
      underWayNanos += lastArrival - firstPush;
      timeline.add(Timeline.UNDER_WAY, ps().version() - 1, firstPush, lastArrival);
    }
  }

  private void waited(long before) {
    long nanos = ps().waitedNanos() - before;
    if (nanos > 0) {
      long now = System.nanoTime();
      timeline.add(Timeline.WAIT, step, now - nanos, now);
    }
  }

  /** Time in which something of a step was under way, of all finished steps. */
  long underWayNanos() {
    return underWayNanos;
  }

  private PsClient ps() {
    PsClient there = client;
    if (there == null) {
      throw new IllegalStateException("not connected");
    }
    return there;
  }
}
