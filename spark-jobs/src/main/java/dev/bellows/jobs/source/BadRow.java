package dev.bellows.jobs.source;

import java.io.Serializable;

/**
 * A row that could not be read.
 *
 * @param file file name, or "partition p" for rows that did not come from a text file
 * @param position byte position of the line in the uncompressed file, or the number of the row in
 *     its partition
 * @param problem what was expected and found, with the column
 */
public record BadRow(String file, long position, String problem)
    implements Serializable, Comparable<BadRow> {
  @Override
  public int compareTo(BadRow other) {
    int c = file.compareTo(other.file);
    return c != 0 ? c : Long.compare(position, other.position);
  }
}
