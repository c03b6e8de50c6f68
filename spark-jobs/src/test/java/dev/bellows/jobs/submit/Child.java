package dev.bellows.jobs.submit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A child process with its output in a file. */
final class Child implements AutoCloseable {
  private static final int POLL_MS = 50;

  private final String name;
  private final Process process;
  private final Path log;

  private Child(String name, Process process, Path log) {
    this.name = name;
    this.process = process;
    this.log = log;
  }

  /** Starts a command in a folder; its output goes to {@code name.log} there. */
  static Child start(
      String name, Path folder, Map<String, String> environment, List<String> command)
      throws IOException {
    Path log = folder.resolve(name + ".log");
    ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile());
    builder.redirectErrorStream(true).redirectOutput(log.toFile());
    // What the caller's shell sets for bellows would change what the child does.
    builder.environment().keySet().removeIf(key -> key.startsWith("BELLOWS_"));
    builder.environment().remove("SPARK_HOME");
    // A short run is mostly compilation by the second compiler.
    builder.environment().put("JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC");
    builder.environment().putAll(environment);
    return new Child(name, builder.start(), log);
  }

  /** Waits for the end; returns the exit status. */
  int await(int seconds) throws InterruptedException {
    if (!process.waitFor(seconds, TimeUnit.SECONDS)) {
      close();
      throw new AssertionError(name + " did not end within " + seconds + " s:\n" + output());
    }
    return process.exitValue();
  }

  /** Waits until the output has {@code count} matches; returns the first group of the last one. */
  String await(Pattern pattern, int count, int seconds) throws InterruptedException {
    for (int i = 0; i < seconds * 1000 / POLL_MS; i++) {
      Matcher found = pattern.matcher(output());
      for (int n = 1; found.find(); n++) {
        if (n == count) {
          return found.group(1);
        }
      }
      if (!process.isAlive()) {
        break;
      }
      Thread.sleep(POLL_MS);
    }
    throw new AssertionError(name + " did not print " + pattern + ":\n" + output());
  }

  /** Sends SIGTERM. */
  void terminate() {
    process.destroy();
  }

  /** Everything printed until now. */
  String output() {
    try {
      return Files.readString(log);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
  }
}
