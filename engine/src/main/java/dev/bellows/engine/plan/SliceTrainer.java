package dev.bellows.engine.plan;

import dev.bellows.engine.kernel.KernelProvider;
import dev.bellows.engine.nn.Mode;
import dev.bellows.engine.nn.NetworkSpec;
import dev.bellows.engine.nn.ParameterLayout;
import dev.bellows.engine.tensor.Memory;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.LongSupplier;

/**
 * Computes the gradient of one slice of a global batch: forward and backward as one list of kernel
 * calls.
 *
 * <pre>
 * SliceTrainer trainer = new SliceTrainer(spec, 64, KernelProvider.choose(AUTO), seed);
 * trainer.setParameters(weights);                    // once per step
 * fill(trainer.batch()); trainer.batch().setRows(n); // per slice
 * trainer.run(step, slice);
 * trainer.gradient(sum);                             // sums over the rows, not means
 * </pre>
 *
 * <p>Gradients are sums over rows of row weight times class weight times the row's gradient; for a
 * STATE segment the sum of weights times the slice's statistic. The bits are a function of
 * parameters, batch rows, step, slice and seed alone: any instance on any thread of machines with
 * the same {@link KernelProvider#id()} gives the same.
 *
 * <p>There is one plan per number of rows, made when it is first needed; a run with a known number
 * of rows allocates nothing. Not thread-safe; instances of different threads run at once. Close it:
 * its memory is off-heap.
 */
public final class SliceTrainer implements AutoCloseable {
  private final NetworkPlans plans;
  private final long seed;

  /**
   * A trainer with the default plan.
   *
   * @param maxRows most rows of a slice
   * @param seed of the dropout masks
   */
  public SliceTrainer(NetworkSpec spec, int maxRows, KernelProvider kernels, long seed) {
    this(spec, maxRows, kernels, seed, PlanOptions.DEFAULT);
  }

  /** A trainer whose plans are made with {@code options}. */
  public SliceTrainer(
      NetworkSpec spec, int maxRows, KernelProvider kernels, long seed, PlanOptions options) {
    this(spec, maxRows, kernels, seed, options, List.of());
  }

  /**
   * A trainer that also keeps what layers give.
   *
   * @param watched names of layers for {@link #activationAddress}
   */
  public SliceTrainer(
      NetworkSpec spec,
      int maxRows,
      KernelProvider kernels,
      long seed,
      PlanOptions options,
      List<String> watched) {
    this(spec, maxRows, kernels, seed, options, watched, 1);
  }

  /**
   * A trainer that may compute several slices at once where that is faster, see {@link #lanes}.
   *
   * @param mostLanes most slices at once
   */
  public SliceTrainer(
      NetworkSpec spec,
      int maxRows,
      KernelProvider kernels,
      long seed,
      PlanOptions options,
      List<String> watched,
      int mostLanes) {
    int lanes = Lanes.worthwhile(spec, maxRows, kernels, options, mostLanes);
    this.plans = new NetworkPlans(spec, maxRows, kernels, Mode.TRAIN, options, watched, lanes);
    this.seed = seed;
  }

  /**
   * Slices that {@link #runLanes} computes at once, a power of two; 1 where one after the other is
   * as fast.
   */
  public int lanes() {
    return plans.lanes();
  }

  /** The input buffers of a lane; lane 0 has those of {@link #batch()}. */
  public BatchBuffers batch(int lane) {
    return plans.batch(lane);
  }

  /**
   * Forward and backward for the rows of all lanes. Result and gradient are the sums over the
   * slices, added as a binary tree in float32 (scalars in double): the bits of {@link #run} of each
   * slice and the additions afterwards. When they are not finite, run the slices one by one to
   * learn which is the first.
   *
   * @param step as in {@link #run}
   * @param firstSlice slice of lane 0; the other lanes have the ones after it
   * @throws IllegalStateException when the lanes have different numbers of rows
   */
  public StepResult runLanes(long step, int firstSlice) {
    plans.runLanes(seed, step, firstSlice);
    return plans.result();
  }

  /**
   * Shows a hook what passes through the layers from the next run on. Runs with hooks use a plan of
   * their own that keeps everything, so they are slower; without hooks nothing changes.
   */
  public void addHook(LayerHook hook) {
    plans.addHook(hook);
  }

  /**
   * Takes a hook away.
   *
   * @return whether it was there
   */
  public boolean removeHook(LayerHook hook) {
    return plans.removeHook(hook);
  }

  /**
   * Where the floats [rows, ...] that a watched layer gave in the last run lie, valid until the
   * next run.
   *
   * @throws IllegalArgumentException when the layer is not watched
   */
  public long activationAddress(String layer) {
    return plans.activationAddress(layer);
  }

  /** The input buffers: fill them and set their rows before {@link #run}. */
  public BatchBuffers batch() {
    return plans.batch();
  }

  /** The flat vector that parameters and gradient follow. */
  public ParameterLayout layout() {
    return plans.layout();
  }

  /**
   * Copies the whole flat vector in.
   *
   * @throws IllegalArgumentException when its length is not that of {@link #layout}
   */
  public void setParameters(float[] flat) {
    plans.setParameters(flat);
  }

  /**
   * Copies a range of the flat vector in.
   *
   * @param at first element that is written
   * @param values holds {@code length} elements from {@code offset} on
   * @throws IndexOutOfBoundsException when the range is not within {@link #layout}
   */
  public void setParameters(int at, float[] values, int offset, int length) {
    plans.setParameters(at, values, offset, length);
  }

