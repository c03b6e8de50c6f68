package dev.bellows.ps.protocol;

/**
 * Requests about sparse tables. A table is a namespace of its own, next to that of the dense vector
 * of the same target: it has the run's incarnation, the same slices and the same steps, and moves
 * from version {@code s} to {@code s + 1} bucket by bucket when the contributions of all slices to
 * step {@code s} are there. Each keeps the version before for tasks that take over.
 *
 * <p>Keys are in hash order ({@code shard.RowMap}), each once. Arrays of keys belong to the sender
 * like float arrays.
 */
@SuppressWarnings("ArrayRecordComponent") // messages are never compared
public sealed interface RowMessage extends Message.OfTable {
  /** Bytes that each of these keys takes on the wire: as many as the largest needs, 1 to 8. */
  static int keyBytes(long[] keys) {
    long any = 1;
    for (long key : keys) {
      any |= key;
    }
    return (Long.SIZE - Long.numberOfLeadingZeros(any) + 7) / 8;
  }

  /**
   * Makes a table in state LOADING without rows; repeating it is acknowledged, a larger incarnation
   * replaces the table. Answer: {@link Message.Done} with step -1.
   *
   * @param target run, shard, incarnation
   * @param table number of the table in its run
   * @param from first bucket that the shard holds
   * @param to one past the last
   * @param spec the table
   */
  record CreateTable(Target target, int table, int from, int to, TableSpec spec)
      implements RowMessage {
    @Override
    public Opcode opcode() {
      return Opcode.CREATE_TABLE;
    }
  }

  /** What {@link Control} does. */
  enum Action {
    /** Ends LOADING; the rows are those of the step. Answer: {@link Message.Done}. */
    SEAL(0),
    /** How the table stands. Answer: {@link Message.StatusReply}. */
    STATUS(1),
    /**
     * Copies all rows at the step, waiting for it when it is ahead. Answer: {@link Message.Done}
     * when the copy is whole.
     */
    SNAPSHOT(2),
    /** Frees the copy of the step. Answer: {@link Message.Done}. */
    RELEASE(3);

    private final int wire;

    Action(int wire) {
      this.wire = wire;
    }

    /** Number on the wire. */
    public int wire() {
      return wire;
    }

    /**
     * The action of a number.
     *
     * @throws PsException BAD_REQUEST for a number that no action has
     */
    public static Action ofWire(int wire) {
      return switch (wire) {
        case 0 -> SEAL;
        case 1 -> STATUS;
        case 2 -> SNAPSHOT;
        case 3 -> RELEASE;
        default ->
            throw new PsException(PsErrorCode.BAD_REQUEST, "action must be in 0..3, found " + wire);
      };
    }
  }

  /** An {@link Action} at a step. */
  record Control(Target target, int table, Action action, long step) implements RowMessage {
    @Override
    public Opcode opcode() {
      return Opcode.TABLE;
    }
  }

  /**
   * Restored rows while LOADING. Answer: {@link Message.Done} with step -1.
   *
   * @param target run, shard, incarnation
   * @param table the table
   * @param keys any order
   * @param updates updates that each row has behind it
   * @param rows [keys, (1 + slots) width]: values, then each slot
   */
  record PutRows(Target target, int table, long[] keys, long[] updates, Floats rows)
      implements RowMessage {
    @Override
    public Opcode opcode() {
      return Opcode.PUT_ROWS;
    }
  }

  /**
   * Asks for rows at a version: the present one, the one before it, or (deferred) the next one.
   * Rows that were never updated are sent as they start, and not made. Answer: {@link
   * Message.Values} of slot 0 from element 0 with [keys, width] elements.
   *
   * @param target run, shard, incarnation
   * @param table the table
   * @param version wanted version
   * @param keys any order; none: only waits for the version
   */
  record PullRows(Target target, int table, long version, long[] keys) implements RowMessage {
    @Override
    public Opcode opcode() {
      return Opcode.PULL_ROWS;
    }
  }

  /**
   * The sum of the slices under one subtree for all rows that they touch in some buckets, which may
   * be none. Answer: {@link Message.Done} with the smallest version of the buckets.
   *
   * @param target run, shard, incarnation
   * @param table the table
   * @param step version that the gradient was computed at
   * @param level level of the subtree
   * @param index index of the subtree on its level
   * @param from first bucket
   * @param to one past the last
   * @param badSlice first slice with a non-finite gradient or loss anywhere, -1 when there is none
   * @param weight sum of row weights under the subtree
   * @param keys in hash order
   * @param values [keys, width] sums of gradients
   */
  record PushRows(
      Target target,
      int table,
      long step,
      int level,
      int index,
      int from,
      int to,
      int badSlice,
      double weight,
      long[] keys,
      Floats values)
      implements RowMessage {
    @Override
    public Opcode opcode() {
      return Opcode.PUSH_ROWS;
    }
  }

  /**
   * Reads rows of the copy. Answer: {@link Message.RowPage}.
   *
   * @param target run, shard, incarnation
   * @param table the table
   * @param step version of the copy
   * @param bucket the bucket
   * @param from first row, in hash order
   * @param limit most rows wanted
   */
  record GetRows(Target target, int table, long step, int bucket, int from, int limit)
      implements RowMessage {
    @Override
    public Opcode opcode() {
      return Opcode.GET_ROWS;
    }
  }
}
