package dev.bellows.jobs.train;

import dev.bellows.jobs.config.ConfigLoader;
import dev.bellows.jobs.config.Loaded;
import dev.bellows.jobs.run.RunFolder;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import org.apache.spark.sql.SparkSession;

/** Trainings as the command line starts them, from a configuration in text. */
public final class TestRuns {
  private TestRuns() {}

  /** A new run folder. */
  public static RunFolder folder(Path dir, Loaded loaded) {
    return RunFolder.create(
        dir,
        new RunFolder.Options(
            loaded.originalYaml(),
            loaded.resolvedYaml(),
            List.of("train"),
            true,
            false,
            Clock.systemUTC()));
  }

  /** Trains into a new run folder. */
  public static TrainOutcome train(SparkSession session, Path dir, String yaml, String... sets) {
    Loaded loaded = ConfigLoader.parse(yaml, List.of(sets));
    return TrainJob.run(session, loaded.config(), folder(dir, loaded), new RecordingConsole());
  }
}
