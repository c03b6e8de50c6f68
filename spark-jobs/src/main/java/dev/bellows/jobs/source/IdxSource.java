package dev.bellows.jobs.source;

import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.util.SerializableConfiguration;
import org.jspecify.annotations.Nullable;

/**
 * IDX files (big-endian): images of unsigned bytes and, beside them, labels.
 *
 * <pre>
 * images: 00 00 08 03 | int32 count | int32 height | int32 width | bytes row by row      (08 04: and int32 channels)
 * labels: 00 00 08 01 | int32 count | one byte per label
 * </pre>
 *
 * A gzip file is read by one task; plain files by several, each its range of rows.
 */
final class IdxSource extends ImageSource {
  private static final int LABEL_MAGIC = 0x0801;
  private static final int GREY_MAGIC = 0x0803;
  private static final int CHANNELS_MAGIC = 0x0804;
  private static final long MAX_FREE_INFLATED_BYTES = 1L << 30;
  private static final int MAX_GZIP_RATIO = 1032;
  private static final long RANGE_BYTES = 8L << 20;

  private final Path images;
  private final @Nullable Path labels;
  private final int count;
  private final List<Integer> shape;
  private final int headerBytes;
  private final boolean compressed;

  IdxSource(SparkSession session, SourceFiles imageFiles, @Nullable SourceFiles labelFiles) {
    super(session);
    this.images = imageFiles.paths()[0];
    this.labels = labelFiles == null ? null : labelFiles.paths()[0];
    Configuration conf = session.sparkContext().hadoopConfiguration();
    String name = SourceFiles.name(images);
    try (DataInputStream in = new DataInputStream(SourceFiles.open(conf, images))) {
      int magic = in.readInt();
      if (magic != GREY_MAGIC && magic != CHANNELS_MAGIC) {
        throw new DataException(
            name
                + " starts with magic "
                + shown(magic)
                + "; expected an IDX image file, magic "
                + shown(GREY_MAGIC)
                + " (2051)"
                + (magic == LABEL_MAGIC
                    ? ": this is a label file, are images and labels swapped?"
                    : ""));
      }
      this.count = in.readInt();
      int height = in.readInt();
      int width = in.readInt();
      int channels = magic == CHANNELS_MAGIC ? in.readInt() : 1;
      this.headerBytes = magic == CHANNELS_MAGIC ? 20 : 16;
      long imageBytes = (long) height * width * channels;
      if (count < 1 || height < 1 || width < 1 || channels < 1 || imageBytes > 1 << 28) {
        throw new DataException(
            name
                + " declares "
                + count
                + " images of "
                + height
                + "x"
                + width
                + "x"
                + channels
                + "; expected at least 1 of each and at most 2^28 bytes an image");
      }
      this.shape = List.of(height, width, channels);
      this.compressed = imageFiles.compressed(0);
      checkSize(name, imageFiles.length(0), count * imageBytes, imageBytes);
    } catch (EOFException e) {
      throw new DataException(name + " ends inside its header: expected an IDX image file", e);
    } catch (IOException e) {
      throw new DataException(name + " cannot be read: " + e.getMessage(), e);
    }
    if (labels != null) {
      checkLabels(conf, labels);
    }
  }

  private void checkSize(String name, long stored, long payload, long imageBytes) {
    if (compressed && payload > MAX_GZIP_RATIO * stored + (1 << 16)) {
      throw new DataException(
          name
              + " declares "
              + count
              + " images ("
              + payload
              + " bytes) but its "
              + stored
              + " stored bytes cannot hold them (gzip reaches "
              + MAX_GZIP_RATIO
              + " to 1 at most): damaged header or cut-off file");
    }
    if (compressed && LineFormat.bomb(payload, stored, MAX_FREE_INFLATED_BYTES)) {
      throw new DataException(
          name
              + " declares "
              + payload
              + " bytes from "
              + stored
              + " stored ones (over "
              + LineFormat.MAX_INFLATE_RATIO
              + " to 1), as a gzip bomb does: inflate it yourself if it is meant");
    }
    if (!compressed && stored != headerBytes + payload) {
      throw new DataException(
          name
              + " declares "
              + count
              + " images of "
              + imageBytes
              + " bytes, so "
              + (headerBytes + payload)
              + " bytes in all; it has "
              + stored);
    }
  }

