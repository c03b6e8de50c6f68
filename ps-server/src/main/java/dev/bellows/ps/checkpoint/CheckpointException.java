package dev.bellows.ps.checkpoint;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * A checkpoint could not be written or read; the message names the file and, where known, the
 * offset.
 */
public class CheckpointException extends IOException {

  private static final long serialVersionUID = 1L;

  /** What went wrong, for callers that act on it. */
  public enum Kind {
    /** The storage is full or a quota is reached; see {@link NoSpaceException}. */
    NO_SPACE,
    /** There is no such checkpoint, or its manifest has not been written. */
    ABSENT,
    /** A file is cut, changed or contradicts the manifest. */
    CORRUPT,
    /** Written by a newer release. */
    TOO_NEW,
    /** The file system reported another error. */
    IO
  }

  private final Kind kind;

  CheckpointException(Kind kind, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.kind = kind;
  }

  /** Returns what went wrong. */
  public Kind kind() {
    return kind;
  }
}
