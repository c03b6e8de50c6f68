package dev.bellows.engine.sample.split;

import java.io.IOException;
import java.io.ObjectInput;
import java.io.ObjectOutput;
import java.util.Arrays;

/** Numbers that grow in number, without boxes. */
final class LongList {
  private static final int START = 16;
  private static final int MOST = Integer.MAX_VALUE - 8;

  private long[] values = new long[START];
  private int size;

  void add(long value) {
    if (size == values.length) {
      values = Arrays.copyOf(values, grown());
    }
    values[size++] = value;
  }

  void addAll(LongList other) {
    int needed = Math.addExact(size, other.size);
    if (needed > values.length) {
      values = Arrays.copyOf(values, Math.max(needed, grown()));
    }
    System.arraycopy(other.values, 0, values, size, other.size);
    size = needed;
  }

  int size() {
    return size;
  }

  long[] toArray() {
    return Arrays.copyOf(values, size);
  }

  private int grown() {
    return (int) Math.min(MOST, values.length * 2L);
  }

  void write(ObjectOutput out) throws IOException {
    out.writeInt(size);
    for (int i = 0; i < size; i++) {
      out.writeLong(values[i]);
    }
  }

  /** Grows as the numbers arrive: a false count can't allocate. */
  static LongList read(ObjectInput in) throws IOException {
    LongList list = new LongList();
    for (int left = in.readInt(); left > 0; left--) {
      list.add(in.readLong());
    }
    return list;
  }
}
