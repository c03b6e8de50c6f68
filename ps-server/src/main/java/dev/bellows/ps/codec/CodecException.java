package dev.bellows.ps.codec;

/** Bytes that are not the code of so many values. */
public final class CodecException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  CodecException(String message) {
    super(message);
  }
}
