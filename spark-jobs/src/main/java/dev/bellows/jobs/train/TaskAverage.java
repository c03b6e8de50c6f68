package dev.bellows.jobs.train;

import dev.bellows.engine.kernel.KernelProvider;
import dev.bellows.engine.nn.NetworkSpec;
import dev.bellows.engine.optim.UpdateRule;
import dev.bellows.engine.optim.UpdateSpec;
import dev.bellows.engine.plan.SliceTrainer;
import dev.bellows.engine.plan.StepResult;
import dev.bellows.engine.sample.BatchSchedule;
import dev.bellows.jobs.block.DataShard;
import dev.bellows.ps.shard.TreeSum;
import java.util.Arrays;
import java.util.List;

/**
 * {@code local(k)}: each slice takes k steps of its own from the shards' parameters and optimiser
 * slots; what it ends with counts in the average by the weight of its rows. A slice's path is a
 * function of its rows alone, so that the average has the same bits for any number of tasks.
 */
final class TaskAverage implements TaskWork {
  private final int sliceFrom;
  private final int steps;
  private final long totalSteps;
  private final long perEpoch;
  private final UpdateSpec update;
  private final UpdateRule rule;
  private final SliceTrainer trainer;
  private final SliceRows rows;
  private final TreeSum sums;
  private final float[] start;
  private final float[] contribution;
  private final float[] weights;
  private final float[][] slots;
  private final float[] gradient;
  private String badLayer = "";

  TaskAverage(
      TaskPlan plan,
      LocalSteps local,
      NetworkSpec spec,
      KernelProvider kernels,
      int sliceFrom,
      int sliceTo) {
    this.sliceFrom = sliceFrom;
    this.steps = local.count();
    this.totalSteps = local.totalSteps();
    this.rows = new SliceRows(plan, sliceFrom, sliceTo);
    this.perEpoch = rows.schedule().stepsPerEpoch();
    this.update = UpdateSpec.decode(local.update());
    this.rule = new UpdateRule(update);
    this.trainer = TaskGradient.trainer(plan, spec, kernels, rows.schedule().maxSliceRows(), 1);
    this.sums = new TreeSum(plan.slices(), plan.length());
    this.start = new float[plan.length()];
    this.contribution = new float[plan.length()];
    int length = trainer.layout().length();
    this.weights = new float[length];
    this.slots = new float[rule.slots()][length];
    this.gradient = new float[length];
  }

  @Override
  public void beginTask(List<DataShard> shards) {
    rows.beginTask(shards);
    badLayer = "";
  }

  @Override
  public void choose(int[][] chosen) {
    rows.choose(chosen);
  }

  @Override
  public void setParameters(int at, float[] values, int offset, int length) {
    System.arraycopy(values, offset, start, at, length);
  }

  @Override
  public void compute(long round) {
    BatchSchedule schedule = rows.schedule();
    long roundsPerEpoch = (perEpoch + steps - 1) / steps;
    long epoch = round / roundsPerEpoch;
    rows.beginStep(epoch);
    sums.clear();
    long from = round % roundsPerEpoch * steps;
    long to = Math.min(schedule.stepsPerEpoch(), from + steps);
    for (int i = 0; i < rows.slices(); i++) {
      compute(epoch, from, to, i);
    }
  }

  private void compute(long epoch, long from, long to, int i) {
    int length = weights.length;
    System.arraycopy(start, 0, weights, 0, length);
    for (int s = 0; s < slots.length; s++) {
      System.arraycopy(start, (s + 1) * length, slots[s], 0, length);
    }
    double[] scalars = new double[4];
    boolean finite = true;
    for (long stepInEpoch = from; stepInEpoch < to && finite; stepInEpoch++) {
      if (rows.count(stepInEpoch, i) > 0) {
        finite = step(epoch * perEpoch + stepInEpoch, stepInEpoch, i, scalars);
      }
    }
    float weight = (float) scalars[StepResult.WEIGHT_SUM];
    weigh(weights, weight, 0);
    for (int s = 0; s < slots.length; s++) {
      weigh(slots[s], weight, (s + 1) * length);
    }
    if (!finite) {
      Arrays.fill(contribution, Float.NaN);
    }
    sums.add(sliceFrom + i, contribution, scalars, finite);
  }

  private void weigh(float[] values, float weight, int at) {
    for (int e = 0; e < values.length; e++) {
      contribution[at + e] = values[e] * weight;
    }
  }

  /** One step of one slice; false when it is not finite. */
  private boolean step(long step, long stepInEpoch, int i, double[] scalars) {
    rows.fill(stepInEpoch, i, trainer.batch());
    trainer.setParameters(weights);
    StepResult result = trainer.run(step, sliceFrom + i);
    for (int s = 0; s < scalars.length; s++) {
      scalars[s] += result.scalars()[s];
    }
    if (!trainer.finite()) {
      if (badLayer.isEmpty()) {
        String first = trainer.firstNonFinite(step, sliceFrom + i);
        badLayer =
            TaskGradient.layerOfBadElement(trainer) + (first.isEmpty() ? "" : " (" + first + ")");
      }
      return false;
    }
    trainer.gradient(gradient);
    double weight = result.weightSum();
    float clip =
        update.needsNorm()
            ? rule.clipFactor(
                UpdateRule.norm(rule.blockSquares(gradient, gradient.length, 0)), weight)
            : 1f;
    double rate = update.rate(step, perEpoch, totalSteps);
    rule.apply(step + 1, rate, weight, clip, weights, gradient, slots, 0, weights.length, 0);
    return true;
  }

  @Override
  public TreeSum sums() {
    return sums;
  }

  @Override
  public String badLayer() {
    return badLayer;
  }

  @Override
  public long rows() {
    return rows.rows();
  }

  @Override
  public long fillNanos() {
    return rows.fillNanos();
  }

  @Override
  public void close() {
    trainer.close();
  }
}
