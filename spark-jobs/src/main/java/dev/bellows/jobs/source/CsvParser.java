package dev.bellows.jobs.source;

import dev.bellows.jobs.config.SourceConfig.CsvOptions;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.jspecify.annotations.Nullable;

/**
 * One CSV record (RFC 4180; line breaks inside quotes where {@code multiline} says so) to one row,
 * straight from bytes.
 */
final class CsvParser implements LineParser {
  private static final long serialVersionUID = 1L;

  private final CsvOptions options;
  private final int width;
  private final List<String> header;
  private final byte separator;
  private final int quote;
  private final int escape;
  private final boolean trim;
  private final byte[][] missing;
  private final @Nullable String charset;
  private byte[] scratch = new byte[256];

  // The field that nextField found: bytes of `cell`, from `cellFrom` until `cellTo`.
  private byte[] cell = scratch;
  private int cellFrom;
  private int cellTo;
  private @Nullable String problem;

  /**
   * @param width columns of a row
   * @param header cells that the first line of every file must hold; ignored without a header
   */
  CsvParser(CsvOptions options, int width, List<String> header) {
    this.options = options;
    this.header = List.copyOf(header);
    this.width = width;
    this.separator = (byte) separator(options);
    this.quote = options.quote().isEmpty() ? -1 : options.quote().charAt(0);
    this.escape = options.escape().isEmpty() ? -1 : options.escape().charAt(0);
    this.trim = options.trim();
    this.missing =
        options.na().stream().map(s -> s.getBytes(StandardCharsets.UTF_8)).toArray(byte[][]::new);
    Charset declared = Charset.forName(options.encoding());
    this.charset =
        declared.equals(StandardCharsets.UTF_8) || declared.equals(StandardCharsets.US_ASCII)
            ? null
            : declared.name();
  }

  private static char separator(CsvOptions options) {
    String s = options.separator().equals("\\t") ? "\t" : options.separator();
    if (s.length() != 1 || s.charAt(0) > 127) {
      throw new DataException(
          "csv separator \"" + options.separator() + "\": expected one ASCII character");
    }
    return s.charAt(0);
  }

  /** What finds the ends of records. */
  QuoteScanner scanner() {
    return new QuoteScanner(
        separator, options.multiline() ? quote : -1, escape == quote ? -1 : escape, trim);
  }

  /** Has {@link LineFormat} read whole records. */
  void configure(Configuration conf) {
    if (options.multiline() && quote >= 0) {
      LineFormat.quoted(conf, separator, quote, escape == quote ? -1 : escape, trim);
    }
  }

  /** The fields of a line as text, e.g. of a header. */
  List<String> fields(byte[] b, int length) {
    byte[] utf8 = utf8(b, length);
    int n = utf8 == b ? length : utf8.length;
    List<String> fields = new ArrayList<>();
    for (int i = 0; i <= n; ) {
      i = nextField(utf8, i, n);
      fields.add(new String(cell, cellFrom, cellTo - cellFrom, StandardCharsets.UTF_8));
    }
    return fields;
  }

  private byte[] utf8(byte[] b, int length) {
    return charset == null
        ? b
        : new String(b, 0, length, Charset.forName(charset)).getBytes(StandardCharsets.UTF_8);
  }

  @Override
  public void parse(byte[] raw, int rawLength, long position, RawBlockBuilder out)
      throws LineException {
    byte[] b = utf8(raw, rawLength);
    int length = b == raw ? rawLength : b.length;
    if (blank(b, length)) {
      return;
    }
    if (options.header() && position <= 3 && isHeader(b, length, position)) {
      return;
    }
    out.beginRow(position);
    int column = 0;
    for (int i = 0; i <= length; column++) {
      i = nextField(b, i, length);
      String wrong = problem;
      if (wrong == null && column < width) {
        if (isMissing()) {
          out.missing(column);
        } else {
          wrong = out.cell(column, cell, cellFrom, cellTo);
        }
      }
      if (wrong != null) {
        out.reject(position, wrong + in(b, length));
        return;
      }
    }
    if (column != width) {
      out.reject(position, "expected " + width + " columns, found " + column + in(b, length));
      return;
    }
    out.endRow();
  }

  private static String in(byte[] b, int length) {
    return " in \"" + Excerpt.of(b, 0, length) + "\"";
  }

  /** The first line of every file must repeat the names. A byte order mark may stand before it. */
  private boolean isHeader(byte[] b, int length, long position) throws LineException {
    if (position != 0 && position != 3) {
      return false;
    }
    boolean same = fields(b, length).equals(header);
    if (!same && position == 0) {
      throw new LineException(
          "has the header \""
              + Excerpt.of(b, 0, length)
              + "\"; expected that of the first file: \""
              + Excerpt.of(String.join(",", header))
              + "\"");
    }
    return same; // at byte 3, after a byte order mark, a data line may start
  }

  private static boolean blank(byte[] b, int length) {
    for (int i = 0; i < length; i++) {
      if (b[i] != ' ' && b[i] != '\t') {
        return false;
      }
    }
    return true;
  }

  private boolean isMissing() {
    int n = cellTo - cellFrom;
    if (n == 0) {
      return true;
    }
    for (byte[] marker : missing) {
      if (marker.length == n && Arrays.equals(cell, cellFrom, cellTo, marker, 0, n)) {
        return true;
      }
    }
    return false;
  }

  /** Finds the field at {@code i}; returns where the next one starts, length + 1 after the last. */
  private int nextField(byte[] b, int from, int length) {
    problem = null;
    int i = from;
    if (trim) {
      while (i < length && isBlank(b[i])) {
        i++;
      }
    }
    if (i < length && b[i] == quote) {
      return quotedField(b, i, length);
    }
    int end = i;
    while (end < length && b[end] != separator) {
      end++;
    }
    cell = b;
    cellFrom = i;
    cellTo = end;
    if (trim) {
      while (cellTo > cellFrom && isBlank(b[cellTo - 1])) {
        cellTo--;
      }
    }
    return end + 1;
  }

  private boolean isBlank(byte c) {
    return (c == ' ' || c == '\t') && c != separator;
  }

  private int quotedField(byte[] b, int open, int length) {
    if (scratch.length < length) {
      scratch = new byte[length * 2];
    }
    int n = 0;
    int i = open + 1;
    while (true) {
      if (i >= length) {
        problem =
            "quote opened at character "
                + (open + 1)
                + " is never closed"
                + (options.multiline()
                    ? ""
                    : " (set multiline: true if fields in quotes hold line breaks)");
        return length + 1;
      }
      byte c = b[i];
      if (c == escape
          && escape != quote
          && i + 1 < length
          && (b[i + 1] == quote || b[i + 1] == escape)) {
        scratch[n++] = b[i + 1];
        i += 2;
      } else if (c != quote) {
        scratch[n++] = c;
        i++;
      } else if (i + 1 < length && b[i + 1] == quote) {
        scratch[n++] = c;
        i += 2;
      } else {
        break;
      }
    }
    cell = scratch;
    cellFrom = 0;
    cellTo = n;
    i++;
    while (i < length && isBlank(b[i])) {
      i++;
    }
    if (i < length && b[i] != separator) {
      problem = "expected the separator after the closing quote at character " + i;
      return length + 1;
    }
    return i + 1;
  }
}