  /**
   * Forward and backward for the rows of {@link #batch}.
   *
   * @param step global step, for the dropout masks
   * @param slice logical slice of the step, for the dropout masks
   * @throws IllegalArgumentException when a label, code or CSR index is out of range, naming the
   *     row
   */
  public StepResult run(long step, int slice) {
    plans.run(seed, step, slice);
    return plans.result();
  }

  /**
   * Cuts the flat vector into the parts that a {@link PartListener} hears of.
   *
   * @param bounds part p is [bounds[p], bounds[p + 1]); from 0 to the length of {@link #layout}
   * @throws IllegalArgumentException when the bounds do not ascend from 0 to the length
   */
  public void setParts(int[] bounds) {
    boolean whole =
        bounds.length > 1 && bounds[0] == 0 && bounds[bounds.length - 1] == layout().length();
    for (int p = 1; whole && p < bounds.length; p++) {
      whole = bounds[p] > bounds[p - 1];
    }
    if (!whole) {
      throw new IllegalArgumentException(
          "bounds of parts must ascend from 0 to "
              + layout().length()
              + ", found "
              + Arrays.toString(bounds));
    }
    plans.setParts(bounds);
  }

  /**
   * {@link #run(long, int)} heard by a listener; the result is the same to the bit. Between its
   * calls of {@link PartListener#needs} and {@link PartListener#ready} for a part, parameters of
   * this part must not change; at other times {@link #bringParameters} may. Parts are those of
   * {@link #setParts}.
   */
  public StepResult run(long step, int slice, PartListener listener) {
    plans.run(seed, step, slice, listener);
    return plans.result();
  }

  /** {@link #runLanes(long, int)} heard by a listener, as {@link #run(long, int, PartListener)}. */
  public StepResult runLanes(long step, int firstSlice, PartListener listener) {
    plans.runLanes(seed, step, firstSlice, listener);
    return plans.result();
  }

  /**
   * Copies a range of the flat vector in, perhaps on another thread and while a run goes on that
   * does not read it. {@link #parametersChanged} has to be called before the run that is the first
   * to read it.
   *
   * @param at first element that is written
   * @param values holds {@code length} elements from {@code offset} on
   */
  public void bringParameters(int at, float[] values, int offset, int length) {
    plans.bringParameters(at, values, offset, length);
  }

  /** Says that the next run is one with other parameters, of which some may still be coming. */
  public void parametersChanged() {
    plans.parametersChanged();
  }

  /** Whether elements [from, to) of the gradient have no NaN and no infinity. */
  public boolean finite(int from, int to) {
    Objects.checkFromToIndex(from, to, layout().length());
    return plans.kernels().reduce().allFinite(plans.gradientAddress() + 4L * from, to - from);
  }

  /**
   * Copies the flat sum-gradient of the last run to the start of {@code dst}, STATE segments
   * included.
   */
  public void gradient(float[] dst) {
    Memory.copyOut(plans.gradientAddress(), dst, 0, plans.layout().length());
  }

  /**
   * Where the flat sum-gradient of the last run lies: floats as long as {@link #layout}, valid
   * until the next run.
   */
  public long gradientAddress() {
    return plans.gradientAddress();
  }

  /** Sets the gradient to zero, that of a slice without rows. */
  public void clearGradient() {
    Memory.zero(plans.gradientAddress(), 4L * plans.layout().length());
  }

  /** {weightSum, lossSum, metricSum, rows} of the last run, live. */
  public double[] scalars() {
    return plans.result().scalars();
  }

  /** Whether loss and gradient of the last run have no NaN and no infinity. */
  public boolean finite() {
    return Double.isFinite(plans.result().lossSum())
        && plans.kernels().reduce().allFinite(plans.gradientAddress(), plans.layout().length());
  }

  /**
   * Where loss or gradient of the last run stopped being finite. The rows are computed once more,
   * op by op with every value kept, so this takes memory and time: for messages.
   *
   * @param step as in {@link #run}
   * @param slice as in {@link #run}
   * @return the first op with such a value, its layer or phase, and the element, after step and
   *     slice; "" when all is finite
   */
  public String firstNonFinite(long step, int slice) {
    String found = plans.firstNonFinite(seed, step, slice);
    return found.isEmpty() ? "" : "step " + step + ", slice " + slice + ": " + found;
  }

  /**
   * Adds the flat sum-gradient of the last run to {@code dst}: a batch in several runs has the sum
   * of their gradients (gradient accumulation).
   */
  public void addGradient(float[] dst) {
    long from = plans.gradientAddress();
    for (int i = 0; i < plans.layout().length(); i++) {
      dst[i] += Memory.getFloat(from + 4L * i);
    }
  }

  /** The plan for the batch's rows; they must be set. */
  public PlanDescription describe() {
    return plans.describe(0, () -> 0);
  }

  /**
   * The plan for the batch's rows, each kernel call with its median time over {@code runs} runs.
   * The gradient is that of the last run.
   *
   * @param nanoClock nanoseconds from any start, for example {@code System::nanoTime}
   */
  public PlanDescription profile(int runs, LongSupplier nanoClock) {
    return plans.describe(runs, nanoClock);
  }

  @Override
  public void close() {
    plans.close();
  }
}
