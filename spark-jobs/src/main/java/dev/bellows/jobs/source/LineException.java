package dev.bellows.jobs.source;

import java.io.IOException;

/** A text file that cannot be read further; the message follows the file name. */
final class LineException extends IOException {
  private static final long serialVersionUID = 1L;

  LineException(String message) {
    super(message);
  }
}
