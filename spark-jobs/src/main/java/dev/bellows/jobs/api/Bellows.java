package dev.bellows.jobs.api;

import dev.bellows.engine.model.FolderFiles;
import dev.bellows.jobs.BellowsException;
import dev.bellows.jobs.Console;
import dev.bellows.jobs.ExitCode;
import dev.bellows.jobs.block.GivenRows;
import dev.bellows.jobs.cluster.SparkSettings;
import dev.bellows.jobs.config.ConfigLoader;
import dev.bellows.jobs.config.EarlyStoppingConfig;
import dev.bellows.jobs.config.Loaded;
import dev.bellows.jobs.config.RunConfig;
import dev.bellows.jobs.run.RunFolder;
import dev.bellows.jobs.run.Storage;
import dev.bellows.jobs.train.ResumeJob;
import dev.bellows.jobs.train.ResumeOptions;
import dev.bellows.jobs.train.TrainJob;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.SparkConf;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.jspecify.annotations.Nullable;

/**
 * Trains on Spark from a Java program.
 *
 * <pre>{@code
 * Dataset<Row> rows = spark.read().parquet("census.parquet");
 * BellowsModel model = Bellows.on(spark)
 *     .config(Path.of("census.yaml"))
 *     .runDir("runs/census")
 *     .train(rows)
 *     .model();
 * Dataset<Row> predicted = model.transform(rows);
 * }</pre>
 *
 * <p><b>Configuration.</b> The same file as that of the command line; {@code data.train} is not
 * needed when {@link #train(Dataset)} gives the rows. A data frame stands in place of what the
 * configuration says, too: {@link #validation} in place of {@code data.validation}.
 *
 * <p><b>Columns.</b> Numbers, booleans, dates, timestamps and text are columns. An array of numbers
 * of one length, and an MLlib vector, dense or sparse, of up to 1,024 values, are columns {@code
 * name[0]}, {@code name[1]}, ...; {@code features: {name: {...}}} holds for all of them. A wider
 * vector, or one with {@code features: {name: {type: sparse}}}, is kept sparse. Null is a missing
 * value, which is imputed; a null array or vector makes its row a bad row ({@code data.bad_rows}).
 * Other columns are refused, unless {@code features} says {@code {type: ignore}}.
 *
 * <p><b>Result.</b> The weights are the same bytes for any number and order of partitions of the
 * data frame, as long as its rows are the same. A data frame is computed once; where it draws
 * random numbers or reads the clock, a lost executor would compute other rows, which is noticed and
 * refused: write such rows to a file first.
 *
 * <p><b>Stopping.</b> {@link #train} blocks. Interrupting the calling thread stops after the
 * present step with a checkpoint: the result is then not {@linkplain TrainedRun#finished()
 * finished}, the thread's interrupt flag is set, and {@link #resume} goes on to the same bytes.
 *
 * <p><b>Side by side.</b> Several threads may train at once in one session, each in a run folder of
 * its own: they share the session's slots, and each ends with the bytes that it has alone.
 *
 * <p><b>Session.</b> Any session will do; then the parameter shards live in the driver. Build it
 * from {@link #settings} and they live in the executors.
 *
 * <p>Objects of this class never change; every method that sets something returns another one.
 */
public final class Bellows {
  /** What the configuration is read from. */
  private record Text(@Nullable Path file, String yaml) {}

  private final SparkSession spark;
  private final @Nullable Text text;
  private final List<String> sets;
  private final @Nullable Path dataDir;
  private final GivenRows given;
  private final ResumeOptions options;
  private final Console console;

  private Bellows(
      SparkSession spark,
      @Nullable Text text,
      List<String> sets,
      @Nullable Path dataDir,
      GivenRows given,
      ResumeOptions options,
      Console console) {
    this.spark = spark;
    this.text = text;
    this.sets = List.copyOf(sets);
    this.dataDir = dataDir;
    this.given = given;
    this.options = options;
    this.console = console;
  }

  /** Trains in a session. */
  public static Bellows on(SparkSession spark) {
    ResumeOptions options = new ResumeOptions(List.of(), false);
    return new Bellows(spark, null, List.of(), null, GivenRows.NONE, options, Console.silent());
  }

  /**
   * Adds the settings that host parameter shards in the executors; those that are set stay.
   *
   * @param conf of a session that is about to be made
   * @return the same object
   */
  public static SparkConf settings(SparkConf conf) {
    return SparkSettings.apply(conf);
  }

  /** Reads the configuration from a YAML file. */
  public Bellows config(Path file) {
    return new Bellows(spark, new Text(file, ""), sets, dataDir, given, options, console);
  }

  /** Takes YAML text as the configuration. */
  public Bellows yaml(String yaml) {
    return new Bellows(spark, new Text(null, yaml), sets, dataDir, given, options, console);
  }

  /**
   * Sets one value over the configuration, as {@code --set key=value} does.
   *
   * @param key dotted, such as {@code trainer.epochs}
   * @param value as it would stand in the file; text with YAML's own characters needs quotes
   */
  public Bellows set(String key, Object value) {
    List<String> more = new ArrayList<>(sets);
    more.add(key + "=" + value);
    ResumeOptions kept = new ResumeOptions(options.allowChange(), options.takeover(), more);
    return new Bellows(spark, text, more, dataDir, given, kept, console);
  }

