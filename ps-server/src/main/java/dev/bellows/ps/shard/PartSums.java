package dev.bellows.ps.shard;

/**
 * A task's sums of a step, cut as the shards cut the vector: one {@link TreeSum} for what a shard
 * holds of a chunk, so that a part can leave before the others are computed. Parts are in the order
 * of their elements. The bits are those of one tree over the whole vector. Not thread-safe.
 */
public final class PartSums {
  private final int[] bounds;
  private final int[] shards;
  private final TreeSum[] trees;

  /**
   * Empty sums.
   *
   * @param slices number V of slices
   * @param map how the vector is cut
   */
  public PartSums(int slices, ShardMap map) {
    int parts = 0;
    for (int shard = 0; shard < map.shards(); shard++) {
      parts += map.endChunk(shard) - map.firstChunk(shard);
    }
    this.bounds = new int[parts + 1];
    this.shards = new int[parts];
    this.trees = new TreeSum[parts];
    FloatPool pool = new FloatPool(Math.min(ShardMap.CHUNK, map.length()), FloatPool.Budget.NONE);
    int part = 0;
    for (int shard = 0; shard < map.shards(); shard++) {
      for (int chunk = map.firstChunk(shard); chunk < map.endChunk(shard); chunk++) {
        int from = ShardMap.chunkFrom(chunk, map.from(shard));
        bounds[part + 1] = ShardMap.chunkTo(chunk, map.to(shard));
        shards[part] = shard;
        trees[part] = new TreeSum(slices, bounds[part + 1] - from, pool);
        part++;
      }
    }
  }

  /** Number of parts. */
  public int parts() {
    return trees.length;
  }

  /** Elements of the whole vector. */
  public int length() {
    return bounds[trees.length];
  }

  /** Part p is [bounds[p], bounds[p + 1]); a copy. */
  public int[] bounds() {
    return bounds.clone();
  }

  /** First element of a part. */
  public int from(int part) {
    return bounds[part];
  }

  /** One past the last element of a part. */
  public int to(int part) {
    return bounds[part + 1];
  }

  /** The shard that holds a part. */
  public int shard(int part) {
    return shards[part];
  }

  /** The sum of a part's elements. */
  public TreeSum tree(int part) {
    return trees[part];
  }

  /**
   * Adds what a subtree of slices gives to one part.
   *
   * @param level the subtree's level, 0 for one slice
   * @param index its index on the level
   * @param vector address of the whole vector's sums
   * @param sums weight sum, loss sum, metric sum, rows
   * @return whether the part and the loss are finite
   * @throws IllegalStateException when one of the slices is present already in the part
   */
  public boolean add(int part, int level, int index, long vector, double[] sums) {
    return trees[part].add(level, index, vector + (long) Float.BYTES * bounds[part], sums);
  }

  /**
   * Adds one slice to one part.
   *
   * @param vector the whole vector of the slice's sums [length]
   * @param sums weight sum, loss sum, metric sum, rows
   * @param finite false when the part or the loss has NaN or infinite values
   * @return false when the slice is present already in the part
   */
  public boolean add(int part, int slice, float[] vector, double[] sums, boolean finite) {
    return trees[part].add(
        0, slice, vector, bounds[part], sums[0], sums[1], sums[2], sums[3], finite ? -1 : slice);
  }

  /**
   * Adds what a subtree of slices gives to all parts.
   *
   * @return whether all parts and the loss are finite
   */
  public boolean add(int level, int index, long vector, double[] sums) {
    boolean finite = true;
    for (int part = 0; part < trees.length; part++) {
      finite &= add(part, level, index, vector, sums);
    }
    return finite;
  }

  /**
   * Marks slices that are not finite in one part as such in all, so that no part of their step is
   * applied that has not left yet. All parts must hold the same slices.
   */
  public void shareBad() {
    TreeSum.shareBad(trees);
  }

  /** Empties all parts. */
  public void clear() {
    for (TreeSum tree : trees) {
      tree.clear();
    }
  }
}
