package dev.bellows.jobs.train;

import dev.bellows.ps.protocol.Message.LedgerEntry;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.zip.CRC32C;

/**
 * A line of {@code steps.ledger}. The last cell is the CRC32C of the text before it, so that a line
 * that was changed is known by itself.
 *
 * @param step the step, from 0
 * @param text all cells but the last, joined by commas
 */
record LedgerLine(long step, String text) {
  /** The first line of the file. */
  static final String HEADER = "step,loss,metric,weight,rows,applied,crc32c,check";

  /** Names of the cells that a step must repeat to the last digit. */
  static final List<String> CELLS = List.of(HEADER.split(",", -1)).subList(0, 7);

  private static final int CRC_CELL = 6;

  /** The line of a step that the shards finished. */
  static LedgerLine of(LedgerEntry e) {
    return new LedgerLine(
        e.step(),
        String.join(
            ",",
            String.valueOf(e.step()),
            String.valueOf(e.weight() == 0 ? 0.0 : e.loss() / e.weight()),
            String.valueOf(e.rows() == 0 ? 0.0 : e.metric() / e.rows()),
            String.valueOf(e.weight()),
            String.valueOf((long) e.rows()),
            e.applied() ? "1" : "0",
            e.hasCrc() ? hex(e.crc()) : ""));
  }

  /**
   * Reads a line.
   *
   * @throws IllegalArgumentException saying what is wrong with it
   */
  static LedgerLine parse(String line) {
    int end = line.lastIndexOf(',');
    String text = end < 0 ? "" : line.substring(0, end);
    List<String> cells = List.of(text.split(",", -1));
    if (cells.size() != CELLS.size() || !cells.get(0).matches("\\d{1,18}")) {
      throw new IllegalArgumentException("expected the " + (CELLS.size() + 1) + " cells " + HEADER);
    }
    String found = line.substring(end + 1);
    String expected = check(text);
    if (!found.equals(expected)) {
      throw new IllegalArgumentException(
          "the line was changed: its check is " + found + ", its text has " + expected);
    }
    return new LedgerLine(Long.parseLong(cells.get(0)), text);
  }

  /** The cells in the order of {@link #CELLS}. */
  List<String> cells() {
    return List.of(text.split(",", -1));
  }

  /** CRC32C of the parameters after the step as eight digits; empty where it was not taken. */
  String crc() {
    return cells().get(CRC_CELL);
  }

  /** The line as it stands in the file, without its end. */
  String line() {
    return text + ',' + check(text);
  }

  /** A checksum as it stands in the ledger. */
  static String hex(int crc) {
    return String.format(Locale.ROOT, "%08x", crc);
  }

  private static String check(String text) {
    CRC32C crc = new CRC32C();
    crc.update(text.getBytes(StandardCharsets.UTF_8));
    return hex((int) crc.getValue());
  }
}
