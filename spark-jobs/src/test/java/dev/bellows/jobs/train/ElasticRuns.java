package dev.bellows.jobs.train;

import dev.bellows.jobs.run.RunFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** The trainings of a test with dynamic allocation on a stand-alone cluster. */
public final class ElasticRuns {
  private static final String ALLOCATION = "spark.dynamicAllocation.";

  private final Path work;

  /** Runs and script below a folder. */
  public ElasticRuns(Path work) {
    this.work = work;
  }

  /** The class path of drivers and executors. */
  public static String classPath() {
    return DriverProcess.classPath();
  }

  /** Main class and arguments of the driver. */
  public List<String> command(String master) throws IOException {
    Path config =
        Files.writeString(
            work.resolve("config.yaml"), TinyData.oneEpoch(TinyData.write(work.resolve("data"))));
    String settings =
        "spark.executor.cores=1 %1$senabled=true %1$sinitialExecutors=1 %1$sminExecutors=1 %1$smaxExecutors=2"
            .formatted(ALLOCATION);
    Path script =
        Files.write(
            work.resolve("script.txt"),
            List.of(
                "calm | local[2] | %s | | | |".formatted(config),
                "grown | %s | %s | | task.step:-1:sleep=400 | %s | 3=total=2, 22=decommission"
                    .formatted(master, config, settings)));
    return List.of(
        TopologyMain.class.getName(), script.toString(), work.resolve("runs").toString());
  }

  /** SHA-256 of the weights of a run. */
  public String sum(String run) {
    return String.valueOf(RunFolder.readRun(folder(run)).get("model_sha256"));
  }

  /** Events of a run. */
  public List<Map<String, Object>> events(String run, String kind) throws IOException {
    return RunEvents.of(folder(run), kind);
  }

  private Path folder(String run) {
    return work.resolve("runs").resolve(run);
  }
}
