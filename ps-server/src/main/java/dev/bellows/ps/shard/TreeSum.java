package dev.bellows.ps.shard;

import dev.bellows.engine.kernel.FlatVectors;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Sums the gradients of V logical slices in one fixed binary tree, whatever the order and grouping
 * of arrival, so that the result has the same bits for any number of tasks.
 *
 * <p>Node (level, index) stands for the slices [index &lt;&lt; level, (index + 1) &lt;&lt; level);
 * its value is left + right in float32, element by element; scalars are summed in the same tree in
 * double. V is padded to a power of two with absent leaves: a node whose sibling is absent is its
 * parent (nothing is added, so {@code -0.0f} survives). Pairwise summation also keeps the rounding
 * error at O(log V) (N. Higham, "The accuracy of floating point summation", SIAM J. Sci. Comput.
 * 14, 1993).
 *
 * <p>Tasks use it to pre-add their slices to maximal subtrees, shards to finish the tree. A
 * contribution counts once: adding a node whose slices are all present is refused; adding a node
 * that covers some present slices replaces them, which is sound because a slice's gradient has the
 * same bits wherever it is computed.
 *
 * <p>Buffers come from a pool; after warm-up nothing is allocated. Not thread-safe.
 */
public final class TreeSum {
  /** Most slices. */
  public static final int MAX_SLICES = 4096;

  private static final int SCALARS = 4;
  private static final FlatVectors VECTORS = FlatVectors.get();
  private static final int NONE_BAD = Integer.MAX_VALUE;

  private final int slices;
  private final int leaves;
  private final int levels;
  private final int length;
  private final int top;
  private final FloatPool pool;
  private final float[] @Nullable [] nodes;
  private final double[] scalars;
  private final int[] bad;
  private final long[] present;
  private final float[][] chain = new float[FlatVectors.MAX_CHAIN][];
  private final double[] carried = new double[SCALARS];
  private int presentCount;

  /**
   * An empty tree with a pool of its own.
   *
   * @param slices number V of slices, 1 to {@value #MAX_SLICES}
   * @param length elements of each vector
   */
  public TreeSum(int slices, int length) {
    this(slices, length, new FloatPool(length, FloatPool.Budget.NONE));
  }

  /**
   * An empty tree.
   *
   * @param slices number V of slices, 1 to {@value #MAX_SLICES}
   * @param length elements of each vector, at most the pool's
   * @param pool where buffers come from
   */
  public TreeSum(int slices, int length, FloatPool pool) {
    this(slices, length, 1, pool);
  }

  /**
   * An empty tree whose sums stop below the root, at subtrees of which each is a unit of its own.
   *
   * @param slices number V of slices, 1 to {@value #MAX_SLICES}
   * @param length elements of each vector
   * @param units number of subtrees, a power of two, at most V
   */
  public static TreeSum ofUnits(int slices, int length, int units) {
    return new TreeSum(slices, length, units, new FloatPool(length, FloatPool.Budget.NONE));
  }

  private TreeSum(int slices, int length, int units, FloatPool pool) {
    if (slices < 1 || slices > MAX_SLICES) {
      throw new IllegalArgumentException(
          "slices must be in 1.." + MAX_SLICES + ", found " + slices);
    }
    if (length < 0 || length > pool.length()) {
      throw new IllegalArgumentException(
          "length must be in 0.." + pool.length() + ", found " + length);
    }
    if (units < 1 || units > slices || Integer.bitCount(units) != 1) {
      throw new IllegalArgumentException(
          "units must be a power of two in 1.." + slices + ", found " + units);
    }
    this.slices = slices;
    this.top = 2 * units;
    this.length = length;
    this.pool = pool;
    levels = 32 - Integer.numberOfLeadingZeros(slices - 1);
    leaves = 1 << levels;
    nodes = new float[2 * leaves][];
    scalars = new double[2 * leaves * SCALARS];
    bad = new int[2 * leaves];
    present = new long[(slices + 63) >>> 6];
  }

