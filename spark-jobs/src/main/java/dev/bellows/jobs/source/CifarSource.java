package dev.bellows.jobs.source;

import dev.bellows.jobs.config.SourceConfig.Cifar;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.util.SerializableConfiguration;
import org.jspecify.annotations.Nullable;

/**
 * CIFAR binary files (A. Krizhevsky, "Learning multiple layers of features from tiny images",
 * 2009): records without a header.
 *
 * <pre>
 * CIFAR-10:   label             | 1024 bytes red | 1024 green | 1024 blue      (3,073 bytes)
 * CIFAR-100:  coarse | fine     | 1024 bytes red | 1024 green | 1024 blue      (3,074 bytes)
 * </pre>
 *
 * Planes are row by row; rows of blocks hold [32, 32, 3]. A gzip file is read by one task; plain
 * files by several, each its range of records.
 */
final class CifarSource extends ImageSource {
  private static final int SIDE = 32;
  private static final int PLANE = SIDE * SIDE;
  private static final long MAX_FREE_INFLATED_BYTES = 1L << 30;
  private static final long RANGE_BYTES = 8L << 20;

  private final SourceFiles files;
  private final Cifar variant;
  private final int recordBytes;

  CifarSource(SparkSession session, SourceFiles files, Cifar variant) {
    super(session);
    this.files = files;
    this.variant = variant;
    this.recordBytes = variant.labelBytes() + 3 * PLANE;
    for (int i = 0; i < files.paths().length; i++) {
      if (!files.compressed(i) && files.length(i) % recordBytes != 0) {
        throw new DataException(
            SourceFiles.name(files.paths()[i])
                + " has "
                + files.length(i)
                + " bytes, which is not a multiple of the "
                + recordBytes
                + " of a "
                + variant.name().toLowerCase(java.util.Locale.ROOT)
                + " record: cut off, or another variant");
      }
    }
  }

  @Override
  public String name() {
    return files.paths().length == 1 ? SourceFiles.name(files.paths()[0]) : files.given();
  }

  @Override
  public List<String> columns() {
    return List.of("label");
  }

  @Override
  public List<Integer> imageShape() {
    return List.of(SIDE, SIDE, 3);
  }

  @Override
  public String where(String file, long position) {
    return file + " record " + (position + 1);
  }

  @Override
  public JavaRDD<RawBlock> blocks(RawSchema schema) {
    JavaSparkContext context = JavaSparkContext.fromSparkContext(session().sparkContext());
    SerializableConfiguration conf = new SerializableConfiguration(context.hadoopConfiguration());
    List<Range> ranges = new ArrayList<>();
    for (int i = 0; i < files.paths().length; i++) {
      String path = files.paths()[i].toString();
      if (files.compressed(i)) {
        ranges.add(new Range(path, 0, Long.MAX_VALUE, files.length(i)));
        continue;
      }
      long records = files.length(i) / recordBytes;
      long parts = Math.max(1, Math.min(records, files.length(i) / RANGE_BYTES));
      for (long p = 0; p < parts; p++) {
        ranges.add(new Range(path, records * p / parts, records * (p + 1) / parts, 0));
      }
    }
    Cifar labels = variant;
    List<Integer> numbers = IntStream.range(0, ranges.size()).boxed().toList();
    return context
        .parallelize(numbers, numbers.size())
        .mapPartitions(it -> new Records(schema, conf.value(), ranges.get(it.next()), labels));
  }

  /**
   * Records of one file. Travels in a closure: Kryo, which moves the rows of a data set, takes no
   * Java records.
   *
   * @param path of the file
   * @param from first record
   * @param to one more than the last; all there are in a compressed file
   * @param storedBytes size of a compressed file; 0 for a plain one
   */
  private record Range(String path, long from, long to, long storedBytes)
      implements java.io.Serializable {}

  private static final class Records extends BlockIterator {
    private final Configuration conf;
    private final Range range;
    private final Cifar variant;
    private final byte[] record;
    private final byte[] image = new byte[3 * PLANE];
    private @Nullable InputStream in;
    private long row;

    Records(RawSchema schema, Configuration conf, Range range, Cifar variant) {
      super(schema, SourceFiles.name(new Path(range.path)));
      this.conf = conf;
      this.range = range;
      this.variant = variant;
      this.record = new byte[variant.labelBytes() + image.length];
      this.row = range.from;
    }

    @Override
    boolean step(RawBlockBuilder out) throws Exception {
      InputStream stream = in;
      if (stream == null) {
        stream = SourceFiles.open(conf, new Path(range.path));
        in = stream;
        stream.skipNBytes(row * record.length);
      }
      int read = row == range.to ? 0 : stream.readNBytes(record, 0, record.length);
      if (read < record.length) {
        close();
        if (read > 0 || (range.storedBytes == 0 && row < range.to)) {
          throw new LineException(
              "ends inside record "
                  + (row + 1)
                  + ": it has "
                  + read
                  + " of "
                  + record.length
                  + " bytes (cut off, or another variant)");
        }
        return false;
      }
      long inflated = (row + 1) * record.length;
      if (range.storedBytes > 0
          && LineFormat.bomb(inflated, range.storedBytes, MAX_FREE_INFLATED_BYTES)) {
        close();
        throw new LineException(LineFormat.bombMessage(inflated, range.storedBytes));
      }
      add(out);
      row++;
      return true;
    }

    private void add(RawBlockBuilder out) {
      out.beginRow(row);
      int label = record[variant.labelAt()] & 0xff;
      if (label >= variant.classes()) {
        out.reject(
            row,
            "expected a label in 0.."
                + (variant.classes() - 1)
                + ", found "
                + label
                + " (is it the right variant?)");
        return;
      }
      int planes = variant.labelBytes();
      for (int pixel = 0; pixel < PLANE; pixel++) {
        for (int c = 0; c < 3; c++) {
          image[3 * pixel + c] = record[planes + c * PLANE + pixel];
        }
      }
      out.pixels(image, 0);
      String problem = out.number(0, label);
      if (problem == null) {
        out.endRow();
      } else {
        out.reject(row, problem);
      }
    }

    private void close() throws IOException {
      InputStream stream = in;
      in = null;
      if (stream != null) {
        stream.close();
      }
    }
  }
}
