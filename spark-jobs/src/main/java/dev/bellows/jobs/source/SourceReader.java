package dev.bellows.jobs.source;

import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** An opened source: its columns are known, its rows are read by the tasks of {@link #blocks}. */
public interface SourceReader extends SourceLayout {
  /** The rows. What cannot be read is reported in the blocks; nothing is thrown for it. */
  JavaRDD<RawBlock> blocks(RawSchema schema);

  /**
   * The rows as a data frame: text columns of CSV as strings (missing markers as null), labels as
   * doubles, images as binary.
   */
  Dataset<Row> rows();

  /** Where a row stands, as people say it: file:line. */
  String where(String file, long position);
}
