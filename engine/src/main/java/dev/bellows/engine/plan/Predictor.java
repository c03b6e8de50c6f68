package dev.bellows.engine.plan;

import dev.bellows.engine.graph.Node;
import dev.bellows.engine.kernel.KernelProvider;
import dev.bellows.engine.nn.Head;
import dev.bellows.engine.nn.Mode;
import dev.bellows.engine.nn.NetworkGraph;
import dev.bellows.engine.nn.NetworkSpec;
import dev.bellows.engine.nn.ParameterLayout;
import dev.bellows.engine.tensor.Memory;
import dev.bellows.engine.tensor.Shape;
import java.util.List;
import java.util.Objects;

/**
 * Computes raw scores and, when the truth is filled in, loss and metric: dropout off, batch norm on
 * its running statistics. Used like {@link SliceTrainer}; the same rules for threads and memory
 * hold.
 */
public final class Predictor implements AutoCloseable {
  private final NetworkPlans plans;
  private final int scores;
  private final long seed;

  /** A predictor for batches of up to {@code maxRows} rows. */
  public Predictor(NetworkSpec spec, int maxRows, KernelProvider kernels) {
    this(spec, maxRows, kernels, PlanOptions.DEFAULT);
  }

  /** A predictor whose plans are made with {@code options}. */
  public Predictor(NetworkSpec spec, int maxRows, KernelProvider kernels, PlanOptions options) {
    this(spec, maxRows, kernels, options, List.of());
  }

  /**
   * A predictor that also keeps what layers give.
   *
   * @param watched layers for {@link #activation}: their names, or for example {@code
   *     layer0.conv2d}; or nodes of the graph, like the {@code <layer>.weights} of a layer of type
   *     attention
   */
  public Predictor(
      NetworkSpec spec,
      int maxRows,
      KernelProvider kernels,
      PlanOptions options,
      List<String> watched) {
    this(spec, maxRows, kernels, options, watched, Mode.EVALUATE, 0);
  }

  private Predictor(
      NetworkSpec spec,
      int maxRows,
      KernelProvider kernels,
      PlanOptions options,
      List<String> watched,
      Mode mode,
      long seed) {
    this.plans = new NetworkPlans(spec, maxRows, kernels, mode, options, watched, 1);
    this.scores = spec.scores();
    this.seed = seed;
  }

  /**
   * A predictor that draws: dropout masks, codes and noise as in training, batch norm on its
   * running statistics. {@link #run(long)} takes the next draws; {@link #run()} those of pass 0.
   *
   * @param seed of the draws
   * @param watched as of the constructor
   */
  public static Predictor sampling(
      NetworkSpec spec, int maxRows, KernelProvider kernels, long seed, List<String> watched) {
    return new Predictor(spec, maxRows, kernels, PlanOptions.DEFAULT, watched, Mode.SAMPLE, seed);
  }

  /** Raw scores per row: classes, times positions when labels are per position. */
  public int scores() {
    return scores;
  }

  /**
   * What a watched layer gave in the last run, row-major.
   *
   * @throws IllegalArgumentException when the layer is not watched
   */
  public float[] activation(String layer) {
    NetworkPlans.Compiled last = plans.current();
    Node node = last.watched().get(layer);
    if (node == null) {
      throw new IllegalArgumentException(
          "layer '" + layer + "' is not watched; watched are " + last.watched().keySet());
    }
    return values(last, node);
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
   * Where the floats of {@link #activation} lie, valid until the next run.
   *
   * @throws IllegalArgumentException when the layer is not watched
   */
  public long activationAddress(String layer) {
    return plans.activationAddress(layer);
  }

  /** Shape [rows, ...] of {@link #activation}. */
  public Shape activationShape(String layer) {
    return Objects.requireNonNull(plans.current().watched().get(layer), layer).shape();
  }

  /** The raw scores of a head in the last run, row-major. */
  public float[] outputs(String head) {
    NetworkPlans.Compiled last = plans.current();
    for (NetworkGraph.HeadNodes nodes : last.network().heads()) {
      if (nodes.name().equals(head)) {
        return values(last, nodes.output());
      }
    }
    throw new IllegalArgumentException("no head '" + head + "'");
  }

  /**
   * What the scores of a head became in the last run, as {@link #probabilities(float[])} for the
   * main output: row-major.
   *
   * @throws IllegalArgumentException when no head that predicts its truth has the name
   */
  public float[] probabilities(String head) {
    NetworkPlans.Compiled last = plans.current();
    Node node = last.probabilities().get(head);
    if (node == null) {
      throw new IllegalArgumentException(
          "no head '" + head + "' that predicts; there are " + last.probabilities().keySet());
    }
    return values(last, node);
  }

  /** {loss sum, metric sum} of a head in the last run; meaningful when its truth was filled in. */
  public double[] head(String name) {
    return plans.head(name);
  }

  private static float[] values(NetworkPlans.Compiled last, Node node) {
    float[] values = new float[Math.toIntExact(node.shape().size())];
    Memory.copyOut(last.plan().address(node), values, 0, values.length);
    return values;
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
    run(0);
  }

  /**
   * Forward for the rows of {@link #batch}.
   *
   * @param pass which draws; only a {@link #sampling} predictor has any
   */
  public void run(long pass) {
    plans.run(seed, pass, 0);
  }

  /** Copies the raw scores [rows, scores] of the last run to the start of {@code dst}. */
  public void outputs(float[] dst) {
    NetworkPlans.Compiled last = plans.current();
    long scores = last.plan().address(last.network().output());
    Memory.copyOut(scores, dst, 0, last.network().rows() * this.scores);
  }

  /**
   * Copies [rows, scores] of the last run to the start of {@code dst}: softmax of the scores for
   * softmax cross-entropy, sigmoid for sigmoid cross-entropy, else the scores themselves.
   */
  public void probabilities(float[] dst) {
    NetworkPlans.Compiled last = plans.current();
    Node main = Objects.requireNonNull(last.probabilities().get(Head.MAIN));
    long values = last.plan().address(main);
    Memory.copyOut(values, dst, 0, last.network().rows() * this.scores);
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
    return plans.describe(0, () -> 0);
  }

  @Override
  public void close() {
    plans.close();
  }
}
