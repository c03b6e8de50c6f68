package dev.bellows.ps.shard;

import dev.bellows.engine.sample.Mix64;

/**
 * Where the rows of a sparse table live. A key belongs to the bucket that the upper bits of its
 * hash name, buckets are dealt to shards as contiguous ranges of nearly equal size. The number of
 * buckets is fixed by the table alone, so what happens inside of one is the same for any number of
 * shards.
 *
 * <p>Keys are always listed in <i>hash order</i>: by {@link #hash} as an unsigned number. The hash
 * is a bijection, so there are no ties, and the keys of a bucket, and of a shard, are neighbours.
 */
public final class RowMap {
  /** Most buckets of a table. */
  public static final int MAX_BUCKETS = 4096;

  /** Widest row. */
  public static final int MAX_WIDTH = 65_536;

  /** Floats in one message, so that it fits a frame: 1 MiB. */
  public static final int PIECE = 262_144;

  private final int buckets;
  private final int shards;

  private RowMap(int buckets, int shards) {
    this.buckets = buckets;
    this.shards = shards;
  }

  /**
   * A map.
   *
   * @param buckets of the table, 1 to {@value #MAX_BUCKETS}
   * @param shards at least 1; with more shards than buckets some get none
   */
  public static RowMap of(int buckets, int shards) {
    if (buckets < 1 || buckets > MAX_BUCKETS || shards < 1) {
      throw new IllegalArgumentException(
          "expected 1.."
              + MAX_BUCKETS
              + " buckets and at least one shard, found "
              + buckets
              + " and "
              + shards);
    }
    return new RowMap(buckets, shards);
  }

  /** The hash that orders and places a key. */
  public static long hash(long key) {
    return Mix64.mix(key);
  }

  /** The bucket of a hash; larger hashes have the same or larger buckets. */
  public static int bucket(long hash, int buckets) {
    return (int) (((hash >>> 32) * buckets) >>> 32);
  }

  /** Whether {@code key} comes before {@code other} in hash order. */
  public static boolean before(long key, long other) {
    return Long.compareUnsigned(hash(key), hash(other)) < 0;
  }

  /**
   * Most rows of one bucket in a table of so many: its share and four standard deviations of how
   * hashing spreads them, so that a table within its bound is not refused for one full bucket.
   */
  public static int bucketLimit(long maxRows, int buckets) {
    double share = (double) maxRows / buckets;
    return (int) Math.min(1 << 30, Math.ceil(share + 4 * Math.sqrt(share) + 1));
  }

  /** Number of buckets. */
  public int buckets() {
    return buckets;
  }

  /** Number of shards. */
  public int shards() {
    return shards;
  }

  /** First bucket of a shard. */
  public int from(int shard) {
    return (int) ((long) buckets * shard / shards);
  }

  /** One past the last bucket of a shard. */
  public int to(int shard) {
    return from(shard + 1);
  }
}
