package dev.bellows.engine.plan;

import dev.bellows.engine.tensor.Arena;
import dev.bellows.engine.tensor.Memory;

/**
 * The input of a plan: off-heap buffers for up to {@code maxRows} rows that a reader fills and a
 * plan reads.
 *
 * <p>Fill the rows from the start of each buffer, then call {@link #setRows}. Buffers whose width
 * is 0 have address 0. Values are in native byte order. {@link #weights} starts as ones and {@link
 * #csrRowPointers} as zeros.
 *
 * <p>Not thread-safe; owned by one trainer or predictor.
 */
public final class BatchBuffers implements AutoCloseable {
  private static final int CSR_ROW_POINTERS = 0;
  private static final int CSR_COLUMNS = 8;
  private static final int CSR_VALUES = 16;
  private static final int CSR_DESCRIPTOR_BYTES = 24;

  private final int maxRows;
  private final int numericWidth;
  private final int categoricals;
  private final int sparseWidth;
  private final int targetWidth;
  private final int labelWidth;
  private final Arena arena;
  private final long numeric;
  private final long codes;
  private final long labels;
  private final long target;
  private final long weights;
  private final long csr;
  private int csrCapacity;
  private int rows;

  /**
   * Allocates the buffers.
   *
   * @param maxRows most rows of a batch, 1 or more
   * @param numericWidth numeric features per row, D
   * @param categoricals categorical features per row, C
   * @param sparseWidth columns of the sparse input; 0 for none
   * @param targetWidth float targets per row, K; 0 when only labels are used
   */
  public BatchBuffers(
      int maxRows, int numericWidth, int categoricals, int sparseWidth, int targetWidth) {
    this(maxRows, numericWidth, categoricals, sparseWidth, targetWidth, 1);
  }

  /**
   * Allocates the buffers of a network whose rows have several labels.
   *
   * @param categoricals code columns per row, C: categories, tokens, lengths
   * @param labelWidth labels per row, 1 or more: one per position and task
   */
  public BatchBuffers(
      int maxRows,
      int numericWidth,
      int categoricals,
      int sparseWidth,
      int targetWidth,
      int labelWidth) {
    if (labelWidth < 1) {
      throw new IllegalArgumentException("labels per row: expected 1 or more, got " + labelWidth);
    }
    if (maxRows < 1 || numericWidth < 0 || categoricals < 0 || sparseWidth < 0 || targetWidth < 0) {
      throw new IllegalArgumentException(
          "batch of "
              + maxRows
              + " rows with numeric width "
              + numericWidth
              + ", categoricals "
              + categoricals
              + ", sparse width "
              + sparseWidth
              + ", target width "
              + targetWidth
              + ": rows must be 1 or more, widths 0 or more");
    }
    this.maxRows = maxRows;
    this.numericWidth = numericWidth;
    this.categoricals = categoricals;
    this.sparseWidth = sparseWidth;
    this.targetWidth = targetWidth;
    this.labelWidth = labelWidth;
    long n = maxRows;
    this.arena =
        new Arena(
            Memory.align(4 * n * numericWidth)
                + Memory.align(4 * n * categoricals)
                + Memory.align(4 * n * labelWidth)
                + Memory.align(4 * n * targetWidth)
                + Memory.align(4 * n)
                + Memory.align(4 * (n + 1))
                + Memory.align(CSR_DESCRIPTOR_BYTES));
    this.numeric = numericWidth == 0 ? 0 : arena.take(4 * n * numericWidth);
    this.codes = categoricals == 0 ? 0 : arena.take(4 * n * categoricals);
    this.labels = arena.take(4 * n * labelWidth);
    this.target = targetWidth == 0 ? 0 : arena.take(4 * n * targetWidth);
    this.weights = arena.take(4 * n);
    this.csr = arena.take(CSR_DESCRIPTOR_BYTES);
    Memory.putLong(csr + CSR_ROW_POINTERS, arena.take(4 * (n + 1)));
    for (int i = 0; i < maxRows; i++) {
      Memory.putFloat(weights + 4L * i, 1f);
    }
  }

