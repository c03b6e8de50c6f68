package dev.bellows.jobs.source;

import java.io.BufferedReader;
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
 * Files of running text, each cut into rows of T tokens and the one that follows: row k holds the
 * tokens k T to k T + T, so that each token but the first of a file is predicted once. The last row
 * of a file is shorter. A file is read by one task.
 */
final class CorpusSource implements SourceReader {
  /** The one column. */
  static final String TEXT = "text";

  private final SparkSession session;
  private final SourceFiles files;
  private final int window;
  private final Tokenizer tokenizer;

  CorpusSource(SparkSession session, SourceFiles files, int window, Tokenizer tokenizer) {
    this.session = session;
    this.files = files;
    this.window = window;
    this.tokenizer = tokenizer;
  }

  @Override
  public String name() {
    return files.given();
  }

  @Override
  public List<String> columns() {
    return List.of(TEXT);
  }

  @Override
  public boolean text(String column) {
    return column.equals(TEXT);
  }

  @Override
  public int window() {
    return window;
  }

  @Override
  public String where(String file, long position) {
    return file + " after token " + position;
  }

  @Override
  public JavaRDD<RawBlock> blocks(RawSchema schema) {
    JavaSparkContext context = JavaSparkContext.fromSparkContext(session.sparkContext());
    SerializableConfiguration conf = new SerializableConfiguration(context.hadoopConfiguration());
    List<String> paths = Arrays.stream(files.paths()).map(Path::toString).toList();
    int tokens = window;
    Tokenizer cut = tokenizer;
    return context
        .parallelize(paths, paths.size())
        .mapPartitions(it -> new Windows(schema, conf.value(), new Path(it.next()), tokens, cut));
  }

  @Override
  public Dataset<Row> rows() {
    return TextRows.of(session, this);
  }

  /** The rows of one file. */
  private static final class Windows extends BlockIterator {
    /** Lines are tokenised as they come; no token of words reaches over a line break. */
    private final List<String> tokens = new ArrayList<>();

    private final Configuration conf;
    private final Path path;
    private final int window;
    private final Tokenizer tokenizer;
    private @Nullable BufferedReader reader;
    private boolean ended;
    private long before;

    Windows(RawSchema schema, Configuration conf, Path path, int window, Tokenizer tokenizer) {
      super(schema, SourceFiles.name(path));
      this.conf = conf;
      this.path = path;
      this.window = window;
      this.tokenizer = tokenizer;
    }

    @Override
    boolean step(RawBlockBuilder out) throws Exception {
      while (!ended && tokens.size() <= window) {
        more();
      }
      if (tokens.size() < 2) { // nothing follows a single token
        return false;
      }
      int end = Math.min(tokens.size(), window + 1);
      byte[] cell =
          String.join(tokenizer.glue(), tokens.subList(0, end)).getBytes(StandardCharsets.UTF_8);
      out.beginRow(before);
      String wrong = out.cell(0, cell, 0, cell.length);
      if (wrong != null) {
        out.reject(before, wrong);
      } else {
        out.endRow();
      }
      tokens.subList(0, end - 1).clear();
      before += end - 1;
      return true;
    }

    private void more() throws Exception {
      if (reader == null) {
        reader =
            new BufferedReader(
                new InputStreamReader(
                    SourceFiles.open(conf, path),
                    StandardCharsets.UTF_8
                        .newDecoder()
                        .onMalformedInput(CodingErrorAction.REPORT)
                        .onUnmappableCharacter(CodingErrorAction.REPORT)));
      }
      StringBuilder piece = new StringBuilder();
      try {
        int c = reader.read();
        while (c >= 0) {
          piece.append((char) c);
          if (c == '\n') {
            break;
          }
          c = reader.read();
        }
        ended = c < 0;
      } catch (CharacterCodingException e) {
        throw new LineException(
            "is not UTF-8 after token "
                + (before + tokens.size())
                + ": convert it first (iconv -t utf-8)");
      }
      if (ended) {
        reader.close();
      }
      tokens.addAll(tokenizer.split(piece.toString()));
    }
  }
}
