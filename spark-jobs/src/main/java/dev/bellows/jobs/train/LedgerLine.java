package dev.bellows.jobs.train;

import dev.bellows.ps.protocol.Message.CodedStep;
import dev.bellows.ps.protocol.Message.LedgerEntry;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.zip.CRC32C;

/**
 * A line of {@code steps.ledger}. The last cell is the CRC32C of the text before it, so that a line
 * that was changed is known by itself. Steps of a run with compression have four cells more: the
 * codec, bytes of the codes of all units' gradients, bytes of the code of the parameters' change,
 * and the relative error of the gradients, |not sent| / |to send| in the Euclidean norm.
 *
 * @param step the step, from 0
 * @param text all cells but the last, joined by commas
 */
record LedgerLine(long step, String text) {
  /** The first line of the file. */
  static final String HEADER = "step,loss,metric,weight,rows,applied,crc32c,check";

  /** The first line of the file of a run with compression. */
  static final String CODED_HEADER =
      "step,loss,metric,weight,rows,applied,crc32c,codec,bytes_up,bytes_down,error,check";

  /** Names of the cells that a step must repeat to the last digit; those of codes may be absent. */
  static final List<String> CELLS = List.of(CODED_HEADER.split(",", -1)).subList(0, 11);

  private static final int CRC_CELL = 6;

  /**
   * The line of a step that the shards finished.
   *
   * @param codec the run's codec; of no account when the entry tells of no codes
   */
  static LedgerLine of(LedgerEntry e, String codec) {
    CodedStep coded = e.coded();
    String raw = cells(e);
    return new LedgerLine(
        e.step(),
        coded == null
            ? raw
            : String.join(
                ",",
                raw,
                codec,
                String.valueOf(coded.bytesUp()),
                String.valueOf(coded.bytesDown()),
                String.valueOf((float) coded.error())));
  }

  private static String cells(LedgerEntry e) {
    return String.join(
        ",",
        String.valueOf(e.step()),
        String.valueOf(e.weight() == 0 ? 0.0 : e.loss() / e.weight()),
        String.valueOf(e.rows() == 0 ? 0.0 : e.metric() / e.rows()),
        String.valueOf(e.weight()),
        String.valueOf((long) e.rows()),
        e.applied() ? "1" : "0",
        e.hasCrc() ? hex(e.crc()) : "");
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
    boolean complete = cells.size() == CRC_CELL + 1 || cells.size() == CELLS.size();
    if (!complete || !cells.get(0).matches("\\d{1,18}")) {
      throw new IllegalArgumentException(
          "expected the cells " + HEADER + ", with compression " + CODED_HEADER);
    }
    String found = line.substring(end + 1);
    String expected = check(text);
    if (!found.equals(expected)) {
      throw new IllegalArgumentException(
          "the line was changed: its check is " + found + ", its text has " + expected);
    }
    return new LedgerLine(Long.parseLong(cells.get(0)), text);
  }

  /** A cell of {@link #CELLS}; empty where the line has none. */
  String cell(int i) {
    List<String> cells = cells();
    return i < cells.size() ? cells.get(i) : "";
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