  /** Number V of slices. */
  public int slices() {
    return slices;
  }

  /** Level of the root, whose subtree covers all slices. */
  public int levels() {
    return levels;
  }

  /** Elements of each vector. */
  public int length() {
    return length;
  }

  /** True when the node lies in the tree and covers at least one slice. */
  public boolean contains(int level, int index) {
    return level >= 0
        && level <= levels
        && index >= 0
        && index < leaves >> level
        && (long) index << level < slices;
  }

  /**
   * Adds one slice.
   *
   * @param slice the slice
   * @param gradient sum of gradients of its rows [length]; copied
   * @param sums weight sum, loss sum, metric sum, rows
   * @param finite false when gradient or loss has NaN or infinite values
   * @return false when the slice is present already
   */
  public boolean add(int slice, float[] gradient, double[] sums, boolean finite) {
    return add(0, slice, gradient, 0, sums[0], sums[1], sums[2], sums[3], finite ? -1 : slice);
  }

  /**
   * Adds one slice whose gradient lies outside of the heap.
   *
   * @param slice the slice
   * @param gradient address of the sum of gradients of its rows, {@link #length} floats; copied
   * @param sums weight sum, loss sum, metric sum, rows; the slice counts as not finite when one is
   *     not, or when the gradient is not
   * @return whether gradient and loss are finite
   * @throws IllegalStateException when the slice is present already
   */
  public boolean add(int slice, long gradient, double[] sums) {
    return add(0, slice, gradient, sums);
  }

  /**
   * Adds a subtree whose sum lies outside of the heap.
   *
   * @param level its level, 0 for one slice
   * @param index its index on the level
   * @param gradient address of the sum of its slices, {@link #length} floats; copied
   * @param sums weight sum, loss sum, metric sum, rows; its first slice counts as not finite when
   *     one of them is not, or when the gradient is not
   * @return whether gradient and loss are finite
   * @throws IllegalStateException when one of its slices is present already
   */
  public boolean add(int level, int index, long gradient, double[] sums) {
    boolean inside = contains(level, index);
    int first = index << level;
    int end = Math.min(slices, (index + 1) << level);
    if (!inside || countPresent(first, end) > 0) {
      throw new IllegalStateException(
          !inside
              ? "node (level " + level + ", index " + index + ") is not in the tree"
              : level == 0
                  ? "slice " + index + " is present already"
                  : "one of the slices " + first + ".." + (end - 1) + " is present already");
    }
    System.arraycopy(sums, 0, carried, 0, SCALARS);
    markPresent(first, end);
    presentCount += end - first;
    int node = (leaves >> level) + index;
    return climb(node, level, gradient, Double.isFinite(sums[1]) ? NONE_BAD : first, first);
  }

  /**
   * Adds a subtree.
   *
   * @param level its level, 0 for one slice
   * @param index its index on the level
   * @param values holds the sum of its slices; copied
   * @param offset first element in {@code values}
   * @param weight sum of row weights
   * @param loss sum of losses
   * @param metric sum of the metric
   * @param rows number of rows
   * @param badSlice first slice under it that is not finite, -1 for none
   * @return false when all its slices are present already (nothing changes)
   * @throws IndexOutOfBoundsException when the node is not in the tree
   */
  public boolean add(
      int level,
      int index,
      float[] values,
      int offset,
      double weight,
      double loss,
      double metric,
      double rows,
      int badSlice) {
    if (!contains(level, index)) {
      throw new IndexOutOfBoundsException(
          "node (level "
              + level
              + ", index "
              + index
              + ") is not in the tree over "
              + slices
              + " slices");
    }
    int from = index << level;
    int to = Math.min(slices, (index + 1) << level);
    int already = countPresent(from, to);
    if (already == to - from) {
      return false;
    }
    int node = (leaves >> level) + index;
    if (already > 0) {
      discardBelow(node);
    }
    markPresent(from, to);
    presentCount += to - from - already;
    carried[0] = weight;
    carried[1] = loss;
    carried[2] = metric;
    carried[3] = rows;
    climb(node, level, values, offset, badSlice < 0 ? NONE_BAD : badSlice);
    return true;
  }

