package dev.bellows.ps.server;

import dev.bellows.ps.protocol.Message;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The newest steps of a namespace in a ring of primitive arrays. */
final class StepLedger {
  /** Bytes per entry, for the quota. */
  static final int ENTRY_BYTES = 8 * 5 + 4 + 2;

  /** Bytes per entry of a namespace with compression. */
  static final int CODED_ENTRY_BYTES = ENTRY_BYTES + 48;

  private final int capacity;
  private final long[] steps;
  private final double[] scalars;
  private final int[] crcs;
  private final boolean[] hasCrc;
  private final boolean[] applied;
  private final Message.@Nullable CodedStep[] coded;

  StepLedger(int capacity, boolean withCodes) {
    this.capacity = capacity;
    steps = new long[capacity];
    scalars = new double[4 * capacity];
    crcs = new int[capacity];
    hasCrc = new boolean[capacity];
    applied = new boolean[capacity];
    coded = new Message.CodedStep[withCodes ? capacity : 0];
    java.util.Arrays.fill(steps, -1);
  }

  /** Opens the entry of a step; the scalars of all its chunks are equal. */
  void record(
      long step, double weight, double loss, double metric, double rows, boolean wasApplied) {
    int at = (int) (step % capacity);
    steps[at] = step;
    scalars[4 * at] = weight;
    scalars[4 * at + 1] = loss;
    scalars[4 * at + 2] = metric;
    scalars[4 * at + 3] = rows;
    applied[at] = wasApplied;
    hasCrc[at] = false;
  }

  void crc(long step, int crc) {
    int at = (int) (step % capacity);
    crcs[at] = crc;
    hasCrc[at] = true;
  }

  void coded(long step, Message.CodedStep what) {
    coded[(int) (step % capacity)] = what;
  }

  /**
   * Entries of consecutive steps from the first that is held and not below {@code from}, below
   * {@code version}.
   */
  List<Message.LedgerEntry> read(long from, long version, int limit) {
    List<Message.LedgerEntry> entries = new ArrayList<>();
    long first = Math.max(Math.max(from, 0), version - capacity);
    for (long step = first; step < version && entries.size() < limit; step++) {
      int at = (int) (step % capacity);
      if (steps[at] == step) {
        entries.add(
            new Message.LedgerEntry(
                step,
                scalars[4 * at],
                scalars[4 * at + 1],
                scalars[4 * at + 2],
                scalars[4 * at + 3],
                applied[at],
                hasCrc[at],
                crcs[at],
                coded.length == 0 ? null : coded[at]));
      }
    }
    return entries;
  }
}
