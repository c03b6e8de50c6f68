package dev.bellows.jobs.source;

import dev.bellows.jobs.config.SourceConfig.ImageOptions;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.SerializableConfiguration;
import org.jspecify.annotations.Nullable;

/**
 * Folders of image files. With a folder of masks each pixel has a label: the mask of {@code
 * image/7.png} is the file of the other folder that is called {@code 7}. Without, the label of an
 * image is the name of its folder.
 *
 * <p>Images are rows as they are, scaled to one size, or cut into tiles: windows at multiples of
 * the stride from the upper left corner on; where the last one would end before the border, one
 * more ends at it. Which tiles there are depends on the sizes alone.
 */
final class ImageFolderSource extends ImageSource {
  private static final Set<String> ENDINGS = Set.of("png", "jpg", "jpeg", "bmp", "gif");
  private static final long PARTITION_BYTES = 16L << 20;

  /** Tiles of an image that a position can tell apart. */
  private static final int TILES = 1 << 20;

  private final String given;
  private final List<Entry> entries;
  private final ImageOptions options;
  private final ImageFile first;
  private final long totalBytes;

  /**
   * One image file.
   *
   * @param path of the image
   * @param label name of its folder
   * @param mask path of its mask; null when there are no masks, empty when this one is missing
   */
  private record Entry(String path, String label, @Nullable String mask)
      implements java.io.Serializable {}

  ImageFolderSource(SparkSession session, String baseDir, String path, ImageOptions options) {
    super(session);
    Configuration conf = session.sparkContext().hadoopConfiguration();
    SourceFiles files = SourceFiles.listDeep(conf, baseDir, path);
    Map<String, String> masks = masks(conf, baseDir, options);
    this.given = path;
    this.options = options;
    this.totalBytes = files.totalBytes();
    this.entries = new ArrayList<>();
    for (Path file : files.paths()) {
      if (isImage(file)) {
        String mask = options.masks() == null ? null : masks.getOrDefault(stem(file), "");
        entries.add(new Entry(file.toString(), file.getParent().getName(), mask));
      }
    }
    if (entries.isEmpty()) {
      throw new DataException(
          path + " has no image files: expected names that end with " + ENDINGS);
    }
    this.first = first(conf);
    if (!options.tile().isEmpty()
        && (options.tile().get(0) > first.height() || options.tile().get(1) > first.width())) {
      throw new DataException(
          "tile "
              + options.tile()
              + " is larger than the images of "
              + path
              + ", which are "
              + first.size());
    }
  }