  /** Carries a new node up while its sibling is there or absent, then stores it. */
  private void climb(int start, int startLevel, float[] values, int offset, int badSlice) {
    int node = parentAlone(start, startLevel);
    float[] sum = node >= top ? takeSibling(node) : null;
    if (sum == null) {
      sum = pool.take();
      System.arraycopy(values, offset, sum, 0, length);
      store(node, sum, badSlice);
    } else {
      VECTORS.add(values, offset, sum, length);
      climbOn(node, sum, badSlice);
    }
  }

  /** The same for a node outside of the heap; returns whether it is finite and was not bad. */
  private boolean climb(int start, int startLevel, long values, int badSlice, int firstSlice) {
    int count = 0;
    int worst = NONE_BAD;
    int node = parentAlone(start, startLevel);
    float[] other = node >= top ? takeSibling(node) : null;
    while (other != null) {
      chain[count++] = other;
      worst = Math.min(worst, addScalars(node ^ 1));
      node = parentAlone(node >> 1, levelOf(node) + 1);
      other = node >= top ? takeSibling(node) : null;
    }
    float[] sum = count == 0 ? pool.take() : chain[count - 1];
    boolean finite =
        count == 0 ? VECTORS.copy(values, sum, length) : VECTORS.add(values, chain, count, length);
    for (int k = 0; k < count - 1; k++) {
      pool.release(chain[k]);
    }
    int own = finite ? badSlice : firstSlice;
    store(node, sum, Math.min(worst, own));
    return own == NONE_BAD;
  }

  /** Goes on from a node whose sibling was just added into {@code values}. */
  private void climbOn(int start, float[] values, int badSlice) {
    int worst = Math.min(badSlice, addScalars(start ^ 1));
    float[] sum = values;
    int node = parentAlone(start >> 1, levelOf(start) + 1);
    float[] other = node >= top ? takeSibling(node) : null;
    while (other != null) {
      // float and double addition are commutative, so left + right needs no order here
      VECTORS.add(sum, 0, other, length);
      pool.release(sum);
      sum = other;
      worst = Math.min(worst, addScalars(node ^ 1));
      node = parentAlone(node >> 1, levelOf(node) + 1);
      other = node >= top ? takeSibling(node) : null;
    }
    store(node, sum, worst);
  }

  /** The highest node with the same slices: climbs while the sibling is absent by definition. */
  private int parentAlone(int start, int startLevel) {
    int node = start;
    int level = startLevel;
    while (node >= top && ((node ^ 1) - (leaves >> level)) << level >= slices) {
      node >>= 1;
      level++;
    }
    return node;
  }

  private int levelOf(int node) {
    return levels - (31 - Integer.numberOfLeadingZeros(node));
  }

  private float @Nullable [] takeSibling(int node) {
    float[] other = nodes[node ^ 1];
    nodes[node ^ 1] = null;
    return other;
  }

  private int addScalars(int node) {
    for (int i = 0; i < SCALARS; i++) {
      carried[i] += scalars[node * SCALARS + i];
    }
    return bad[node];
  }

  private void store(int node, float[] sum, int badSlice) {
    nodes[node] = sum;
    System.arraycopy(carried, 0, scalars, node * SCALARS, SCALARS);
    bad[node] = badSlice;
  }

  /** True when all slices are present. */
  public boolean isComplete() {
    return presentCount == slices;
  }

  /** True when no slice is present. */
  public boolean isEmpty() {
    return presentCount == 0;
  }

