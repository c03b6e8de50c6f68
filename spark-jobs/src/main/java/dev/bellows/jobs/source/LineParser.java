package dev.bellows.jobs.source;

import java.io.Serializable;

/** One line of text to one row. */
interface LineParser extends Serializable {
  /**
   * Adds the row of {@code b[0, length)}, or rejects it, or ignores a blank line.
   *
   * @param position byte position of the line in its file
   * @throws LineException when the file as a whole is not what it should be
   */
  void parse(byte[] b, int length, long position, RawBlockBuilder out) throws LineException;
}
