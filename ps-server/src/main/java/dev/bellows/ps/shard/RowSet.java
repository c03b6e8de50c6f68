package dev.bellows.ps.shard;

import java.util.Arrays;

/**
 * The different keys among some occurrences, in hash order, and for each occurrence where its key
 * stands: rows are pulled and pushed once, however often a batch names them.
 */
@SuppressWarnings("ArrayRecordComponent") // plain carrier, never compared
public record RowSet(long[] keys, int[] positions) {
  /** No keys. */
  public static final RowSet EMPTY = new RowSet(new long[0], new int[0]);

  /** Number of different keys. */
  public int size() {
    return keys.length;
  }

  /**
   * The keys of occurrences.
   *
   * @param occurrences keys in any order, with repetitions
   */
  public static RowSet of(long[] occurrences) {
    int n = occurrences.length;
    long[] hashes = new long[n];
    int[] order = new int[n];
    for (int i = 0; i < n; i++) {
      hashes[i] = RowMap.hash(occurrences[i]);
      order[i] = i;
    }
    order = sorted(order, hashes);
    long[] keys = new long[n];
    int[] positions = new int[n];
    int size = 0;
    for (int i = 0; i < n; i++) {
      long key = occurrences[order[i]];
      if (size == 0 || keys[size - 1] != key) {
        keys[size++] = key;
      }
      positions[order[i]] = size - 1;
    }
    return new RowSet(Arrays.copyOf(keys, size), positions);
  }

  /** Indices by unsigned hash: merge sort from below. */
  private static int[] sorted(int[] indices, long[] hashes) {
    int[] from = indices;
    int[] to = new int[from.length];
    for (int run = 1; run < from.length; run <<= 1) {
      for (int start = 0; start < from.length; start += 2 * run) {
        int middle = Math.min(start + run, from.length);
        int end = Math.min(start + 2 * run, from.length);
        int left = start;
        int right = middle;
        for (int at = start; at < end; at++) {
          boolean takeLeft =
              right >= end
                  || (left < middle
                      && Long.compareUnsigned(hashes[from[left]], hashes[from[right]]) <= 0);
          to[at] = takeLeft ? from[left++] : from[right++];
        }
      }
      int[] swap = from;
      from = to;
      to = swap;
    }
    return from;
  }
}
