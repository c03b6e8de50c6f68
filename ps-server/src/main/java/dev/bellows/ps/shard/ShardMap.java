package dev.bellows.ps.shard;

/**
 * How a flat vector is cut into shards and chunks. Shards are contiguous ranges whose bounds are
 * multiples of {@value #ALIGNMENT} elements (the last one ends with the vector), of nearly equal
 * size; a shard may be empty. Chunks are the pieces of {@value #CHUNK} elements on global offsets;
 * a chunk that crosses a shard bound belongs to both shards with its own part in each. Chunk
 * numbers are global: element / {@value #CHUNK}.
 */
public final class ShardMap {
  /** Shard bounds are multiples of this. */
  public static final int ALIGNMENT = 1024;

  /** Elements of a chunk: 256 KiB. */
  public static final int CHUNK = 65_536;

  private final int length;
  private final int shards;

  private ShardMap(int length, int shards) {
    this.length = length;
    this.shards = shards;
  }

  /**
   * Cuts a vector.
   *
   * @param length elements, at least 1
   * @param shards number of shards, at least 1
   */
  public static ShardMap of(int length, int shards) {
    if (length < 1 || shards < 1) {
      throw new IllegalArgumentException(
          "length and shards must be at least 1, found length " + length + ", shards " + shards);
    }
    return new ShardMap(length, shards);
  }

  /** Elements of the vector. */
  public int length() {
    return length;
  }

  /** Number of shards, empty ones included. */
  public int shards() {
    return shards;
  }

  /** First element of a shard. */
  public int from(int shard) {
    return bound(shard);
  }

  /** One past the last element of a shard. */
  public int to(int shard) {
    return bound(shard + 1);
  }

  /** True when the shard holds no element and gets no messages. */
  public boolean isEmpty(int shard) {
    return from(shard) == to(shard);
  }

  private int bound(int shard) {
    long blocks = (length + (long) ALIGNMENT - 1) / ALIGNMENT;
    return (int) Math.min(length, blocks * shard / shards * ALIGNMENT);
  }

  /** First chunk of a shard. */
  public int firstChunk(int shard) {
    return from(shard) / CHUNK;
  }

  /** One past the last chunk of a shard; equals {@link #firstChunk} for an empty one. */
  public int endChunk(int shard) {
    return isEmpty(shard) ? firstChunk(shard) : (to(shard) - 1) / CHUNK + 1;
  }

  /** First element of a chunk's part in a range that begins at {@code from}. */
  public static int chunkFrom(int chunk, int from) {
    return Math.max(from, chunk * CHUNK);
  }

  /** One past the last element of a chunk's part in a range that ends at {@code to}. */
  public static int chunkTo(int chunk, int to) {
    return (int) Math.min(to, (chunk + 1L) * CHUNK);
  }
}
