package dev.bellows.engine.sample;

/**
 * Which rows make up slice v of step t of an epoch.
 *
 * <p>Rows are dealt like cards: the row of rank r lies in data shard {@code r mod V} at position
 * {@code r div V}, so shard v holds {@code ceil((N - v) / V)} rows. A global batch is a run of B
 * consecutive ranks of the permuted deck; slice v's part of it is a run of consecutive positions of
 * the permuted shard v. Therefore every row is read exactly once per epoch, the parts of a batch
 * sum to the batch, and they differ by at most one row. The last, partial batch is a step of its
 * own (TRN-34: steps = ceil(N / B)). When B or the last batch is smaller than V some slices are
 * empty in that step.
 */
public final class BatchSchedule {
  private final long rows;
  private final int batchSize;
  private final int slices;

  /** A run of positions {@code [from, from + count)} in the permuted order of a data shard. */
  public record Rows(int from, int count) {}

  /**
   * @param shardSizes rows of each data shard; shard v of V must hold ceil((N - v) / V) of the N
   *     rows
   * @param batchSize rows of a global batch, at least 1
   * @param slices V, the number of logical slices and of data shards
   */
  public BatchSchedule(long[] shardSizes, int batchSize, int slices) {
    if (slices < 1 || shardSizes.length != slices) {
      throw new IllegalArgumentException(
          "data shards: expected one per slice (" + slices + "), found " + shardSizes.length);
    }
    if (batchSize < 1) {
      throw new IllegalArgumentException("batch_size: expected 1 or more, found " + batchSize);
    }
    long n = 0;
    for (long size : shardSizes) {
      n = Math.addExact(n, size);
    }
    for (int v = 0; v < slices; v++) {
      long expected = positionsBelow(n, v, slices);
      if (shardSizes[v] != expected) {
        throw new IllegalArgumentException(
            "data shard %d of %d: expected %d of %d rows (rank modulo slices), found %d; deal the rows again"
                .formatted(v, slices, expected, n, shardSizes[v]));
      }
    }
    this.rows = n;
    this.batchSize = batchSize;
    this.slices = slices;
  }

  /** The schedule of {@code rows} rows that were dealt to {@code slices} shards. */
  public static BatchSchedule of(long rows, int batchSize, int slices) {
    long[] sizes = new long[Math.max(slices, 0)];
    for (int v = 0; v < slices; v++) {
      sizes[v] = positionsBelow(rows, v, slices);
    }
    return new BatchSchedule(sizes, batchSize, slices);
  }

  /**
   * Default V of a batch: the largest power of two that is at most batch/16, but at least min(8,
   * batch) and at most 64.
   */
  public static int defaultSlices(int batchSize) {
    if (batchSize < 1) {
      throw new IllegalArgumentException("batch_size: expected 1 or more, found " + batchSize);
    }
    int power = Integer.highestOneBit(Math.max(1, batchSize / 16));
    return Math.max(Math.min(8, batchSize), Math.min(64, power));
  }

  /** Rows of an epoch. */
  public long rows() {
    return rows;
  }

  /** Number of slices V. */
  public int slices() {
    return slices;
  }

  /** ceil(rows / batchSize); 0 when there are no rows. */
  public long stepsPerEpoch() {
    return (rows + batchSize - 1) / batchSize;
  }

  /** Rows of the global batch of a step: batchSize, or what is left in the last step. */
  public int batchRows(long stepInEpoch) {
    check(stepInEpoch);
    return (int) (end(stepInEpoch) - stepInEpoch * batchSize);
  }

  /**
   * The rows of slice {@code slice} in step {@code stepInEpoch} (0-based), as positions of the
   * permuted shard.
   */
  public Rows rowsOf(long stepInEpoch, int slice) {
    return new Rows(from(stepInEpoch, slice), count(stepInEpoch, slice));
  }

  /** First position of {@link #rowsOf}; for loops that must not allocate. */
  public int from(long stepInEpoch, int slice) {
    check(stepInEpoch);
    checkSlice(slice);
    return Math.toIntExact(positionsBelow(stepInEpoch * batchSize, slice, slices));
  }

  /** Number of rows of {@link #rowsOf}. */
  public int count(long stepInEpoch, int slice) {
    int from = from(stepInEpoch, slice);
    return Math.toIntExact(positionsBelow(end(stepInEpoch), slice, slices)) - from;
  }

  /** The most rows that any slice has in any step: the size of the batch buffers. */
  public int maxSliceRows() {
    long batch = Math.min(batchSize, rows);
    return (int) ((batch + slices - 1) / slices);
  }

  private long end(long stepInEpoch) {
    return Math.min(rows, (stepInEpoch + 1) * batchSize);
  }

  // How many ranks r < limit have r mod slices == slice.
  private static long positionsBelow(long limit, int slice, int slices) {
    return limit <= slice ? 0 : (limit - slice + slices - 1) / slices;
  }

  private void check(long stepInEpoch) {
    if (stepInEpoch < 0 || stepInEpoch >= stepsPerEpoch()) {
      throw new IndexOutOfBoundsException(
          "step in epoch: expected 0.." + (stepsPerEpoch() - 1) + ", found " + stepInEpoch);
    }
  }

  private void checkSlice(int slice) {
    if (slice < 0 || slice >= slices) {
      throw new IndexOutOfBoundsException(
          "slice: expected 0.." + (slices - 1) + ", found " + slice);
    }
  }
}