  /**
   * The sum of all slices, of the pool's length (the first {@link #length} elements count); the
   * caller may change it in place until {@link #clear}.
   *
   * @throws IllegalStateException when slices are missing
   */
  public float[] sum() {
    float[] root = nodes[1];
    if (root == null || !isComplete()) {
      throw new IllegalStateException(
          slices - presentCount + " of " + slices + " slices are missing");
    }
    return root;
  }

  /**
   * A scalar of the whole sum: 0 weight, 1 loss, 2 metric, 3 rows.
   *
   * @throws IllegalStateException when slices are missing
   */
  public double scalar(int which) {
    sum();
    return scalars[SCALARS + which];
  }

  /** First slice of the complete sum that was marked non-finite, or -1. */
  public int badSlice() {
    sum();
    return bad[1] == NONE_BAD ? -1 : bad[1];
  }

  /** True when the slice is present. */
  public boolean isPresent(int slice) {
    return (present[slice >>> 6] >>> slice & 1) != 0;
  }

  /** True when some slice under the node is present. */
  public boolean overlaps(int level, int index) {
    return countPresent(index << level, Math.min(slices, (index + 1) << level)) > 0;
  }

  /** Sets bit v of the mask for each missing slice v; other bits stay. */
  public void markMissing(long[] mask) {
    for (int slice = 0; slice < slices; slice++) {
      if (!isPresent(slice)) {
        mask[slice >>> 6] |= 1L << slice;
      }
    }
  }

  /** Gets the maximal subtrees that are there. */
  @FunctionalInterface
  public interface Visitor {
    /**
     * One subtree; see {@link TreeSum#add(int, int, float[], int, double, double, double, double,
     * int)}.
     *
     * @param values [length], borrowed until the tree changes
     */
    void node(
        int level,
        int index,
        float[] values,
        double weight,
        double loss,
        double metric,
        double rows,
        int badSlice);
  }

  /**
   * Visits the maximal subtrees that are present, highest level first and in slice order on a
   * level.
   */
  public void forEach(Visitor visitor) {
    int level = levels;
    int nextLevelAt = 2;
    for (int node = 1; node < nodes.length; node++) {
      if (node == nextLevelAt) {
        level--;
        nextLevelAt <<= 1;
      }
      float[] values = nodes[node];
      if (values != null) {
        int s = node * SCALARS;
        visitor.node(
            level,
            node - (leaves >> level),
            values,
            scalars[s],
            scalars[s + 1],
            scalars[s + 2],
            scalars[s + 3],
            bad[node] == NONE_BAD ? -1 : bad[node]);
      }
    }
  }

  /** Marks a node that is bad in one of several trees with the same nodes as bad in all. */
  static void shareBad(TreeSum[] trees) {
    for (int node = 1; node < trees[0].nodes.length; node++) {
      if (trees[0].nodes[node] != null) {
        int worst = NONE_BAD;
        for (TreeSum tree : trees) {
          worst = Math.min(worst, tree.bad[node]);
        }
        for (TreeSum tree : trees) {
          tree.bad[node] = worst;
        }
      }
    }
  }

  /** Empties the tree; buffers go back to the pool. */
  public void clear() {
    if (presentCount == 0) {
      return;
    }
    discardBelow(1);
    Arrays.fill(present, 0);
    presentCount = 0;
  }

  private void discardBelow(int top) {
    for (int first = top, width = 1; first < nodes.length; first <<= 1, width <<= 1) {
      for (int node = first; node < first + width; node++) {
        float[] values = nodes[node];
        if (values != null) {
          pool.release(values);
          nodes[node] = null;
        }
      }
    }
  }

  private int countPresent(int from, int to) {
    int n = 0;
    for (int slice = from; slice < to; slice++) {
      n += (int) (present[slice >>> 6] >>> slice & 1);
    }
    return n;
  }

  private void markPresent(int from, int to) {
    for (int slice = from; slice < to; slice++) {
      present[slice >>> 6] |= 1L << slice;
    }
  }
}
