package dev.bellows.ps.shard;

import dev.bellows.engine.optim.UpdateRule;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The rows of one bucket of a sparse table that have been updated at least once, with their
 * optimiser slots: open addressing from key to row, rows in pages that never move. Rows that were
 * never updated are computed from {@link RowStart} and take no memory.
 *
 * <p>Optimisers are lazy: a step changes the rows that have a gradient in it and no others (momenta
 * of the others don't decay, penalties don't act on them). The number of the update that corrects
 * Adam's averages for their start is the row's own, not the step's (as opposed to "LazyAdam" of
 * TensorFlow Addons): a row that is first touched late is corrected like one touched early. Not
 * thread-safe.
 */
public final class SparseRows {
  /** Rows of a page. */
  private static final int PAGE = 256;

  private static final int MIN_TABLE = 16;

  private final int width;
  private final int slots;
  private final RowStart start;
  private final FloatPool.Budget budget;
  private final float[] gradient;
  private final List<Page> pages = new ArrayList<>();
  private long[] tableKeys = new long[MIN_TABLE];
  private int[] tableRows = new int[MIN_TABLE]; // row + 1, 0 for an empty place
  private int size;

  /**
   * Rows [n * PAGE, (n + 1) * PAGE): part 0 is values, the others are slots, [PAGE, width] each.
   */
  @SuppressWarnings("ArrayRecordComponent") // plain carrier, never compared
  private record Page(float[] values, float[][] slots, int[] updates, long[] keys) {}

  /**
   * No rows.
   *
   * @param width elements of a row
   * @param slots optimiser slots of each element
   * @param start what a row holds before its first update
   * @param budget counts the bytes
   */
  public SparseRows(int width, int slots, RowStart start, FloatPool.Budget budget) {
    this.width = width;
    this.slots = slots;
    this.start = start;
    this.budget = budget;
    this.gradient = new float[PAGE * width];
    budget.reserve(tableBytes(MIN_TABLE) + (long) PAGE * width * Float.BYTES);
  }

  private static long tableBytes(int places) {
    return (long) places * (Long.BYTES + Integer.BYTES);
  }

  /** Rows held. */
  public int size() {
    return size;
  }

  /** Floats of a row with its slots. */
  public int stride() {
    return (1 + slots) * width;
  }

  /** Number of a row, or -1 when the key was never updated. */
  public int find(long key) {
    return tableRows[place(key)] - 1;
  }

  /** The place of a key, or the empty one where it would stand. */
  private int place(long key) {
    int mask = tableKeys.length - 1;
    int at = (int) RowMap.hash(key) & mask;
    while (tableRows[at] != 0 && tableKeys[at] != key) {
      at = (at + 1) & mask;
    }
    return at;
  }

  /** Copies the values of a key's row, made or not. */
  public void read(long key, float[] row, int at) {
    int number = find(key);
    if (number < 0) {
      start.fill(key, row, at, width);
    } else {
      System.arraycopy(pages.get(number / PAGE).values, number % PAGE * width, row, at, width);
    }
  }

  /** How many of the keys have no row yet. */
  public int missing(long[] keys) {
    int n = 0;
    for (long key : keys) {
      n += find(key) < 0 ? 1 : 0;
    }
    return n;
  }

  /**
   * Makes room for more rows, so that adding them can't fail.
   *
   * @throws RuntimeException of the budget, when there is none; nothing has changed then
   */
  public void reserve(int more) {
    int needed = size + more;
    int places = tableKeys.length;
    while (needed > places / 2) {
      places = Math.multiplyExact(places, 2);
    }
    int morePages = (needed + PAGE - 1) / PAGE - pages.size();
    long pageBytes = PAGE * ((long) stride() * Float.BYTES + Integer.BYTES + Long.BYTES);
    budget.reserve(
        tableBytes(places) - tableBytes(tableKeys.length) + Math.max(0, morePages) * pageBytes);
    for (int i = 0; i < morePages; i++) {
      pages.add(
          new Page(
              new float[PAGE * width],
              new float[slots][PAGE * width],
              new int[PAGE],
              new long[PAGE]));
    }
    if (places > tableKeys.length) {
      tableKeys = new long[places];
      tableRows = new int[places];
      for (int row = 0; row < size; row++) {
        long key = key(row);
        int at = place(key);
        tableKeys[at] = key;
        tableRows[at] = row + 1;
      }
    }
  }

  private int make(long key) {
    int at = place(key);
    if (tableRows[at] != 0) {
      return tableRows[at] - 1;
    }
    reserve(1);
    at = place(key);
    int row = size++;
    tableKeys[at] = key;
    tableRows[at] = row + 1;
    Page page = pages.get(row / PAGE);
    page.keys[row % PAGE] = key;
    start.fill(key, page.values, row % PAGE * width, width);
    return row;
  }

  /**
   * Updates the row of a key, which is made when it isn't there.
   *
   * @param rule update of a vector of {@code width} elements
   * @param rate rate of the step
   * @param weight total weight of the batch, above 0
   * @param values holds the sum of gradients
   * @param at its first element
   */
  public void update(
      long key, UpdateRule rule, double rate, double weight, float[] values, int at) {
    int row = make(key);
    Page page = pages.get(row / PAGE);
    int first = row % PAGE * width;
    System.arraycopy(values, at, gradient, first, width);
    int number = ++page.updates[row % PAGE];
    rule.apply(
        number, rate, weight, 1f, page.values, gradient, page.slots, first, first + width, -first);
  }

  /**
   * Sets a row with its slots: restoring.
   *
   * @param updates number of updates it has behind it
   * @param row holds values, then each slot, {@link #stride} elements
   * @param at the first of them
   */
  public void put(long key, int updates, float[] row, int at) {
    int number = make(key);
    Page page = pages.get(number / PAGE);
    int first = number % PAGE * width;
    page.updates[number % PAGE] = updates;
    System.arraycopy(row, at, page.values, first, width);
    for (int slot = 0; slot < slots; slot++) {
      System.arraycopy(row, at + (slot + 1) * width, page.slots[slot], first, width);
    }
  }

  /** The key of a row. */
  public long key(int row) {
    return pages.get(row / PAGE).keys[row % PAGE];
  }

  /** Updates that a row has behind it. */
  public int updates(int row) {
    return pages.get(row / PAGE).updates[row % PAGE];
  }

  /** Copies a row with its slots, {@link #stride} elements. */
  public void copy(int row, float[] to, int at) {
    Page page = pages.get(row / PAGE);
    int first = row % PAGE * width;
    System.arraycopy(page.values, first, to, at, width);
    for (int slot = 0; slot < slots; slot++) {
      System.arraycopy(page.slots[slot], first, to, at + (slot + 1) * width, width);
    }
  }

  /** The keys in hash order. */
  public long[] keys() {
    long[] keys = new long[size];
    for (int row = 0; row < size; row++) {
      keys[row] = key(row);
    }
    return RowSet.of(keys).keys();
  }

  /** Frees all. */
  public void dispose() {
    long pageBytes = PAGE * ((long) stride() * Float.BYTES + Integer.BYTES + Long.BYTES);
    budget.reserve(
        -tableBytes(tableKeys.length)
            - (long) PAGE * width * Float.BYTES
            - pages.size() * pageBytes);
    pages.clear();
    size = 0;
    tableKeys = new long[MIN_TABLE];
    tableRows = new int[MIN_TABLE];
    Arrays.fill(gradient, 0f);
  }
}
