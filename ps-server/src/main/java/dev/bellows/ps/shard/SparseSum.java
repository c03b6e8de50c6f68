package dev.bellows.ps.shard;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * {@link TreeSum} for gradients of a few rows of a large table: per key the gradients of the slices
 * that touch it are summed in the fixed binary tree over all slices, where a slice that does not
 * touch it is absent (nothing is added). So the sum of a key has the same bits for any grouping and
 * order of arrival, and a contribution counts once.
 *
 * <p>Keys come in hash order ({@link RowMap}). Not thread-safe.
 */
public final class SparseSum {
  private static final float[] NONE = {};

  private final int width;
  private final int leaves;
  private final int slices;
  private final TreeSum scalars; // presence, weights and bad slices live in a tree of length 0
  private final @Nullable Rows[] nodes;
  private final FloatPool.Budget budget;

  /**
   * Gradients of some rows.
   *
   * @param keys in hash order, each once
   * @param values [keys, width]
   */
  @SuppressWarnings("ArrayRecordComponent") // plain carrier, never compared
  public record Rows(long[] keys, float[] values) {
    long bytes() {
      return (long) keys.length * Long.BYTES + (long) values.length * Float.BYTES;
    }

    /** Where a key stands, or -1. */
    public int find(long key) {
      long hash = RowMap.hash(key);
      int low = 0;
      int high = keys.length - 1;
      while (low <= high) {
        int middle = (low + high) >>> 1;
        int order = Long.compareUnsigned(RowMap.hash(keys[middle]), hash);
        if (order == 0) {
          return middle;
        }
        if (order < 0) {
          low = middle + 1;
        } else {
          high = middle - 1;
        }
      }
      return -1;
    }
  }

  /** Gets the maximal subtrees that are there. */
  @FunctionalInterface
  public interface Visitor {
    /** One subtree: its place, its rows, its weight, its first bad slice or -1. */
    void node(int level, int index, Rows rows, double weight, int badSlice);
  }

  /** A tree without a limit. */
  public SparseSum(int slices, int width) {
    this(slices, width, FloatPool.Budget.NONE);
  }

  /**
   * An empty tree.
   *
   * @param slices number V of slices
   * @param width elements of a row
   * @param budget counts the bytes that are held
   */
  public SparseSum(int slices, int width, FloatPool.Budget budget) {
    this.slices = slices;
    this.width = width;
    this.budget = budget;
    this.scalars = new TreeSum(slices, 0);
    this.leaves = 1 << scalars.levels();
    this.nodes = new Rows[2 * leaves];
  }

  /** Number V of slices. */
  public int slices() {
    return slices;
  }

  /** Elements of a row. */
  public int width() {
    return width;
  }

  /** True when the node lies in the tree and covers at least one slice. */
  public boolean contains(int level, int index) {
    return scalars.contains(level, index);
  }

  /**
   * Adds one slice.
   *
   * @param slice the slice
   * @param keys in hash order, each once
   * @param values [keys, width] sums of gradients of its rows; copied
   * @param weight sum of row weights
   * @param finite false when the slice's gradient or loss has NaN or infinite values anywhere
   * @return false when the slice is present already
   */
  public boolean add(int slice, long[] keys, float[] values, double weight, boolean finite) {
    return add(0, slice, keys, 0, keys.length, values, 0, weight, finite ? -1 : slice);
  }

  /**
   * Adds a subtree.
   *
   * @param level its level, 0 for one slice
   * @param index its index on the level
   * @param keys in hash order, each once
   * @param from first of them
   * @param to one past the last
   * @param values rows of the keys; copied
   * @param offset element of the first row in {@code values}
   * @param weight sum of row weights
   * @param badSlice first slice under it that is not finite, -1 for none
   * @return false when all its slices are present already (nothing changes)
   */
  public boolean add(
      int level,
      int index,
      long[] keys,
      int from,
      int to,
      float[] values,
      int offset,
      double weight,
      int badSlice) {
    Rows rows =
        new Rows(
            Arrays.copyOfRange(keys, from, to),
            Arrays.copyOfRange(values, offset, offset + (to - from) * width));
    budget.reserve(rows.bytes()); // may refuse, before anything changed
    if (!scalars.add(level, index, NONE, 0, weight, 0, 0, 0, badSlice)) {
      budget.reserve(-rows.bytes());
      return false;
    }
    int node = (leaves >> level) + index;
    discard(node);
    node = parentAlone(node, level);
    Rows other = node > 1 ? take(node ^ 1) : null;
    while (other != null) {
      long before = rows.bytes() + other.bytes();
      rows = sum(rows, other);
      budget.reserve(rows.bytes() - before);
      node = parentAlone(node >> 1, levelOf(node) + 1);
      other = node > 1 ? take(node ^ 1) : null;
    }
    nodes[node] = rows;
    return true;
  }