  /** The run folder, in place of {@code output.dir}: a local path or a URI. */
  public Bellows runDir(String location) {
    return set("output.dir", "'" + location.replace("'", "''") + "'");
  }

  /** Where relative paths of the configuration's sources start; else the working folder. */
  public Bellows dataDir(Path folder) {
    return new Bellows(spark, text, sets, folder, given, options, console);
  }

  /**
   * Rows that steer training (early stopping, best weights), in place of {@code data.validation}.
   */
  public Bellows validation(Dataset<Row> rows) {
    return given(new GivenRows(given.train(), rows, given.test()));
  }

  /** Rows that are only measured, after training, in place of {@code data.test}. */
  public Bellows test(Dataset<Row> rows) {
    return given(new GivenRows(given.train(), given.validation(), rows));
  }

  /** Where progress goes; without, nothing is printed. */
  public Bellows console(Console progress) {
    return new Bellows(spark, text, sets, dataDir, given, options, progress);
  }

  /** Lets keys of the configuration differ when an unfinished run goes on. */
  public Bellows allowChange(String... keys) {
    ResumeOptions more = new ResumeOptions(List.of(keys), options.takeover(), sets);
    return new Bellows(spark, text, sets, dataDir, given, more, console);
  }

  /** Fences off another process that holds the run folder. */
  public Bellows takeover() {
    ResumeOptions more = new ResumeOptions(options.allowChange(), true, sets);
    return new Bellows(spark, text, sets, dataDir, given, more, console);
  }

  /**
   * Trains on a data frame. An unfinished run of the same configuration in the run folder goes on;
   * a finished one is returned as it is.
   *
   * @throws dev.bellows.jobs.config.ConfigException with every problem of the configuration
   * @throws BellowsException whose exit code says which part failed
   */
  public TrainedRun train(Dataset<Row> rows) {
    return given(new GivenRows(rows, given.validation(), given.test())).train();
  }

  /** As {@link #train(Dataset)}, on the rows that {@code data.train} names. */
  public TrainedRun train() {
    Loaded loaded = load();
    checkEarlyStopping(loaded.config());
    RunFolder.Options how =
        new RunFolder.Options(
            loaded.originalYaml(),
            loaded.resolvedYaml(),
            List.of("Bellows.train"),
            true,
            options.takeover(),
            Clock.systemUTC());
    return CleanStop.run(
        stop -> {
          FolderFiles files = Storage.of(spark).folder(loaded.config().output().dir());
          try (RunFolder folder = RunFolder.create(files, how)) {
            return TrainedRun.of(
                folder.dir(),
                TrainJob.run(
                    spark, loaded.config(), given, folder, console, options.allowChange(), stop));
          }
        });
  }

  /**
   * Goes on with an unfinished run with the configuration in its folder, to the bytes of an
   * undisturbed run.
   *
   * @param location the run folder
   * @param rows the data frame that it was started on; {@link #validation} and {@link #test} as
   *     then
   * @throws BellowsException exit 2 when there is no run; 3 or 4 when configuration or data changed
   */
  public TrainedRun resume(String location, Dataset<Row> rows) {
    return given(new GivenRows(rows, given.validation(), given.test())).resume(location);
  }

  /** As {@link #resume(String, Dataset)}, for a run on the rows that {@code data.train} names. */
  public TrainedRun resume(String location) {
    List<String> command = List.of("Bellows.resume");
    return CleanStop.run(
        stop -> {
          FolderFiles files = Storage.of(spark).folder(location);
          try (RunFolder folder =
              RunFolder.open(files, options.takeover(), command, Clock.systemUTC())) {
            return TrainedRun.of(
                folder.dir(), ResumeJob.run(spark, folder, given, options, console, stop));
          }
        });
  }

  private Bellows given(GivenRows rows) {
    return new Bellows(spark, text, sets, dataDir, rows, options, console);
  }

  private Loaded load() {
    if (text == null) {
      throw new BellowsException(
          ExitCode.USAGE, "no configuration: call config(file) or yaml(text) before train");
    }
    boolean frames = !given.equals(GivenRows.NONE);
    if (text.file() == null) {
      return frames
          ? ConfigLoader.parseForRows(text.yaml(), sets, dataDir)
          : ConfigLoader.parse(text.yaml(), sets, dataDir);
    }
    return frames
        ? ConfigLoader.loadForRows(text.file(), sets, dataDir)
        : ConfigLoader.load(text.file(), sets, java.util.Map.of(), dataDir, RunConfig.Kind.TRAIN);
  }

  /** The loader cannot know which rows are given. */
  private void checkEarlyStopping(RunConfig config) {
    EarlyStoppingConfig stopping = config.trainer().earlyStopping();
    if (stopping != null
        && stopping.metric().startsWith("val_")
        && given.validation() == null
        && !config.data().validation().present()) {
      throw new BellowsException(
          ExitCode.CONFIG,
          "trainer.early_stopping.metric: "
              + stopping.metric()
              + " needs validation rows; call validation(rows), or set data.validation: {fraction: 0.1}");
    }
  }
}
