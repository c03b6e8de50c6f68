package dev.bellows.ps.checkpoint;

import org.jspecify.annotations.Nullable;

/** The storage has no room for a checkpoint; checkpoints written before are intact. */
public final class NoSpaceException extends CheckpointException {

  private static final long serialVersionUID = 1L;

  private final long bytesNeeded;
  private final long bytesFree;

  NoSpaceException(String path, long bytesNeeded, long bytesFree, @Nullable Throwable cause) {
    super(
        Kind.NO_SPACE,
        "no space for checkpoint file "
            + path
            + ": needs "
            + bytesNeeded
            + " bytes, free "
            + (bytesFree < 0 ? "unknown" : bytesFree + " bytes")
            + "; earlier checkpoints are intact; free some space or set output.dir to another disk",
        cause);
    this.bytesNeeded = bytesNeeded;
    this.bytesFree = bytesFree;
  }

  /** Returns the length in bytes of the file that did not fit. */
  public long bytesNeeded() {
    return bytesNeeded;
  }

  /** Returns the free bytes that the storage reported, or -1 when it does not tell. */
  public long bytesFree() {
    return bytesFree;
  }
}
