package dev.bellows.jobs.source;

import dev.bellows.engine.audio.LogMel;
import dev.bellows.engine.audio.Wav;
import dev.bellows.jobs.config.LinePattern;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
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
 * WAV files, one a row: a log-mel spectrogram as an image [frames, bands, 1], and the columns that
 * a pattern finds in the file's name.
 */
final class WavSource extends ImageSource {
  private static final int BYTES_PER_TASK = 4 << 20;

  /** Longest file, an hour of 16-bit stereo at 48 kHz: it is read at once. */
  private static final long MOST_BYTES = 700L << 20;

  private final SourceFiles files;
  private final String pattern;
  private final List<String> columns;
  private final LogMel sound;

  /**
   * @param pattern that the name of each file must match
   * @param sound how sounds become images; null where no feature of type audio says so
   */
  WavSource(SparkSession session, SourceFiles files, String pattern, @Nullable LogMel sound) {
    super(session);
    if (sound == null) {
      throw new DataException(
          files.given()
              + " has sounds, but there is no feature of type audio: expected for example features: {audio: {type: audio, spectrogram: {rate: 8000}}}");
    }
    this.files = files;
    this.pattern = pattern;
    this.columns = LinePattern.columns(pattern);
    this.sound = sound;
  }

  @Override
  public String name() {
    return files.given();
  }

  @Override
  public List<String> columns() {
    return columns;
  }

  @Override
  public List<Integer> imageShape() {
    return List.of(sound.frames(), sound.bands(), 1);
  }

  @Override
  public String where(String file, long position) {
    return SourceFiles.name(files.paths()[(int) position]);
  }

  @Override
  public JavaRDD<RawBlock> blocks(RawSchema schema) {
    JavaSparkContext context = JavaSparkContext.fromSparkContext(session().sparkContext());
    SerializableConfiguration conf = new SerializableConfiguration(context.hadoopConfiguration());
    List<String> paths = Arrays.stream(files.paths()).map(Path::toString).toList();
    List<Integer> numbers = new ArrayList<>();
    for (int i = 0; i < paths.size(); i++) {
      numbers.add(i);
    }
    long wanted = Math.max(context.defaultParallelism(), files.totalBytes() / BYTES_PER_TASK);
    Sounds sounds = new Sounds(schema, conf, paths, pattern, columns, sound, files.given());
    return context
        .parallelize(numbers, (int) Math.max(1, Math.min(paths.size(), wanted)))
        .mapPartitions(sounds::read);
  }

  @Override
  public Dataset<Row> rows() {
    List<RawSchema.CellKind> kinds =
        columns.stream().map(column -> RawSchema.CellKind.TEXT).toList();
    StructType type =
        new StructType()
            .add("image", DataTypes.BinaryType, false)
            .add("file", DataTypes.StringType, false);
    for (String column : columns) {
      type = type.add(column, DataTypes.StringType, true);
    }
    List<String> names = Arrays.stream(files.paths()).map(SourceFiles::name).toList();
    return session()
        .createDataFrame(
            blocks(new RawSchema(columns, kinds, imageShape(), false, -1))
                .flatMap(block -> rows(block, names).iterator()),
            type);
  }

  private static List<Row> rows(RawBlock block, List<String> names) {
    String problem = block.failure();
    if (problem == null && block.badRows() > 0) {
      BadRow bad = block.firstBadRows().get(0);
      problem = names.get((int) bad.position()) + " " + bad.problem();
    }
    if (problem != null) {
      throw new DataException(problem);
    }
    List<Row> out = new ArrayList<>(block.rows());
    int width = block.pixelWidth();
    for (int r = 0; r < block.rows(); r++) {
      Object[] cells = new Object[2 + block.columnCount()];
      cells[0] = Arrays.copyOfRange(block.pixels(), r * width, (r + 1) * width);
      cells[1] = names.get((int) block.position(r));
      for (int c = 0; c < block.columnCount(); c++) {
        int code = block.column(c).textCode(r);
        cells[2 + c] = code < 0 ? null : block.column(c).dictionary()[code];
      }
      out.add(RowFactory.create(cells));
    }
    return out;
  }

  /** What a task needs to read some of the files. Travels in a closure. */
  private record Sounds(
      RawSchema schema,
      SerializableConfiguration conf,
      List<String> paths,
      String pattern,
      List<String> columns,
      LogMel sound,
      String given)
      implements java.io.Serializable {

    Iterator<RawBlock> read(Iterator<Integer> numbers) {
      Pattern names = Pattern.compile(pattern);
      return new BlockIterator(schema, given) {
        @Override
        boolean step(RawBlockBuilder out) throws Exception {
          if (!numbers.hasNext()) {
            return false;
          }
          int number = numbers.next();
          out.beginRow(number);
          String problem = row(new Path(paths.get(number)), names, conf.value(), out);
          if (problem == null) {
            out.endRow();
          } else {
            out.reject(number, problem);
          }
          return true;
        }
      };
    }

    /** Fills the row; returns what is wrong, or null. */
    private @Nullable String row(
        Path path, Pattern names, Configuration configuration, RawBlockBuilder out)
        throws IOException {
      Matcher matcher = names.matcher(path.getName());
      if (!matcher.matches()) {
        return "expected a file name of the form " + pattern + ", found \"" + path.getName() + "\"";
      }
      Wav wav;
      try (InputStream in = SourceFiles.open(configuration, path)) {
        byte[] bytes = in.readNBytes((int) MOST_BYTES);
        if (in.read() >= 0) {
          return "expected at most " + MOST_BYTES + " bytes, found more: cut the recording";
        }
        wav = Wav.read(bytes);
      } catch (IllegalArgumentException e) {
        return String.valueOf(e.getMessage());
      }
      if (wav.rate() != sound.rate()) {
        return "expected "
            + sound.rate()
            + " samples a second (spectrogram.rate), found "
            + wav.rate()
            + ": resample it, or set the rate";
      }
      out.pixels(sound.image(wav.samples()), 0);
      for (int c = 0; c < columns.size(); c++) {
        String cell = matcher.group(columns.get(c));
        if (cell == null || cell.isEmpty()) {
          out.missing(c);
        } else {
          byte[] text = cell.getBytes(StandardCharsets.UTF_8);
          String problem = out.cell(c, text, 0, text.length);
          if (problem != null) {
            return problem;
          }
        }
      }
      return null;
    }
  }
}
