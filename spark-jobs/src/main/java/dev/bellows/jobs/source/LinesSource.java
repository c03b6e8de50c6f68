package dev.bellows.jobs.source;

import dev.bellows.jobs.config.LinePattern;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/** Text files with a row per line: the named groups of a regular expression are its columns. */
final class LinesSource extends TextSource {
  private final String pattern;
  private final List<String> columns;

  LinesSource(SparkSession session, SourceFiles files, String pattern) {
    super(session, files);
    this.pattern = pattern;
    this.columns = LinePattern.columns(pattern);
  }

  @Override
  public List<String> columns() {
    return columns;
  }

  @Override
  public boolean text(String column) {
    return column.equals(CorpusSource.TEXT);
  }

  @Override
  LineParser parser() {
    return new Parser(pattern, columns);
  }

  @Override
  public Dataset<Row> rows() {
    return TextRows.of(session, this);
  }

  /** One line to one row; blank lines are skipped. */
  static final class Parser implements LineParser {
    private static final long serialVersionUID = 1L;

    private final Pattern pattern;
    private final List<String> columns;

    Parser(String pattern, List<String> columns) {
      this.pattern = Pattern.compile(pattern);
      this.columns = columns;
    }

    @Override
    public void parse(byte[] b, int length, long position, RawBlockBuilder out) {
      String line = new String(b, 0, length, StandardCharsets.UTF_8);
      if (line.isBlank()) {
        return;
      }
      out.beginRow(position);
      Matcher matcher = pattern.matcher(line);
      if (!matcher.matches()) {
        out.reject(
            position,
            "expected a line of the form "
                + pattern
                + ", found \""
                + Excerpt.of(b, 0, length)
                + "\"");
        return;
      }
      String wrong =
          line.indexOf('\uFFFD') < 0
              ? null
              : "expected UTF-8, found \"" + Excerpt.of(b, 0, length) + "\"";
      for (int c = 0; c < columns.size() && wrong == null; c++) {
        String cell = matcher.group(columns.get(c));
        if (cell == null || cell.isEmpty()) {
          out.missing(c);
        } else {
          byte[] bytes = cell.getBytes(StandardCharsets.UTF_8);
          wrong = out.cell(c, bytes, 0, bytes.length);
        }
      }
      if (wrong != null) {
        out.reject(position, wrong);
      } else {
        out.endRow();
      }
    }
  }
}
