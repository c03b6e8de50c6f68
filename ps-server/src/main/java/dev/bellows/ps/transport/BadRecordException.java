package dev.bellows.ps.transport;

import java.io.IOException;

/** Bytes that are not the next sealed record of the other end; the connection is over. */
final class BadRecordException extends IOException {
  private static final long serialVersionUID = 1L;

  BadRecordException(String message) {
    super(message);
  }
}
