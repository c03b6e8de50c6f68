package dev.bellows.engine.plan;

import dev.bellows.engine.kernel.KernelProvider;
import dev.bellows.engine.nn.Mode;
import dev.bellows.engine.nn.NetworkSpec;
import dev.bellows.engine.nn.ParameterLayout;
import dev.bellows.engine.tensor.Memory;

/**
 * Computes raw scores and, when the truth is filled in, loss and metric: dropout off, batch norm on
 * its running statistics. Used like {@link SliceTrainer}; the same rules for threads and memory
 * hold.
 */
public final class Predictor implements AutoCloseable {
  private final NetworkPlans plans;
  private final int outputs;

  /** A predictor for batches of up to {@code maxRows} rows. */
  public Predictor(NetworkSpec spec, int maxRows, KernelProvider kernels) {
    this(spec, maxRows, kernels, PlanOptions.DEFAULT);
  }

  /** A predictor whose plans are made with {@code options}. */
  public Predictor(NetworkSpec spec, int maxRows, KernelProvider kernels, PlanOptions options) {
    this.plans = new NetworkPlans(spec, maxRows, kernels, Mode.EVALUATE, options);
    this.outputs = spec.outputs();
  }

  /**
   * The input buffers: fill them and set their rows before {@link #run}; labels and targets may
   * stay zero.
   */
  public BatchBuffers batch() {
    return plans.batch();
  }

  /** The flat vector that parameters follow. */
  public ParameterLayout layout() {
    return plans.layout();
  }

  /** Copies the whole flat vector in. */
  public void setParameters(float[] flat) {
    plans.setParameters(flat);
  }

  /** Forward for the rows of {@link #batch}. */
  public void run() {
    plans.run(0, 0, 0);
  }

  /** Copies the raw scores [rows, outputs] of the last run to the start of {@code dst}. */
  public void outputs(float[] dst) {
    NetworkPlans.Compiled last = plans.current();
    long scores = last.plan().address(last.network().output());
    Memory.copyOut(scores, dst, 0, last.network().rows() * outputs);
  }

  /**
   * Copies [rows, outputs] of the last run to the start of {@code dst}: softmax of the scores for
   * softmax cross-entropy, sigmoid for sigmoid cross-entropy, else the scores themselves.
   */
  public void probabilities(float[] dst) {
    NetworkPlans.Compiled last = plans.current();
    long values = last.plan().address(last.probabilities());
    Memory.copyOut(values, dst, 0, last.network().rows() * outputs);
  }

  /**
   * {weightSum, lossSum, metricSum, rows} of the last run, live; meaningful when the truth was
   * filled in.
   */
  public double[] scalars() {
    return plans.result().scalars();
  }

  /** The plan for the batch's rows; they must be set. */
  public PlanDescription describe() {
    return plans.describe();
  }

  @Override
  public void close() {
    plans.close();
  }
}
