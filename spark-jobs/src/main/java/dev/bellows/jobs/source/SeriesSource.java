package dev.bellows.jobs.source;

import dev.bellows.engine.sample.Mix64;
import dev.bellows.jobs.config.SourceConfig.CsvOptions;
import dev.bellows.jobs.config.SourceConfig.SeriesOptions;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
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
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.SerializableConfiguration;
import org.jspecify.annotations.Nullable;

/**
 * CSV files of time steps, each a series of its own: a row is a window of L steps and the H steps
 * that follow. The steps are held once; windows are places in them.
 *
 * <p>Of a file, the span of steps whose values are learnt is [from, to): the H steps of a window
 * lie in it, the L steps before them may reach back. Parts of disjoint spans then never learn, or
 * measure, a step twice. A file is read by one task.
 */
final class SeriesSource implements SourceReader {
  private final SparkSession session;
  private final SourceFiles files;
  private final CsvOptions csv;
  private final SeriesOptions options;
  private final SeriesShape shape;

  SeriesSource(SparkSession session, SourceFiles files, CsvOptions csv, SeriesOptions options) {
    this.session = session;
    this.files = files;
    this.csv = csv;
    this.options = options;
    List<String> columns = new CsvSource(session, files, csv).columns();
    List<String> variables = options.variables();
    if (variables.isEmpty()) {
      variables = columns.stream().filter(name -> !name.equals(options.time())).toList();
    }
    List<String> targets = options.targets().isEmpty() ? variables : options.targets();
    List<String> wanted = new ArrayList<>(variables);
    wanted.addAll(targets);
    if (options.time() != null) {
      wanted.add(options.time());
    }
    for (String name : wanted) {
      if (!columns.contains(name)) {
        throw new DataException(
            name() + " has no column \"" + name + "\"; its columns are " + columns);
      }
    }
    for (String target : targets) {
      if (!variables.contains(target)) {
        throw new DataException(
            "the target \"" + target + "\" is not among the variables " + variables);
      }
    }
    this.shape =
        new SeriesShape(
            variables,
            targets,
            options.input(),
            options.horizon(),
            options.relative(),
            options.variablesFirst());
  }

  @Override
  public String name() {
    return files.given();
  }

  @Override
  public List<String> columns() {
    return List.of();
  }

  @Override
  public SeriesShape series() {
    return shape;
  }

  @Override
  public String where(String file, long position) {
    return file + " window before step " + (position + 1);
  }

  @Override
  public JavaRDD<RawBlock> blocks(RawSchema schema) {
    JavaSparkContext context = JavaSparkContext.fromSparkContext(session.sparkContext());
    SerializableConfiguration conf = new SerializableConfiguration(context.hadoopConfiguration());
    List<String> paths = Arrays.stream(files.paths()).map(Path::toString).toList();
    Steps steps = new Steps(csv, options, shape);
    return context
        .parallelize(paths, paths.size())
        .mapPartitions(it -> new Windows(schema, conf.value(), new Path(it.next()), steps));
  }

  /**
   * One row per window, also those whose following steps are not known: {@code window} holds [L, C]
   * values, {@code file} and {@code step} (the first step after the window) say where it stands.
   */
  @Override
  public Dataset<Row> rows() {
    JavaSparkContext context = JavaSparkContext.fromSparkContext(session.sparkContext());
    SerializableConfiguration conf = new SerializableConfiguration(context.hadoopConfiguration());
    List<String> paths = Arrays.stream(files.paths()).map(Path::toString).toList();
    Steps steps = new Steps(csv, options, shape);
    StructType type =
        new StructType()
            .add("file", DataTypes.StringType, false)
            .add("step", DataTypes.LongType, false)
            .add("window", DataTypes.createArrayType(DataTypes.FloatType, false), false);
    return session.createDataFrame(
        context
            .parallelize(paths, paths.size())
            .mapPartitions(it -> steps.rows(conf.value(), new Path(it.next())).iterator()),
        type);
  }

