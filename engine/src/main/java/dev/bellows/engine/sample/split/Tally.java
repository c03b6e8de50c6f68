package dev.bellows.engine.sample.split;

import java.io.IOException;
import java.io.ObjectInput;
import java.io.ObjectOutput;
import java.util.Map;
import java.util.TreeMap;

/** How many rows there are of each code. */
final class Tally {
  private final TreeMap<Long, long[]> counts = new TreeMap<>();
  private long rows;

  void add(long code, long times) {
    counts.computeIfAbsent(code, c -> new long[1])[0] += times;
    rows += times;
  }

  void addAll(Tally other) {
    other.counts.forEach((code, times) -> add(code, times[0]));
  }

  long rows() {
    return rows;
  }

  long of(long code) {
    long[] times = counts.get(code);
    return times == null ? 0 : times[0];
  }

  /** The codes, ascending. */
  long[] codes() {
    return counts.keySet().stream().mapToLong(c -> c).toArray();
  }

  void write(ObjectOutput out) throws IOException {
    out.writeInt(counts.size());
    for (Map.Entry<Long, long[]> e : counts.entrySet()) {
      out.writeLong(e.getKey());
      out.writeLong(e.getValue()[0]);
    }
  }

  static Tally read(ObjectInput in) throws IOException {
    Tally tally = new Tally();
    for (int left = in.readInt(); left > 0; left--) {
      tally.add(in.readLong(), in.readLong());
    }
    return tally;
  }
}
