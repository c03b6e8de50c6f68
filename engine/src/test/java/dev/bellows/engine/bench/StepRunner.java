package dev.bellows.engine.bench;

import dev.bellows.engine.kernel.FlatVectors;
import dev.bellows.engine.kernel.KernelProvider;
import dev.bellows.engine.nn.Initializers;
import dev.bellows.engine.nn.Segment;
import dev.bellows.engine.optim.NanPolicy;
import dev.bellows.engine.optim.ScheduleSpec;
import dev.bellows.engine.optim.UpdateRule;
import dev.bellows.engine.optim.UpdateSpec;
import dev.bellows.engine.plan.BatchBuffers;
import dev.bellows.engine.plan.PlanDescription;
import dev.bellows.engine.plan.PlanOptions;
import dev.bellows.engine.plan.SliceTrainer;
import dev.bellows.engine.tensor.Memory;
import java.util.ArrayList;
import java.util.List;

/**
 * Whole training steps of a {@link PeerModel} in one thread: parameters in, forward and backward of
 * each slice, their sum, the update. Batches are made beforehand and used in turn.
 */
public final class StepRunner implements AutoCloseable {
  private static final int BATCHES = 16;

  private final int rows;
  private final int sliceRows;
  private final float[][] numbers = new float[BATCHES][];
  private final int[][] codes = new int[BATCHES][];
  private final int[][] labels = new int[BATCHES][];
  private final SliceTrainer trainer;
  private final UpdateRule rule;
  private final double rate;
  private final float[] weights;
  private final float[] gradient;
  private final float[][] sum;
  private final float[][] slots;
  private long steps;

  /**
   * A run from the model's start values.
   *
   * @param rows of a batch
   * @param sliceRows rows of a slice; divides {@code rows}
   */
  public StepRunner(
      PeerModel model, int rows, int sliceRows, KernelProvider provider, PlanOptions options) {
    if (rows % sliceRows != 0) {
      throw new IllegalArgumentException(rows + " rows are not whole slices of " + sliceRows);
    }
    this.rows = rows;
    this.sliceRows = sliceRows;
    this.trainer =
        new SliceTrainer(
            model.spec(), sliceRows, provider, 7, options, List.of(), rows / sliceRows);
    this.weights = Initializers.init(trainer.layout(), 1);
    this.gradient = new float[weights.length];
    this.sum = new float[][] {gradient};
    this.rate = model.optimizer().learningRate();
    List<UpdateSpec.Range> ranges = new ArrayList<>();
    for (Segment s : trainer.layout().segments()) {
      boolean state = s.kind() == Segment.Kind.STATE;
      ranges.add(
          state
              ? UpdateSpec.Range.state(s.offset(), s.end(), s.stateMomentum())
              : UpdateSpec.Range.trainable(s.offset(), s.end(), true));
    }
    this.rule =
        new UpdateRule(
            new UpdateSpec(
                model.optimizer(), ScheduleSpec.constant(), 0, 0, 0, 0, NanPolicy.STOP, ranges));
    this.slots = new float[rule.slots()][weights.length];
    makeBatches(model);
  }

  private void makeBatches(PeerModel model) {
    BatchBuffers batch = trainer.batch();
    float[] x = new float[batch.numericWidth()];
    int[] code = new int[model.spec().input().codesWidth()];
    int[] label = new int[batch.labelWidth()];
    for (int b = 0; b < BATCHES; b++) {
      numbers[b] = new float[rows * x.length];
      codes[b] = new int[rows * code.length];
      labels[b] = new int[rows * label.length];
      for (int r = 0; r < rows; r++) {
        model.row((long) b * rows + r, x, code, label);
        System.arraycopy(x, 0, numbers[b], r * x.length, x.length);
        System.arraycopy(code, 0, codes[b], r * code.length, code.length);
        System.arraycopy(label, 0, labels[b], r * label.length, label.length);
      }
    }
  }

  /** One step; returns the mean loss of the batch before the update. */
  public double step() {
    trainer.setParameters(weights);
    int b = (int) (steps % BATCHES);
    double loss = 0;
    int lanes = trainer.lanes();
    for (int slice = 0; slice < rows / sliceRows; slice += lanes) {
      for (int lane = 0; lane < lanes; lane++) {
        fill(b, slice + lane, trainer.batch(lane));
      }
      loss += trainer.runLanes(steps, slice).lossSum();
      if (slice == 0) {
        FlatVectors.get().copy(trainer.gradientAddress(), gradient, gradient.length);
      } else {
        FlatVectors.get().add(trainer.gradientAddress(), sum, 1, gradient.length);
      }
    }
    rule.apply(++steps, rate, rows, 1, weights, gradient, slots, 0, weights.length, 0);
    return loss / rows;
  }

  private void fill(int b, int slice, BatchBuffers batch) {
    copy(numbers[b], slice, batch.numeric());
    copy(codes[b], slice, batch.codes());
    copy(labels[b], slice, batch.labels());
    batch.setRows(sliceRows);
  }

  private void copy(float[] all, int slice, long to) {
    int length = all.length / rows * sliceRows;
    if (length > 0) {
      Memory.copyIn(all, slice * length, to, length);
    }
  }

  private void copy(int[] all, int slice, long to) {
    int length = all.length / rows * sliceRows;
    if (length > 0) {
      Memory.copyIn(all, slice * length, to, length);
    }
  }

  /** Parameters after the steps so far. Not a copy. */
  public float[] weights() {
    return weights;
  }

  /** The plan of a slice with the time of each call; at least one step must have been made. */
  public PlanDescription profile() {
    return trainer.profile(30, System::nanoTime);
  }

  /** Floating-point operations of a row's forward and backward pass. */
  public double flopsPerRow() {
    return trainer.describe().flops() / (double) sliceRows;
  }

  @Override
  public void close() {
    trainer.close();
  }
}