  private static boolean isImage(Path file) {
    String name = file.getName();
    return ENDINGS.contains(name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT));
  }

  private static String stem(Path file) {
    String name = file.getName();
    return name.substring(0, Math.max(0, name.lastIndexOf('.')));
  }

  private static Map<String, String> masks(
      Configuration conf, String baseDir, ImageOptions options) {
    Map<String, String> masks = new HashMap<>();
    String folder = options.masks();
    if (folder != null) {
      for (Path file : SourceFiles.list(conf, baseDir, folder).paths()) {
        if (isImage(file)) {
          masks.put(stem(file), file.toString());
        }
      }
    }
    return masks;
  }

  /** The first file that can be decoded says how many channels there are, and which size. */
  private ImageFile first(Configuration conf) {
    String problem = "";
    for (Entry entry : entries) {
      Path path = new Path(entry.path);
      try (InputStream in = SourceFiles.open(conf, path)) {
        return ImageFile.read(in, options.channels());
      } catch (LineException e) {
        problem = problem.isEmpty() ? SourceFiles.name(path) + " " + e.getMessage() : problem;
      } catch (IOException e) {
        throw new DataException(SourceFiles.name(path) + " cannot be read: " + e.getMessage(), e);
      }
    }
    throw new DataException("no image of " + given + " can be decoded; " + problem);
  }

  @Override
  public String name() {
    return given;
  }

  @Override
  public List<String> columns() {
    return masks() ? List.of() : List.of("label");
  }

  @Override
  public boolean masks() {
    return options.masks() != null;
  }

  @Override
  public List<Integer> imageShape() {
    List<Integer> size =
        !options.tile().isEmpty()
            ? options.tile()
            : !options.size().isEmpty() ? options.size() : List.of(first.height(), first.width());
    return List.of(size.get(0), size.get(1), first.channels());
  }

  @Override
  public String where(String file, long position) {
    String name = SourceFiles.name(new Path(entries.get((int) (position / TILES)).path));
    long tile = position % TILES;
    return options.tile().isEmpty() || tile == 0 ? name : name + " tile " + tile;
  }

  @Override
  public JavaRDD<RawBlock> blocks(RawSchema schema) {
    JavaSparkContext context = JavaSparkContext.fromSparkContext(session().sparkContext());
    SerializableConfiguration conf = new SerializableConfiguration(context.hadoopConfiguration());
    int wanted = (int) Math.max(context.defaultParallelism(), totalBytes / PARTITION_BYTES);
    List<Integer> numbers = new ArrayList<>();
    for (int i = 0; i < entries.size(); i++) {
      numbers.add(i);
    }
    Images images = new Images(schema, conf, List.copyOf(entries), options, first.size(), given);
    return context
        .parallelize(numbers, Math.max(1, Math.min(entries.size(), wanted)))
        .mapPartitions(images::read);
  }

  @Override
  public Dataset<Row> rows() {
    boolean labelled = !masks();
    RawSchema schema =
        new RawSchema(
            columns(),
            labelled ? List.of(RawSchema.CellKind.TEXT) : List.of(),
            imageShape(),
            false,
            -1);
    StructType type =
        new StructType()
            .add("image", DataTypes.BinaryType, false)
            .add("file", DataTypes.StringType, false);
    List<String> names = entries.stream().map(e -> SourceFiles.name(new Path(e.path))).toList();
    boolean tiles = !options.tile().isEmpty();
    return session()
        .createDataFrame(
            blocks(schema).flatMap(block -> rows(block, names, tiles).iterator()),
            labelled ? type.add("label", DataTypes.StringType, false) : type);
  }

  private static List<Row> rows(RawBlock block, List<String> names, boolean tiles) {
    String problem = block.failure();
    if (problem == null && block.badRows() > 0) {
      BadRow bad = block.firstBadRows().get(0);
      problem = names.get((int) (bad.position() / TILES)) + " " + bad.problem();
    }
    if (problem != null) {
      throw new DataException(problem);
    }
    List<Row> out = new ArrayList<>(block.rows());
    int width = block.pixelWidth();
    for (int r = 0; r < block.rows(); r++) {
      byte[] image = Arrays.copyOfRange(block.pixels(), r * width, (r + 1) * width);
      String file = names.get((int) (block.position(r) / TILES));
      String shown = tiles ? file + "#" + block.position(r) % TILES : file;
      out.add(
          block.columnCount() == 0
              ? RowFactory.create(image, shown)
              : RowFactory.create(
                  image, shown, block.column(0).dictionary()[block.column(0).textCode(r)]));
    }
    return out;
  }

  /** What a task needs to read some of the images. Travels in a closure. */
  private record Images(
      RawSchema schema,
      SerializableConfiguration conf,
      List<Entry> entries,
      ImageOptions options,
      String firstSize,
      String given)
      implements java.io.Serializable {

    java.util.Iterator<RawBlock> read(java.util.Iterator<Integer> numbers) {
      return new BlockIterator(schema, given) {
        @Override
        boolean step(RawBlockBuilder out) throws Exception {
          if (!numbers.hasNext()) {
            return false;
          }
          int number = numbers.next();
          try {
            add(number, out);
          } catch (LineException e) {
            out.reject((long) number * TILES, String.valueOf(e.getMessage()));
          }
          return true;
        }
      };
    }

    private void add(int number, RawBlockBuilder out) throws IOException {
      Entry entry = entries.get(number);
      int height = schema.imageShape().get(0);
      int width = schema.imageShape().get(1);
      ImageFile image;
      try (InputStream in = SourceFiles.open(conf.value(), new Path(entry.path))) {
        image = ImageFile.read(in, schema.imageShape().get(2));
      }
      ImageFile mask = schema.masks() ? mask(entry, image) : null;
      if (!options.size().isEmpty()) {
        image = image.resized(options.size().get(0), options.size().get(1));
        mask = mask == null ? null : mask.resizedMask(image.height(), image.width());
      }
      if (options.tile().isEmpty() && (image.height() != height || image.width() != width)) {
        throw new LineException(
            "is "
                + image.size()
                + ", the first image is "
                + firstSize
                + ": set size to scale all images, or tile to cut them");
      }
      if (image.height() < height || image.width() < width) {
        throw new LineException(
            "is " + image.size() + ", smaller than tile [" + height + ", " + width + "]");
      }
      int tile = 0;
      for (int top : starts(image.height(), height, options.stride(0, height))) {
        for (int left : starts(image.width(), width, options.stride(1, width))) {
          row(
              (long) number * TILES + tile++,
              entry.label,
              image.window(top, left, height, width),
              mask == null ? null : mask.window(top, left, height, width),
              out);
        }
      }
    }

    private ImageFile mask(Entry entry, ImageFile image) throws IOException {
      String path = entry.mask == null ? "" : entry.mask;
      if (path.isEmpty()) {
        throw new LineException(
            "has no mask: expected a file "
                + stem(new Path(entry.path))
                + ".png in "
                + options.masks());
      }
      ImageFile mask;
      try (InputStream in = SourceFiles.open(conf.value(), new Path(path))) {
        mask = ImageFile.mask(in);
      } catch (LineException e) {
        throw new LineException(
            "has a mask, " + SourceFiles.name(new Path(path)) + ", that " + e.getMessage());
      }
      if (mask.height() != image.height() || mask.width() != image.width()) {
        throw new LineException(
            "is "
                + image.size()
                + ", but its mask "
                + SourceFiles.name(new Path(path))
                + " is "
                + mask.size());
      }
      return mask;
    }

    private void row(
        long position,
        String label,
        ImageFile image,
        @Nullable ImageFile mask,
        RawBlockBuilder out) {
      out.beginRow(position);
      out.pixels(image.pixels(), 0);
      String problem = null;
      if (mask != null) {
        out.mask(mask.pixels(), 0);
      } else if (!schema.columns().isEmpty()) {
        byte[] text = label.getBytes(StandardCharsets.UTF_8);
        problem = out.cell(0, text, 0, text.length);
      }
      if (problem == null) {
        out.endRow();
      } else {
        out.reject(position, problem);
      }
    }
  }

  /** First pixels of the windows of a size that cover an axis. */
  static int[] starts(int axis, int size, int stride) {
    int whole = (axis - size) / stride + 1;
    boolean rest = (axis - size) % stride != 0;
    int[] starts = new int[whole + (rest ? 1 : 0)];
    Arrays.setAll(starts, i -> Math.min(i * stride, axis - size));
    return starts;
  }
}
