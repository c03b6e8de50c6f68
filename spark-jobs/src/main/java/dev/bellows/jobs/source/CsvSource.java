package dev.bellows.jobs.source;

import dev.bellows.jobs.config.SourceConfig.CsvOptions;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/** CSV files: names from the header, from the configuration, or c0, c1, ... */
final class CsvSource extends TextSource {
  private static final String[] COMMON_SEPARATORS = {",", ";", "\t", "|"};

  private final CsvOptions options;
  private final List<String> header;
  private final List<String> columns;

  CsvSource(SparkSession session, SourceFiles files, CsvOptions options) {
    super(session, files);
    this.options = options;
    CsvParser parser = new CsvParser(options, 0, List.of());
    byte[] line = files.firstLine(0, parser.scanner());
    if (line.length == 0) {
      throw new DataException(SourceFiles.name(files.paths()[0]) + " holds blank lines only");
    }
    this.header = parser.fields(line, line.length);
    this.columns = names(line);
  }

  private List<String> names(byte[] line) {
    String file = SourceFiles.name(files.paths()[0]);
    List<String> names = options.columns();
    if (names.isEmpty()) {
      names = new ArrayList<>();
      for (int c = 0; c < header.size(); c++) {
        String cell = options.header() ? header.get(c).strip() : "";
        names.add(cell.isEmpty() ? "c" + c : cell);
      }
    }
    if (names.size() != header.size() || header.size() == 1) {
      checkSeparator(file, line, header.size(), options.columns().size());
    }
    Set<String> seen = new HashSet<>();
    for (String name : names) {
      if (!seen.add(name)) {
        throw new DataException(
            file
                + ":1 names the column \""
                + name
                + "\" twice: \""
                + Excerpt.of(line, 0, line.length)
                + "\"; set header: false and give columns");
      }
    }
    return List.copyOf(names);
  }

  private void checkSeparator(String file, byte[] line, int found, int expected) {
    for (String candidate : COMMON_SEPARATORS) {
      CsvOptions other = options.withSeparator(candidate);
      int n = new CsvParser(other, 0, List.of()).fields(line, line.length).size();
      if (expected == 0 ? n > 1 : n == expected) {
        throw new DataException(
            file
                + ":1 has "
                + found
                + " column(s) with separator \""
                + shown(options.separator())
                + "\" but "
                + n
                + " with \""
                + shown(candidate)
                + "\": set the separator; found \""
                + Excerpt.of(line, 0, line.length)
                + "\"");
      }
    }
    if (expected > 0 && found != expected) {
      throw new DataException(
          file
              + ":1 expected the "
              + expected
              + " columns of the configuration, found "
              + found
              + " in \""
              + Excerpt.of(line, 0, line.length)
              + "\"");
    }
  }

  private static String shown(String separator) {
    return separator.equals("\t") ? "\\t" : separator;
  }

  @Override
  public List<String> columns() {
    return columns;
  }

  @Override
  CsvParser parser() {
    return new CsvParser(options, columns.size(), header);
  }

  @Override
  void configure(Configuration conf) {
    parser().configure(conf);
  }

  @Override
  public Dataset<Row> rows() {
    return TextRows.of(session, this);
  }
}
