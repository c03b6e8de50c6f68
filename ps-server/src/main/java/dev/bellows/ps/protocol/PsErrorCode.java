package dev.bellows.ps.protocol;

/**
 * Everything that can go wrong between a client and a shard. Wire numbers are never reused.
 *
 * <p>{@link Remedy} says what the caller can do: {@code RETRY} the same request, {@code ROLL_BACK}
 * to the last checkpoint, {@code STOP_TASK} because another one took over, or {@code FAIL} the run.
 */
public enum PsErrorCode {
  /** Frame without our magic, or bytes that are no frame at all. */
  BAD_MAGIC(1, Remedy.FAIL, "not a parameter server frame"),
  /** Frame of another protocol version. */
  BAD_VERSION(2, Remedy.FAIL, "protocol version is not supported"),
  /** Opcode byte that no message has. */
  BAD_OPCODE(3, Remedy.FAIL, "unknown opcode"),
  /** Length field negative, too small or above the limit. */
  BAD_LENGTH(4, Remedy.FAIL, "length is out of range"),
  /** CRC32C of header or body differs: bytes were changed on the way. */
  BAD_CHECKSUM(5, Remedy.RETRY, "checksum mismatch"),
  /** A field has a value that is never valid. */
  BAD_REQUEST(6, Remedy.FAIL, "malformed request"),
  /** Element range, chunk, slot or slice outside what the shard holds. */
  OUT_OF_RANGE(7, Remedy.FAIL, "range is outside the shard"),
  /** No such namespace here: never created, dropped, or the server was restarted. */
  NO_SUCH_NAMESPACE(8, Remedy.ROLL_BACK, "shard does not hold this run"),
  /** The request's incarnation is older than the namespace's. */
  STALE_INCARNATION(9, Remedy.STOP_TASK, "incarnation is stale"),
  /** The request is two or more steps behind: its sender was replaced. */
  STALE_STEP(10, Remedy.STOP_TASK, "step is stale"),
  /** The request is ahead of the shard: the shard was restored to an earlier step. */
  STEP_AHEAD(11, Remedy.ROLL_BACK, "step is ahead of the shard"),
  /**
   * The namespace is not sealed yet (its server lost it and got only a part again), or is sealed
   * already and the request changes initial values.
   */
  WRONG_STATE(12, Remedy.ROLL_BACK, "namespace is in the wrong state"),
  /** A gradient or its sum was NaN or infinite; detail names step and slice. */
  DIVERGED(13, Remedy.FAIL, "training diverged"),
  /** Memory or count quota of the server is used up. */
  QUOTA(14, Remedy.FAIL, "quota exceeded"),
  /** CREATE or COMMIT repeated with other contents. */
  CONFLICT(15, Remedy.FAIL, "request contradicts an earlier one"),
  /** The snapshot that is asked for is not held. */
  NO_SUCH_SNAPSHOT(16, Remedy.FAIL, "no such snapshot"),
  /** Secret missing or wrong. */
  NOT_AUTHENTICATED(17, Remedy.FAIL, "not authenticated"),
  /** Connection refused, reset or closed. Client side only. */
  CONNECTION_LOST(18, Remedy.RETRY, "connection lost"),
  /** A deadline passed. Client side only. */
  TIMEOUT(19, Remedy.ROLL_BACK, "deadline passed"),
  /** The caller cancelled the wait. Client side only. */
  CANCELLED(20, Remedy.STOP_TASK, "cancelled"),
  /** A bug: the server's own state is inconsistent. */
  INTERNAL(21, Remedy.FAIL, "internal error"),
  /** A newer task attempt joined for the same slices. */
  REPLACED(22, Remedy.STOP_TASK, "another task took over");

  /** What the caller can do. */
  public enum Remedy {
    /** Send the same request again, on a new connection when the old one is gone. */
    RETRY,
    /** Restore the run from its last checkpoint under a larger incarnation. */
    ROLL_BACK,
    /** End this task quietly: another one does its work. */
    STOP_TASK,
    /** Fail the run. */
    FAIL
  }

  private static final PsErrorCode[] BY_WIRE = new PsErrorCode[23];

  static {
    for (PsErrorCode code : values()) {
      BY_WIRE[code.wire] = code;
    }
  }

  private final int wire;
  private final Remedy remedy;
  private final String sentence;

  PsErrorCode(int wire, Remedy remedy, String sentence) {
    this.wire = wire;
    this.remedy = remedy;
    this.sentence = sentence;
  }

  /** Number on the wire. */
  public int wire() {
    return wire;
  }

  /** What the caller can do. */
  public Remedy remedy() {
    return remedy;
  }

  /** The error in a few words. */
  public String sentence() {
    return sentence;
  }

  /** True when the same request may be sent again. */
  public boolean retriable() {
    return remedy == Remedy.RETRY;
  }

  /**
   * The code of a wire number.
   *
   * @throws PsException {@link #BAD_REQUEST} for a number that no code has
   */
  public static PsErrorCode ofWire(int wire) {
    if (wire < 1 || wire >= BY_WIRE.length) {
      throw new PsException(
          BAD_REQUEST, "error code must be in 1.." + (BY_WIRE.length - 1) + ", found " + wire);
    }
    return BY_WIRE[wire];
  }
}
