package dev.bellows.ps.checkpoint;

import java.io.IOException;

/** The file system itself found that a file's bytes are not the ones that were written. */
public final class DamagedFileException extends IOException {

  private static final long serialVersionUID = 1L;

  private final long offset;

  /** Says where, as far as the file system knows. */
  public DamagedFileException(long offset, String message, Throwable cause) {
    super(message, cause);
    this.offset = offset;
  }

  /** Returns the offset of the damage in bytes. */
  public long offset() {
    return offset;
  }
}
