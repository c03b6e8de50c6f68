package dev.bellows.jobs.source;

import java.io.Serializable;

/**
 * Finds the line breaks of a CSV file that end a record: those outside of quotes. A quote opens a
 * field only where the field begins, as in {@link CsvParser}; anywhere else it is a character.
 *
 * <pre>
 *   START --quote--> QUOTED --quote--> CLOSING --quote--> QUOTED
 *     |                 '--escape--> ESCAPED --any--> QUOTED
 *     '--other--> PLAIN      CLOSING --other--> PLAIN
 *   PLAIN, CLOSING, START --separator--> START;  --line break--> end of the record
 * </pre>
 */
final class QuoteScanner implements Serializable {
  private static final long serialVersionUID = 1L;

  private enum State {
    START,
    PLAIN,
    QUOTED,
    ESCAPED,
    CLOSING
  }

  private final int separator;
  private final int quote;
  private final int escape;
  private final boolean trim;
  private State state = State.START;

  /**
   * @param quote character around fields; -1 for none
   * @param escape character before a quote inside quotes; -1 for none
   * @param trim whether blanks may stand before an opening quote
   */
  QuoteScanner(int separator, int quote, int escape, boolean trim) {
    this.separator = separator;
    this.quote = quote;
    this.escape = escape;
    this.trim = trim;
  }

  /** Whether the bytes until now end inside quotes. */
  boolean open() {
    return state == State.QUOTED || state == State.ESCAPED;
  }

  /** A record begins. */
  void begin() {
    state = State.START;
  }

  /**
   * Goes on with bytes [from, to).
   *
   * @return the index of the line break that ends the record, or {@code to}
   */
  int end(byte[] b, int from, int to) {
    for (int i = from; i < to; i++) {
      if (!next(b[i])) {
        return i;
      }
    }
    return to;
  }

  /** Goes on with one byte; false for a line break that ends the record. */
  boolean next(int c) {
    if (state == State.QUOTED) {
      // A quote closes, or is the first of two that stand for one: CLOSING knows after the next.
      state = c == quote ? State.CLOSING : c == escape ? State.ESCAPED : State.QUOTED;
      return true;
    }
    if (state == State.ESCAPED) {
      state = State.QUOTED;
      return true;
    }
    if (c == '\n' || c == '\r') {
      return false;
    }
    if (c == separator) {
      state = State.START;
    } else if (c == quote && (state == State.START || state == State.CLOSING)) {
      state = State.QUOTED;
    } else if (state != State.START || !trim || (c != ' ' && c != '\t')) {
      state = State.PLAIN;
    }
    return true;
  }
}
