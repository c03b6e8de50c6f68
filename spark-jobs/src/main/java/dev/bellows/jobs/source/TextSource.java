package dev.bellows.jobs.source;

import java.util.Iterator;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.io.LongWritable;
import org.apache.hadoop.io.Text;
import org.apache.hadoop.mapreduce.Job;
import org.apache.hadoop.mapreduce.lib.input.FileInputFormat;
import org.apache.hadoop.mapreduce.lib.input.FileSplit;
import org.apache.spark.api.java.JavaNewHadoopRDD;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import scala.Tuple2;

/**
 * Text files read by lines. Splits are small enough to give every core work; what comes out does
 * not depend on them.
 */
abstract class TextSource implements SourceReader {
  private static final long MIN_SPLIT_BYTES = 1L << 20;
  private static final long MAX_SPLIT_BYTES = 64L << 20;

  final SparkSession session;
  final SourceFiles files;

  TextSource(SparkSession session, SourceFiles files) {
    this.session = session;
    this.files = files;
  }

  abstract LineParser parser();

  /** Settings of {@link LineFormat} that the format needs. */
  void configure(Configuration conf) {}

  @Override
  public String name() {
    return files.given();
  }

  @Override
  public boolean typed(String column) {
    return false;
  }

  @Override
  @SuppressWarnings("unchecked")
  public JavaRDD<RawBlock> blocks(RawSchema schema) {
    LineParser parser = parser();
    return ((JavaNewHadoopRDD<LongWritable, Text>) lines())
        .mapPartitionsWithInputSplit(
            (split, lines) ->
                new LineBlocks(
                    schema, SourceFiles.name(((FileSplit) split).getPath()), parser, lines),
            true);
  }

  org.apache.spark.api.java.JavaPairRDD<LongWritable, Text> lines() {
    JavaSparkContext context = JavaSparkContext.fromSparkContext(session.sparkContext());
    try {
      Job job = Job.getInstance(new Configuration(context.hadoopConfiguration()));
      FileInputFormat.setInputPaths(job, files.paths());
      configure(job.getConfiguration());
      long wanted = files.totalBytes() / Math.max(1, 2L * context.defaultParallelism());
      FileInputFormat.setMaxInputSplitSize(
          job, Math.max(MIN_SPLIT_BYTES, Math.min(MAX_SPLIT_BYTES, wanted)));
      return context.newAPIHadoopRDD(
          job.getConfiguration(), LineFormat.class, LongWritable.class, Text.class);
    } catch (java.io.IOException e) {
      throw new DataException(name() + " cannot be read: " + e.getMessage(), e);
    }
  }

  @Override
  public String where(String file, long position) {
    return file + ":" + files.lineNumber(file, position);
  }

  private static final class LineBlocks extends BlockIterator {
    private final LineParser parser;
    private final Iterator<Tuple2<LongWritable, Text>> lines;

    LineBlocks(
        RawSchema schema,
        String file,
        LineParser parser,
        Iterator<Tuple2<LongWritable, Text>> lines) {
      super(schema, file);
      this.parser = parser;
      this.lines = lines;
    }

    @Override
    boolean step(RawBlockBuilder out) throws Exception {
      if (!lines.hasNext()) {
        return false;
      }
      Tuple2<LongWritable, Text> line = lines.next();
      parser.parse(line._2().getBytes(), line._2().getLength(), line._1().get(), out);
      return true;
    }
  }
}
