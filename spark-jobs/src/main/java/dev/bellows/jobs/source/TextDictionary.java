package dev.bellows.jobs.source;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Distinct byte strings of one column of one block, numbered from 0 in order of appearance. Open
 * addressing over one byte array.
 */
final class TextDictionary {
  private int[] table = new int[64];
  private int[] starts = new int[33];
  private long[] hashes = new long[32];
  private byte[] bytes = new byte[512];
  private int size;

  TextDictionary() {
    Arrays.fill(table, -1);
  }

  int size() {
    return size;
  }

  /**
   * The number of {@code b[from, to)}, new or known; -1 when the bytes are not UTF-8. {@code hash}
   * is its {@link RowHash#bytes}.
   */
  int add(byte[] b, int from, int to, long hash) {
    int mask = table.length - 1;
    int slot = (int) hash & mask;
    for (int code = table[slot]; code >= 0; code = table[slot]) {
      if (hashes[code] == hash
          && Arrays.equals(bytes, starts[code], starts[code + 1], b, from, to)) {
        return code;
      }
      slot = (slot + 1) & mask;
    }
    if (!isUtf8(b, from, to)) {
      return -1;
    }
    int code = size;
    if (code + 1 == starts.length) {
      starts = Arrays.copyOf(starts, starts.length * 2);
      hashes = Arrays.copyOf(hashes, hashes.length * 2 + 1);
    }
    int end = starts[code] + to - from;
    if (end > bytes.length) {
      bytes = Arrays.copyOf(bytes, Math.max(end, bytes.length * 2));
    }
    System.arraycopy(b, from, bytes, starts[code], to - from);
    starts[code + 1] = end;
    hashes[code] = hash;
    table[slot] = code;
    size++;
    if (size * 2 > table.length) {
      rehash();
    }
    return code;
  }

  private void rehash() {
    table = new int[table.length * 2];
    Arrays.fill(table, -1);
    int mask = table.length - 1;
    for (int code = 0; code < size; code++) {
      int slot = (int) hashes[code] & mask;
      while (table[slot] >= 0) {
        slot = (slot + 1) & mask;
      }
      table[slot] = code;
    }
  }

  private static boolean isUtf8(byte[] b, int from, int to) {
    for (int i = from; i < to; i++) {
      if (b[i] < 0) {
        try {
          StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(b, from, to - from));
          return true;
        } catch (CharacterCodingException e) {
          return false;
        }
      }
    }
    return true;
  }

  /** All entries as text. */
  String[] texts() {
    String[] texts = new String[size];
    for (int code = 0; code < size; code++) {
      texts[code] =
          new String(bytes, starts[code], starts[code + 1] - starts[code], StandardCharsets.UTF_8);
    }
    return texts;
  }
}
