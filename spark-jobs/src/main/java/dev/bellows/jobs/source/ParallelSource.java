package dev.bellows.jobs.source;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.util.SerializableConfiguration;
import org.jspecify.annotations.Nullable;

/**
 * Two texts that belong together line by line: line i of a source file and line i of its target
 * file are a row with the columns {@code source} and {@code target}. Without target files there is
 * only {@code source}. A pair of files is read by one task.
 */
final class ParallelSource implements SourceReader {
  static final String SOURCE = "source";
  static final String TARGET = "target";

  private final SparkSession session;
  private final SourceFiles sources;
  private final @Nullable SourceFiles targets;

  /**
   * @param targets as many files as {@code sources}, in the order of their names; null where rows
   *     are only translated
   */
  ParallelSource(SparkSession session, SourceFiles sources, @Nullable SourceFiles targets) {
    this.session = session;
    this.sources = sources;
    this.targets = targets;
    if (targets != null && targets.paths().length != sources.paths().length) {
      throw new DataException(
          "parallel files: expected one target file for each source file, found "
              + sources.paths().length
              + " of "
              + sources.given()
              + " and "
              + targets.paths().length
              + " of "
              + targets.given());
    }
  }

  @Override
  public String name() {
    return targets == null ? sources.given() : sources.given() + " and " + targets.given();
  }

  @Override
  public List<String> columns() {
    return targets == null ? List.of(SOURCE) : List.of(SOURCE, TARGET);
  }

  @Override
  public boolean text(String column) {
    return columns().contains(column);
  }

  @Override
  public String where(String file, long position) {
    return file + ":" + position;
  }

  @Override
  public JavaRDD<RawBlock> blocks(RawSchema schema) {
    JavaSparkContext context = JavaSparkContext.fromSparkContext(session.sparkContext());
    SerializableConfiguration conf = new SerializableConfiguration(context.hadoopConfiguration());
    List<List<String>> pairs = new ArrayList<>();
    for (int i = 0; i < sources.paths().length; i++) {
      List<String> pair = new ArrayList<>(List.of(sources.paths()[i].toString()));
      if (targets != null) {
        pair.add(targets.paths()[i].toString());
      }
      pairs.add(pair);
    }
    return context
        .parallelize(pairs, pairs.size())
        .mapPartitions(
            it -> new Pairs(schema, it.next().stream().map(Path::new).toList(), conf.value()));
  }

  @Override
  public Dataset<Row> rows() {
    return TextRows.of(session, this);
  }

  /** The rows of one pair of files. */
  private static final class Pairs extends BlockIterator {
    private final List<Path> paths;
    private final Configuration conf;
    private final BufferedReader[] readers;
    private long line;

    Pairs(RawSchema schema, List<Path> paths, Configuration conf) {
      super(schema, SourceFiles.name(paths.get(0)));
      this.paths = paths;
      this.conf = conf;
      this.readers = new BufferedReader[paths.size()];
    }

    @Override
    boolean step(RawBlockBuilder out) throws Exception {
      @Nullable String[] lines = new String[paths.size()];
      for (int c = 0; c < lines.length; c++) {
        lines[c] = read(c);
      }
      if (Arrays.stream(lines).allMatch(text -> text == null)) {
        for (BufferedReader reader : readers) {
          reader.close();
        }
        return false;
      }
      line++;
      out.beginRow(line);
      String wrong = null;
      for (int c = 0; c < lines.length && wrong == null; c++) {
        String text = lines[c];
        if (text == null) {
          throw new LineException(
              "and "
                  + SourceFiles.name(paths.get(1))
                  + " differ in their number of lines: "
                  + SourceFiles.name(paths.get(c))
                  + " ends before line "
                  + line
                  + "; line i of one must belong to line i of the other");
        }
        if (text.isBlank()) {
          wrong = "expected a text in " + SourceFiles.name(paths.get(c)) + ", found a blank line";
        } else {
          byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
          wrong = out.cell(c, bytes, 0, bytes.length);
        }
      }
      if (wrong != null) {
        out.reject(line, wrong);
      } else {
        out.endRow();
      }
      return true;
    }

    private @Nullable String read(int file) throws IOException {
      if (readers[file] == null) {
        readers[file] =
            new BufferedReader(
                new InputStreamReader(
                    SourceFiles.open(conf, paths.get(file)),
                    StandardCharsets.UTF_8
                        .newDecoder()
                        .onMalformedInput(CodingErrorAction.REPORT)
                        .onUnmappableCharacter(CodingErrorAction.REPORT)));
      }
      try {
        return readers[file].readLine();
      } catch (CharacterCodingException e) {
        throw new LineException(
            "cannot be read: "
                + SourceFiles.name(paths.get(file))
                + " is not UTF-8 after line "
                + line
                + ": convert it first (iconv -t utf-8)");
      }
    }
  }
}
