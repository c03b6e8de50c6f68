package dev.bellows.jobs.train;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.spark.launcher.JavaModuleOptions;

/** A child JVM that runs {@link TopologyMain}, with everything that a local cluster needs. */
final class DriverProcess implements AutoCloseable {
  private final Process process;
  private final Path log;

  private DriverProcess(Process process, Path log) {
    this.process = process;
    this.log = log;
  }

  /**
   * Starts a driver.
   *
   * @param work folder for script, log and Spark's own files
   * @param runs folder of the run folders
   * @param lines script lines
   */
  static DriverProcess start(Path work, Path runs, List<String> lines) throws IOException {
    Files.createDirectories(runs);
    return start(work, runs.toString(), lines);
  }

  /** The same with the run folders below a path or a URI. */
  static DriverProcess start(Path work, String runs, List<String> lines) throws IOException {
    return start(work, runs, lines, Map.of());
  }

  /** The same with more environment variables. */
  static DriverProcess start(
      Path work, String runs, List<String> lines, Map<String, String> environment)
      throws IOException {
    return start(work, runs, lines, environment, List.of());
  }

  /** The same behind a command that takes the driver's command line as its last arguments. */
  static DriverProcess start(
      Path work,
      String runs,
      List<String> lines,
      Map<String, String> environment,
      List<String> before)
      throws IOException {
    Files.createDirectories(work.resolve("spark-home/jars"));
    Files.createDirectories(work.resolve("tmp"));
    Path script = Files.write(work.resolve("script.txt"), lines);
    Path log = work.resolve("driver.log");
    List<String> command = new ArrayList<>(before);
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-Xmx700m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"));
    for (String option : JavaModuleOptions.defaultModuleOptionArray()) {
      command.add(option);
    }
    command.add("-Dspark.local.dir=" + work.resolve("spark-local"));
    command.add("-Djava.io.tmpdir=" + work.resolve("tmp"));
    command.add("-cp");
    command.add(classPath());
    command.add(TopologyMain.class.getName());
    command.add(script.toString());
    command.add(runs);
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.directory(work.toFile());
    builder.redirectErrorStream(true);
    builder.redirectOutput(log.toFile());
    builder.environment().put("SPARK_HOME", work.resolve("spark-home").toString());
    builder.environment().put("SPARK_SCALA_VERSION", "2.13");
    builder.environment().put("SPARK_LOCAL_IP", "127.0.0.1");
    builder.environment().put("SPARK_LOCAL_HOSTNAME", "localhost");
    builder.environment().put("OMP_NUM_THREADS", "1");
    builder.environment().putAll(environment);
    return new DriverProcess(builder.start(), log);
  }

  /** Main and test classes of this module and everything that they need. */
  static String classPath() {
    String surefire = System.getProperty("surefire.test.class.path");
    String path = surefire != null ? surefire : System.getProperty("java.class.path");
    return Stream.of(path.split(File.pathSeparator, -1))
        .map(entry -> Path.of(entry).toAbsolutePath().toString()) // children have other folders
        .collect(Collectors.joining(File.pathSeparator));
  }

  /** Waits for the end; the process is killed when it takes longer. */
  DriverProcess await(int seconds) throws InterruptedException {
    if (!process.waitFor(seconds, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new AssertionError("driver did not end within " + seconds + " s; its log:\n" + log());
    }
    return this;
  }

  /** Waits until the log holds a text. */
  DriverProcess awaitLog(String text, int seconds) throws InterruptedException {
    for (int i = 0; i < seconds * 20; i++) {
      if (log().contains(text)) {
        return this;
      }
      if (!process.isAlive()) {
        break;
      }
      Thread.sleep(50);
    }
    throw new AssertionError("no \"" + text + "\" in the driver's log:\n" + log());
  }

  /** Waits until a file is there and not empty. */
  static void awaitText(Path file) throws IOException, InterruptedException {
    for (int i = 0; i < 1200; i++) {
      if (Files.exists(file) && Files.size(file) > 0) {
        return;
      }
      Thread.sleep(50);
    }
    throw new AssertionError("nothing in " + file + " within a minute");
  }

  Process process() {
    return process;
  }

  /** Everything that the driver printed. */
  String log() {
    try {
      return Files.readString(log);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Name of a run to the SHA-256 of its weights; fails when one of the names is missing. */
  Map<String, String> results(List<String> names) {
    Map<String, String> out = new LinkedHashMap<>();
    for (String line : log().lines().toList()) {
      String[] words = line.split(" ");
      if (words[0].equals("RESULT") && words.length == 5) {
        out.put(words[1], words[3]);
      }
    }
    for (String name : names) {
      if (!out.containsKey(name)) {
        throw new AssertionError("run " + name + " gave no result; the driver's log:\n" + log());
      }
    }
    return out;
  }

  @Override
  public void close() {
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
  }
}