  private void checkLabels(Configuration conf, Path path) {
    String name = SourceFiles.name(path);
    try (DataInputStream in = new DataInputStream(SourceFiles.open(conf, path))) {
      int magic = in.readInt();
      if (magic != LABEL_MAGIC) {
        throw new DataException(
            name
                + " starts with magic "
                + shown(magic)
                + "; expected an IDX label file, magic "
                + shown(LABEL_MAGIC)
                + " (2049)");
      }
      int n = in.readInt();
      if (n != count) {
        throw new DataException(
            name
                + " declares "
                + n
                + " labels, but "
                + SourceFiles.name(images)
                + " has "
                + count
                + " images");
      }
    } catch (EOFException e) {
      throw new DataException(name + " ends inside its header: expected an IDX label file", e);
    } catch (IOException e) {
      throw new DataException(name + " cannot be read: " + e.getMessage(), e);
    }
  }

  private static String shown(int magic) {
    return String.format("0x%08x", magic);
  }

  @Override
  public String name() {
    return SourceFiles.name(images);
  }

  @Override
  public List<String> columns() {
    return labels == null ? List.of() : List.of("label");
  }

  @Override
  public List<Integer> imageShape() {
    return shape;
  }

  @Override
  public String where(String file, long position) {
    return file + " image " + (position + 1);
  }

  @Override
  public JavaRDD<RawBlock> blocks(RawSchema schema) {
    JavaSparkContext context = JavaSparkContext.fromSparkContext(session().sparkContext());
    SerializableConfiguration conf = new SerializableConfiguration(context.hadoopConfiguration());
    long bytes = (long) count * schema.pixelWidth();
    int ranges = compressed ? 1 : (int) Math.max(1, Math.min(count, bytes / RANGE_BYTES));
    List<int[]> parts = new ArrayList<>();
    for (int i = 0; i < ranges; i++) {
      parts.add(
          new int[] {(int) ((long) count * i / ranges), (int) ((long) count * (i + 1) / ranges)});
    }
    String imagePath = images.toString();
    String labelPath = labels == null ? null : labels.toString();
    int total = count;
    int header = headerBytes;
    boolean wholeFile = compressed;
    return context
        .parallelize(parts, ranges)
        .mapPartitions(
            it -> {
              int[] range = it.next();
              return new ImageBlocks(
                  schema,
                  conf.value(),
                  imagePath,
                  labelPath,
                  header,
                  range[0],
                  range[1],
                  wholeFile && range[1] == total);
            });
  }

  private static final class ImageBlocks extends BlockIterator {
    private final Configuration conf;
    private final Path images;
    private final @Nullable Path labels;
    private final int headerBytes;
    private final int to;
    private final boolean checkEnd;
    private final byte[] image;
    private @Nullable DataInputStream imageStream;
    private @Nullable InputStream labelStream;
    private int row;

    ImageBlocks(
        RawSchema schema,
        Configuration conf,
        String images,
        @Nullable String labels,
        int headerBytes,
        int from,
        int to,
        boolean checkEnd) {
      super(schema, SourceFiles.name(new Path(images)));
      this.conf = conf;
      this.images = new Path(images);
      this.labels = labels == null ? null : new Path(labels);
      this.headerBytes = headerBytes;
      this.row = from;
      this.to = to;
      this.checkEnd = checkEnd;
      this.image = new byte[schema.pixelWidth()];
    }

    @Override
    boolean step(RawBlockBuilder out) throws Exception {
      if (imageStream == null) {
        open();
      }
      DataInputStream in = java.util.Objects.requireNonNull(imageStream);
      if (row == to) {
        boolean more = checkEnd && in.read() >= 0;
        close();
        if (more) {
          throw new LineException(
              "holds more bytes than its header declares ("
                  + to
                  + " images of "
                  + image.length
                  + " bytes)");
        }
        return false;
      }
      try {
        in.readFully(image);
      } catch (EOFException e) {
        close();
        throw new LineException(
            "ends inside image "
                + (row + 1)
                + "; its header declares "
                + to
                + " images of "
                + image.length
                + " bytes");
      }
      out.beginRow(row);
      out.pixels(image, 0);
      if (labelStream != null) {
        int label = labelStream.read();
        if (label < 0) {
          close();
          throw new LineException(
              "has fewer labels than its header declares: the label file "
                  + labels
                  + " ends at label "
                  + (row + 1));
        }
        String problem = out.number(0, label);
        if (problem != null) {
          out.reject(row, problem);
          row++;
          return true;
        }
      }
      out.endRow();
      row++;
      return true;
    }

    private void open() throws IOException {
      imageStream = new DataInputStream(SourceFiles.open(conf, images));
      imageStream.skipNBytes(headerBytes + (long) row * image.length);
      if (labels != null) {
        labelStream = SourceFiles.open(conf, labels);
        labelStream.skipNBytes(8L + row);
      }
    }

    private void close() throws IOException {
      if (imageStream != null) {
        imageStream.close();
        imageStream = null;
      }
      if (labelStream != null) {
        labelStream.close();
        labelStream = null;
      }
    }
  }
}
