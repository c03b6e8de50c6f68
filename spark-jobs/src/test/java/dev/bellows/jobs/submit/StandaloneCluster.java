package dev.bellows.jobs.submit;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** Spark's stand-alone master and workers, each a process, on free ports of the loopback. */
final class StandaloneCluster implements AutoCloseable {
  private static final int START_SECONDS = 60;
  private static final Pattern MASTER = Pattern.compile("Starting Spark master at (spark://\\S+)");
  private static final Pattern WORKER = Pattern.compile("Registering (worker) ");

  private final List<Child> processes = new ArrayList<>();
  private String url = "";

  private StandaloneCluster() {}

  /** Starts a master and workers of one core each and waits until they know each other. */
  static StandaloneCluster start(Path home, Path work, int workers)
      throws IOException, InterruptedException {
    StandaloneCluster cluster = new StandaloneCluster();
    try {
      Path logs = Files.createDirectories(work);
      Child master =
          cluster.run(home, logs, "master", "master.Master", List.of("--webui-port", "0"), "0");
      cluster.url = master.await(MASTER, 1, START_SECONDS);
      for (int w = 1; w <= workers; w++) {
        String folder = work.resolve("worker" + w).toString();
        List<String> options =
            List.of(
                "--webui-port",
                "0",
                "--cores",
                "1",
                "--memory",
                "1g",
                "--work-dir",
                folder,
                cluster.url);
        cluster.run(home, logs, "worker" + w, "worker.Worker", options, "0");
      }
      master.await(WORKER, workers, START_SECONDS);
      return cluster;
    } catch (IOException | InterruptedException | RuntimeException | Error e) {
      cluster.close();
      throw e;
    }
  }

  private Child run(
      Path home, Path logs, String name, String main, List<String> options, String port)
      throws IOException {
    List<String> command = new ArrayList<>();
    command.add(home.resolve("bin/spark-class").toString());
    command.addAll(List.of("org.apache.spark.deploy." + main, "--host", "127.0.0.1"));
    command.addAll(List.of("--port", port));
    command.addAll(options);
    Map<String, String> environment =
        Map.of(
            "SPARK_LOCAL_IP", "127.0.0.1",
            "SPARK_DAEMON_MEMORY", "256m",
            "SPARK_DAEMON_JAVA_OPTS", "-Dspark.master.rest.enabled=false -XX:+UseSerialGC");
    Child child = Child.start(name, logs, environment, command);
    processes.add(child);
    return child;
  }

  /** What {@code --master} takes. */
  String url() {
    return url;
  }

  @Override
  public void close() {
    processes.forEach(Child::close);
  }
}