  private int levelOf(int node) {
    return scalars.levels() - (31 - Integer.numberOfLeadingZeros(node));
  }

  /** The highest node with the same slices: climbs while the sibling is absent by definition. */
  private int parentAlone(int start, int startLevel) {
    int node = start;
    int level = startLevel;
    while (node > 1 && ((node ^ 1) - (leaves >> level)) << level >= slices) {
      node >>= 1;
      level++;
    }
    return node;
  }

  private @Nullable Rows take(int node) {
    Rows rows = nodes[node];
    nodes[node] = null;
    return rows;
  }

  private void discard(int top) {
    for (int first = top, count = 1; first < nodes.length; first <<= 1, count <<= 1) {
      for (int node = first; node < first + count; node++) {
        Rows rows = take(node);
        if (rows != null) {
          budget.reserve(-rows.bytes());
        }
      }
    }
  }

  /** The rows of both; where both have one, a + b element by element (addition commutes). */
  private Rows sum(Rows a, Rows b) {
    long[] keys = new long[a.keys.length + b.keys.length];
    float[] values = new float[keys.length * width];
    int i = 0;
    int j = 0;
    int n = 0;
    while (i < a.keys.length || j < b.keys.length) {
      int order =
          i == a.keys.length
              ? 1
              : j == b.keys.length
                  ? -1
                  : Long.compareUnsigned(RowMap.hash(a.keys[i]), RowMap.hash(b.keys[j]));
      int at = n * width;
      if (order <= 0) {
        keys[n] = a.keys[i];
        System.arraycopy(a.values, i * width, values, at, width);
        i++;
      }
      if (order > 0) {
        keys[n] = b.keys[j];
        System.arraycopy(b.values, j * width, values, at, width);
        j++;
      } else if (order == 0) {
        for (int k = 0; k < width; k++) {
          values[at + k] += b.values[j * width + k];
        }
        j++;
      }
      n++;
    }
    return n == keys.length
        ? new Rows(keys, values)
        : new Rows(Arrays.copyOf(keys, n), Arrays.copyOf(values, n * width));
  }

  /** True when all slices are present. */
  public boolean isComplete() {
    return scalars.isComplete();
  }

  /** True when no slice is present. */
  public boolean isEmpty() {
    return scalars.isEmpty();
  }

  /** Sets bit v of the mask for each missing slice v; other bits stay. */
  public void markMissing(long[] mask) {
    scalars.markMissing(mask);
  }

  /**
   * The sum of all slices.
   *
   * @throws IllegalStateException when slices are missing
   */
  public Rows sum() {
    scalars.sum();
    Rows root = nodes[1];
    if (root == null) {
      throw new IllegalStateException("the sum was taken");
    }
    return root;
  }

  /** Weight of the whole sum. */
  public double weight() {
    return scalars.scalar(0);
  }

  /** First slice of the complete sum that was marked non-finite, or -1. */
  public int badSlice() {
    return scalars.badSlice();
  }

  /** Visits the maximal subtrees that are present, highest level first. */
  public void forEach(Visitor visitor) {
    scalars.forEach(
        (level, index, values, weight, loss, metric, rows, bad) -> {
          Rows node = nodes[(leaves >> level) + index];
          if (node == null) {
            throw new IllegalStateException("node without rows: level " + level + ", " + index);
          }
          visitor.node(level, index, node, weight, bad);
        });
  }

  /** Empties the tree. */
  public void clear() {
    discard(1);
    scalars.clear();
  }
}
