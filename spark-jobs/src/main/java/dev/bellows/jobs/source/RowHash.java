package dev.bellows.jobs.source;

import dev.bellows.engine.sample.Mix64;

/**
 * Content hash of a row: the sum over its cells of a 64-bit hash of (column name, cell). A sum, so
 * that the order of columns does not matter; a cell is hashed as written (after trimming and
 * unquoting), so that it does not depend on inferred types.
 */
final class RowHash {
  /** Hash of a missing cell, whichever marker stood there. */
  static final long MISSING = 0x5bd1_e995_9d1b_5d1bL;

  private static final long MULTIPLIER = 0x9FB2_1C65_1E98_DF25L;

  private RowHash() {}

  /** Hash of a column name: the salt of its cells. */
  static long column(String name) {
    return Mix64.ofText(name);
  }

  /** The term of one cell. */
  static long cell(long columnHash, long cellHash) {
    return Mix64.mix(columnHash ^ cellHash);
  }

  static long number(double value) {
    return Mix64.mix(Double.doubleToLongBits(value == 0 ? 0.0 : value));
  }

  /** Hash of bytes, eight at a time. */
  static long bytes(byte[] b, int from, int to) {
    long h = (to - from) * MULTIPLIER;
    int i = from;
    for (; i + 8 <= to; i += 8) {
      long word =
          (b[i] & 0xffL)
              | (b[i + 1] & 0xffL) << 8
              | (b[i + 2] & 0xffL) << 16
              | (b[i + 3] & 0xffL) << 24
              | (b[i + 4] & 0xffL) << 32
              | (b[i + 5] & 0xffL) << 40
              | (b[i + 6] & 0xffL) << 48
              | (b[i + 7] & 0xffL) << 56;
      h = absorb(h, word);
    }
    long tail = 0;
    for (int shift = 0; i < to; i++, shift += 8) {
      tail |= (b[i] & 0xffL) << shift;
    }
    return Mix64.mix(absorb(h, tail));
  }

  static long absorb(long h, long word) {
    long x = (h ^ word) * MULTIPLIER;
    return x ^ (x >>> 29);
  }
}
