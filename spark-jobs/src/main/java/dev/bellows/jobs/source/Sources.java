package dev.bellows.jobs.source;

import dev.bellows.jobs.config.SourceConfig;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.jspecify.annotations.Nullable;

/**
 * Opens configured sources. Opening looks at names, headers and sizes on the driver; rows are read
 * by Spark tasks.
 *
 * <p>Every refusal is a {@link DataException} (exit code 4) that says what was expected, what was
 * found and where.
 */
public final class Sources {
  private Sources() {}

  /**
   * Opens a source; relative paths resolve against {@code baseDir}.
   *
   * @param rule what arrays and vectors become, where the format has them
   */
  public static SourceReader open(
      SparkSession session, SourceConfig source, String baseDir, ListRule rule) {
    Configuration conf = session.sparkContext().hadoopConfiguration();
    return switch (source.format()) {
      case CSV ->
          new CsvSource(
              session, SourceFiles.list(conf, baseDir, path(source, source.path())), source.csv());
      case LIBSVM ->
          new LibsvmSource(
              session,
              SourceFiles.list(conf, baseDir, path(source, source.path())),
              source.libsvm());
      case IDX -> {
        String labels = source.labels();
        yield new IdxSource(
            session,
            SourceFiles.list(conf, baseDir, path(source, source.images())),
            labels == null ? null : SourceFiles.list(conf, baseDir, labels));
      }
      case TEXT -> {
        SourceFiles files = SourceFiles.list(conf, baseDir, path(source, source.path()));
        yield source.text().window() == 0
            ? new LinesSource(session, files, source.text().pattern())
            : new CorpusSource(
                session, files, source.text().window(), rule.tokenizer(CorpusSource.TEXT));
      }
      case CIFAR ->
          new CifarSource(
              session,
              SourceFiles.list(conf, baseDir, path(source, source.path())),
              source.arrays().cifar());
      case WAV ->
          new WavSource(
              session,
              SourceFiles.list(conf, baseDir, path(source, source.path())),
              source.text().pattern(),
              rule.sound());
      case PARALLEL -> {
        String target = source.labels();
        yield new ParallelSource(
            session,
            SourceFiles.list(conf, baseDir, path(source, source.path())),
            target == null ? null : SourceFiles.list(conf, baseDir, target));
      }
      case IMAGES ->
          new ImageFolderSource(
              session, baseDir, path(source, source.path()), source.arrays().images());
      case SERIES ->
          new SeriesSource(
              session,
              SourceFiles.list(conf, baseDir, path(source, source.path())),
              source.csv(),
              source.arrays().series());
      case PARQUET ->
          FrameSource.parquet(
              session, SourceFiles.list(conf, baseDir, path(source, source.path())), rule);
    };
  }

  /** As above, without the arrays and vectors of a Parquet source. */
  public static SourceReader open(SparkSession session, SourceConfig source, String baseDir) {
    return open(session, source, baseDir, ListRule.none());
  }

  private static String path(SourceConfig source, @Nullable String path) {
    if (path == null) {
      throw new DataException("a " + source.format() + " source needs a path");
    }
    return path;
  }

  /**
   * Any data frame as a source. Its rows are computed once, the first of them twice where only it
   * tells how wide an array or a vector is.
   */
  public static SourceReader of(Dataset<Row> rows, String name, ListRule rule) {
    return new FrameSource(rows, name, rule);
  }

  /** A source as a data frame, see {@link SourceReader#rows}. */
  public static Dataset<Row> read(
      SparkSession session, SourceConfig source, String baseDir, ListRule rule) {
    return open(session, source, baseDir, rule).rows();
  }

  /** As above, without the rules of a model or a configuration. */
  public static Dataset<Row> read(SparkSession session, SourceConfig source, String baseDir) {
    return open(session, source, baseDir).rows();
  }
}
