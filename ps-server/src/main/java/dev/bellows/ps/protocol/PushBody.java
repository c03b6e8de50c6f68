package dev.bellows.ps.protocol;

/**
 * The fields of a push. Its owner fills it again for the next step once the request was answered:
 * whoever receives one reads it before it returns.
 */
abstract class PushBody {
  private static final Target NONE = new Target("none", 0, 0);

  private Target target = NONE;
  private long client;
  private long step;
  private int level;
  private int index;
  private int chunk;
  private boolean pull;
  private int badSlice;
  private double weight;
  private double loss;
  private double metric;
  private double rows;
  private final Floats values;

  PushBody(Floats values) {
    this.values = values;
  }

  /**
   * Fills in whose sum it is.
   *
   * @param ofTarget namespace
   * @param ofClient id of the task attempt
   * @param atStep the chunk's version that the gradient was computed at
   * @param atLevel level of the subtree, 0 for a single slice
   * @param atIndex index of the subtree on its level: it covers slices [index &lt;&lt; level,
   *     (index + 1) &lt;&lt; level)
   * @param ofChunk global chunk number
   * @param wantsValues answer with the next version's values
   */
  public final void head(
      Target ofTarget,
      long ofClient,
      long atStep,
      int atLevel,
      int atIndex,
      int ofChunk,
      boolean wantsValues) {
    target = ofTarget;
    client = ofClient;
    step = atStep;
    level = atLevel;
    index = atIndex;
    chunk = ofChunk;
    pull = wantsValues;
  }

  /**
   * Fills in the sums beside the gradients.
   *
   * @param firstBad first slice with a non-finite gradient or loss anywhere in the whole vector, -1
   *     when there is none
   * @param weights sum of row weights under the subtree
   * @param losses sum of weighted losses
   * @param metrics sum of the metric
   * @param rowCount number of rows
   */
  public final void sums(
      int firstBad, double weights, double losses, double metrics, double rowCount) {
    badSlice = firstBad;
    weight = weights;
    loss = losses;
    metric = metrics;
    rows = rowCount;
  }

  /** Fills in the sums of gradients, as many as the chunk has elements in this shard. */
  public final void gradients(float[] array, int offset, int length) {
    values.set(array, offset, length);
  }

  /** Namespace. */
  public final Target target() {
    return target;
  }

  /** Id of the task attempt. */
  public final long client() {
    return client;
  }

  /** The chunk's version that the gradient was computed at. */
  public final long step() {
    return step;
  }

  /** Level of the subtree. */
  public final int level() {
    return level;
  }

  /** Index of the subtree on its level. */
  public final int index() {
    return index;
  }

  /** Global chunk number. */
  public final int chunk() {
    return chunk;
  }

  /** Whether the answer is to be the next version's values. */
  public final boolean pull() {
    return pull;
  }

  /** First slice that is not finite, or -1. */
  public final int badSlice() {
    return badSlice;
  }

  /** Sum of row weights. */
  public final double weight() {
    return weight;
  }

  /** Sum of weighted losses. */
  public final double loss() {
    return loss;
  }

  /** Sum of the metric. */
  public final double metric() {
    return metric;
  }

  /** Number of rows. */
  public final double rows() {
    return rows;
  }

  /** Sums of gradients. */
  public final Floats values() {
    return values;
  }
}