  /** Rows that the buffers hold now. */
  public int rows() {
    return rows;
  }

  /** Most rows that fit. */
  public int maxRows() {
    return maxRows;
  }

  /**
   * Declares how many rows are filled.
   *
   * @throws IllegalArgumentException when not in 1..maxRows
   */
  public void setRows(int rows) {
    if (rows < 1 || rows > maxRows) {
      throw new IllegalArgumentException(
          "batch of " + rows + " rows, but the buffers hold 1.." + maxRows);
    }
    this.rows = rows;
  }

  /** Numeric features, float [rows, numericWidth], row-major; 0 when there are none. */
  public long numeric() {
    return numeric;
  }

  public int numericWidth() {
    return numericWidth;
  }

  /** Category codes, int [rows, categoricals], row-major, each in [0, cardinality). */
  public long codes() {
    return codes;
  }

  public int categoricals() {
    return categoricals;
  }

  /**
   * Class labels, int [rows, labelWidth], each in [0, outputs); binary labels are 0 or 1. With
   * several labels per row one below 0 means none: its position has no loss.
   */
  public long labels() {
    return labels;
  }

  /** Labels per row. */
  public int labelWidth() {
    return labelWidth;
  }

  /** Regression or multi-label targets, float [rows, targetWidth]; 0 when there are none. */
  public long target() {
    return target;
  }

  public int targetWidth() {
    return targetWidth;
  }

  /** Row weights, float [rows]; ones until written. */
  public long weights() {
    return weights;
  }

  public int sparseWidth() {
    return sparseWidth;
  }

  /** CSR row pointers, int [rows + 1]; the first is 0, the last is the number of stored values. */
  public long csrRowPointers() {
    return Memory.getLong(csr + CSR_ROW_POINTERS);
  }

  /**
   * CSR column indices, int, room for at least {@code nnz}; growing keeps the content but may move
   * it.
   */
  public long csrColumns(int nnz) {
    ensureCsr(nnz);
    return Memory.getLong(csr + CSR_COLUMNS);
  }

  /**
   * CSR values, float, room for at least {@code nnz}; growing keeps the content but may move it.
   */
  public long csrValues(int nnz) {
    ensureCsr(nnz);
    return Memory.getLong(csr + CSR_VALUES);
  }

  /**
   * Address of three addresses: row pointers, columns, values. Kernels read it when they run,
   * because columns and values move when they grow.
   */
  long csrDescriptor() {
    return csr;
  }

  /** Stored values that fit now. */
  int csrCapacity() {
    return csrCapacity;
  }

  private void ensureCsr(int nnz) {
    if (nnz < 0) {
      throw new IllegalArgumentException(nnz + " stored values; ask for 0 or more");
    }
    if (nnz <= csrCapacity && csrCapacity > 0) {
      return;
    }
    int capacity =
        (int) Math.min(Integer.MAX_VALUE - 64L, Math.max(64L, Math.max(nnz, csrCapacity * 2L)));
    grow(CSR_COLUMNS, capacity);
    grow(CSR_VALUES, capacity);
    csrCapacity = capacity;
  }

  private void grow(int field, int capacity) {
    long old = Memory.getLong(csr + field);
    long grown = Memory.allocate(4L * capacity);
    if (old != 0) {
      Memory.copy(old, grown, 4L * csrCapacity);
    }
    Memory.putLong(csr + field, grown);
    Memory.free(old);
  }

  /** Frees the buffers; their addresses are dead afterwards. Calling it again does nothing. */
  @Override
  public void close() {
    if (csrCapacity > 0) {
      Memory.free(Memory.getLong(csr + CSR_COLUMNS));
      Memory.free(Memory.getLong(csr + CSR_VALUES));
      csrCapacity = 0;
    }
    arena.close();
  }
}
