package dev.bellows.jobs.source;

import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * Rows of a data frame (Parquet or any other). Number columns are numbers, text is text, arrays and
 * vectors are what {@link ListRule} says.
 */
final class FrameSource implements SourceReader {
  private final Dataset<Row> rows;
  private final String name;
  private final FrameColumns frame;

  FrameSource(Dataset<Row> rows, String name, ListRule rule) {
    this.rows = rows;
    this.name = name;
    this.frame = FrameColumns.of(rows.schema(), name, "", rule, rule.widths(rows));
  }

  static FrameSource parquet(SparkSession session, SourceFiles files, ListRule rule) {
    String[] paths = Arrays.stream(files.paths()).map(Path::toString).toArray(String[]::new);
    try {
      return new FrameSource(session.read().parquet(paths), files.given(), rule);
    } catch (RuntimeException e) {
      if (e instanceof DataException) {
        throw e;
      }
      throw new DataException(
          files.given()
              + " is not a Parquet file that Spark can read: "
              + Excerpt.of(String.valueOf(e.getMessage())),
          e);
    }
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public List<String> columns() {
    return frame.columns();
  }

  @Override
  public Map<String, List<String>> lists() {
    return frame.lists();
  }

  @Override
  public boolean sparse() {
    return frame.sparse();
  }

  @Override
  public Dataset<Row> rows() {
    return rows;
  }

  @Override
  public String where(String file, long position) {
    return file + " row " + (position + 1);
  }

  @Override
  public JavaRDD<RawBlock> blocks(RawSchema schema) {
    FrameColumns columns = frame;
    return rows.javaRDD()
        .mapPartitionsWithIndex(
            (partition, it) -> new FrameBlocks(schema, "partition " + partition, columns, it),
            true);
  }

  private static final class FrameBlocks extends BlockIterator {
    private final FrameColumns columns;
    private final Iterator<Row> rows;
    private long row;

    FrameBlocks(RawSchema schema, String name, FrameColumns columns, Iterator<Row> rows) {
      super(schema, name);
      this.columns = columns;
      this.rows = rows;
    }

    @Override
    boolean step(RawBlockBuilder out) {
      if (!rows.hasNext()) {
        return false;
      }
      columns.add(rows.next(), row++, out);
      return true;
    }
  }
}
