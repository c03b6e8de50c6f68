package dev.bellows.engine.model;

import java.io.IOException;

/**
 * A model or checkpoint file that can't be used. The message is one line: file, offset where there
 * is one, what was expected and found, what to do. Commands end with exit code 8.
 */
public final class ModelFileException extends IOException {
  private static final long serialVersionUID = 1L;

  /** Why a file can't be used. */
  public enum Kind {
    /** Not what its format says: wrong length, checksum, structure or number. */
    CORRUPT,
    /** Written by a newer version of the format. */
    TOO_NEW,
    /** A file that must be there is not. */
    MISSING,
    /** A link, a foreign name or a size that is never opened, whatever it holds. */
    REFUSED
  }

  private final Kind kind;

  /** With a one-line message. */
  public ModelFileException(Kind kind, String message) {
    super(message);
    this.kind = kind;
  }

  static ModelFileException corrupt(String message) {
    return new ModelFileException(Kind.CORRUPT, message);
  }

  /** Why. */
  public Kind kind() {
    return kind;
  }
}
