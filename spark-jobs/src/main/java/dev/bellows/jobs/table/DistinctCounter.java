package dev.bellows.jobs.table;

import java.io.IOException;
import java.io.ObjectInput;
import java.io.ObjectOutput;
import java.util.Arrays;

/**
 * Distinct 64-bit hashes: exact up to 65,536, beyond that HyperLogLog (P. Flajolet et al., AofA
 * 2007) with 2^14 registers, standard error 0.8 %. The result is a function of the set of hashes
 * only, whatever the order and grouping of adds and merges.
 */
final class DistinctCounter {
  static final int EXACT = 1 << 16;
  private static final int BITS = 14;
  private static final int REGISTERS = 1 << BITS;
  private static final long[] NO_SLOTS = {};

  /** Open addressing; 0 = free, the hash 0 itself is kept apart. */
  private long[] slots = new long[64];

  private int size;
  private boolean zero;
  private byte[] registers = {};

  void add(long hash) {
    if (registers.length > 0) {
      register(hash);
    } else if (hash == 0) {
      zero = true;
    } else {
      insert(hash);
    }
  }

  private void insert(long hash) {
    int mask = slots.length - 1;
    int i = (int) (hash >>> 20) & mask;
    while (slots[i] != 0) {
      if (slots[i] == hash) {
        return;
      }
      i = (i + 1) & mask;
    }
    slots[i] = hash;
    if (++size > EXACT) {
      approximate();
    } else if (size * 2 > slots.length) {
      long[] old = slots;
      slots = new long[old.length * 2];
      size = 0;
      for (long h : old) {
        if (h != 0) {
          insert(h);
        }
      }
    }
  }

  private void approximate() {
    registers = new byte[REGISTERS];
    for (long h : slots) {
      if (h != 0) {
        register(h);
      }
    }
    if (zero) {
      register(0);
    }
    slots = NO_SLOTS;
  }

  private void register(long hash) {
    int index = (int) (hash >>> (64 - BITS));
    byte rank = (byte) (Long.numberOfLeadingZeros(hash << BITS | 1L << (BITS - 1)) + 1);
    if (rank > registers[index]) {
      registers[index] = rank;
    }
  }

  void merge(DistinctCounter other) {
    if (other.registers.length > 0) {
      if (registers.length == 0) {
        approximate();
      }
      for (int i = 0; i < REGISTERS; i++) {
        registers[i] = (byte) Math.max(registers[i], other.registers[i]);
      }
    } else {
      for (long h : other.slots) {
        if (h != 0) {
          add(h);
        }
      }
      if (other.zero) {
        add(0);
      }
    }
  }

  boolean exact() {
    return registers.length == 0;
  }

  long count() {
    if (exact()) {
      return size + (zero ? 1L : 0L);
    }
    double sum = 0;
    for (byte r : registers) {
      sum += Math.scalb(1.0, -r);
    }
    double alpha = 0.7213 / (1 + 1.079 / REGISTERS);
    return Math.round(alpha * REGISTERS * REGISTERS / sum);
  }

  void write(ObjectOutput out) throws IOException {
    out.writeBoolean(exact());
    if (exact()) {
      out.writeBoolean(zero);
      out.writeInt(size);
      for (long h : slots) {
        if (h != 0) {
          out.writeLong(h);
        }
      }
    } else {
      out.write(registers);
    }
  }

  static DistinctCounter read(ObjectInput in) throws IOException {
    DistinctCounter c = new DistinctCounter();
    if (in.readBoolean()) {
      c.zero = in.readBoolean();
      int n = in.readInt();
      for (int i = 0; i < n; i++) {
        c.insert(in.readLong());
      }
    } else {
      c.slots = NO_SLOTS;
      c.registers = new byte[REGISTERS];
      in.readFully(c.registers);
    }
    return c;
  }

  @Override
  public boolean equals(Object o) {
    return o instanceof DistinctCounter c
        && count() == c.count()
        && Arrays.equals(registers, c.registers);
  }

  @Override
  public int hashCode() {
    return Long.hashCode(count());
  }
}