  /** Reads the steps of a file and says where its windows begin. Travels in a closure. */
  private record Steps(CsvOptions csv, SeriesOptions options, SeriesShape shape)
      implements java.io.Serializable {

    /**
     * All steps of a file.
     *
     * @return [steps, C]; NaN where a cell is missing
     * @throws LineException naming the line
     */
    float[] read(Configuration conf, Path path) throws IOException {
      CsvParser parser = new CsvParser(csv, 0, List.of());
      float[] values = new float[1 << 12];
      int count = 0;
      try (BufferedReader in =
          new BufferedReader(
              new InputStreamReader(SourceFiles.open(conf, path), StandardCharsets.UTF_8))) {
        List<String> header = List.of();
        int[] columns = {};
        String before = "";
        int line = 0;
        for (String text = in.readLine(); text != null; text = in.readLine()) {
          line++;
          if (text.isBlank()) {
            continue;
          }
          byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
          List<String> cells = parser.fields(bytes, bytes.length);
          if (header.isEmpty()) {
            header = cells.stream().map(String::strip).toList();
            columns = shape.variables().stream().mapToInt(header::indexOf).toArray();
            continue;
          }
          if (cells.size() != header.size()) {
            throw new LineException(
                "line " + line + ": expected " + header.size() + " columns, found " + cells.size());
          }
          if (options.time() != null) {
            before = ascending(before, cells.get(header.indexOf(options.time())).strip(), line);
          }
          if (count + columns.length > values.length) {
            values = Arrays.copyOf(values, Math.multiplyExact(values.length, 2));
          }
          for (int column : columns) {
            values[count++] = number(cells.get(column).strip(), header.get(column), line);
          }
        }
      }
      return Arrays.copyOf(values, count);
    }

    private float number(String cell, String column, int line) throws LineException {
      if (csv.na().contains(cell)) {
        return Float.NaN;
      }
      double value = NumberText.parse(cell, false);
      if (NumberText.isText(value) || Math.abs(value) > Float.MAX_VALUE) {
        throw new LineException(
            "line "
                + line
                + ": expected a number in column "
                + column
                + ", found \""
                + cell
                + "\"; a series can't leave a step out");
      }
      return (float) value;
    }

    /** Numbers by value, other stamps as text: ISO 8601 sorts as it reads. */
    private String ascending(String before, String stamp, int line) throws LineException {
      double a = NumberText.parse(before, false);
      double b = NumberText.parse(stamp, false);
      boolean numbers = !NumberText.isText(a) && !NumberText.isText(b);
      boolean after = numbers ? b > a : stamp.compareTo(before) > 0;
      if (!before.isEmpty() && !after) {
        throw new LineException(
            "line "
                + line
                + ": the time stamp \""
                + stamp
                + "\" of column "
                + options.time()
                + " is not after \""
                + before
                + "\" of the row before; expected ascending numbers or ISO 8601: sort the file");
      }
      return stamp;
    }

    /** First step after each window. */
    int[] after(int steps, int horizon) throws LineException {
      long end = Math.min(steps, options.to() == 0 ? steps : options.to());
      long first = Math.max(options.from(), shape.input());
      long last = end - horizon;
      if (first > last) {
        throw new LineException(
            "has "
                + steps
                + " steps; in the span ["
                + options.from()
                + ", "
                + end
                + ") no window of "
                + shape.input()
                + " steps with "
                + horizon
                + " after it fits: choose a smaller input or horizon, or a longer span");
      }
      int[] after = new int[(int) ((last - first) / options.stride()) + 1];
      Arrays.setAll(after, i -> (int) (first + (long) i * options.stride()));
      return after;
    }

    List<Row> rows(Configuration conf, Path path) throws IOException {
      String name = SourceFiles.name(path);
      float[] values;
      int[] after;
      int width = shape.variables().size();
      try {
        values = read(conf, path);
        after = after(values.length / width, 0);
      } catch (LineException e) {
        throw new DataException(name + " " + e.getMessage(), e);
      }
      List<Row> rows = new ArrayList<>(after.length);
      for (int step : after) {
        List<Float> window = new ArrayList<>(shape.width());
        for (int i = (step - shape.input()) * width; i < step * width; i++) {
          window.add(values[i]);
        }
        rows.add(
            RowFactory.create(
                name, (long) step, scala.jdk.javaapi.CollectionConverters.asScala(window).toSeq()));
      }
      return rows;
    }
  }

  /** The windows of one file. */
  private static final class Windows extends BlockIterator {
    private static final long MULTIPLIER = 0x9e37_79b9_7f4a_7c15L;

    private final Configuration conf;
    private final Path path;
    private final Steps steps;
    private float @Nullable [] values;
    private int[] after = {};

    /** [steps + 1] hash of all steps before, and how many of them have a missing value. */
    private long[] hashes = {};

    private int[] missing = {};
    private long power = 1;
    private int next;

    Windows(RawSchema schema, Configuration conf, Path path, Steps steps) {
      super(schema, SourceFiles.name(path));
      this.conf = conf;
      this.path = path;
      this.steps = steps;
    }

    @Override
    boolean step(RawBlockBuilder out) throws Exception {
      SeriesShape shape = steps.shape;
      int length = shape.input() + shape.horizon();
      if (values == null) {
        float[] read = steps.read(conf, path);
        values = read;
        after = steps.after(read.length / shape.variables().size(), shape.horizon());
        index(read, shape.variables().size());
        for (int i = 0; i < length; i++) {
          power *= MULTIPLIER;
        }
        out.series(read, shape.variables().size(), shape.input(), shape.horizon());
      }
      if (next == after.length) {
        return false;
      }
      int first = after[next++] - shape.input();
      int end = first + length;
      out.beginRow(first + shape.input());
      if (missing[end] > missing[first]) {
        out.reject(
            first + shape.input(),
            (missing[end] - missing[first]) + " of its " + length + " steps have a missing value");
      } else {
        out.window(first, Mix64.mix(hashes[end] - hashes[first] * power));
        out.endRow();
      }
      return true;
    }

    /** The hash of a window follows from two of these, and depends on its content alone. */
    private void index(float[] read, int width) {
      int count = read.length / width;
      hashes = new long[count + 1];
      missing = new int[count + 1];
      for (int t = 0; t < count; t++) {
        long h = 0;
        boolean gap = false;
        for (int c = 0; c < width; c++) {
          float v = read[t * width + c];
          gap |= Float.isNaN(v);
          h += RowHash.cell(c, Float.floatToIntBits(v == 0 ? 0f : v));
        }
        hashes[t + 1] = hashes[t] * MULTIPLIER + h;
        missing[t + 1] = missing[t] + (gap ? 1 : 0);
      }
    }
  }
}
