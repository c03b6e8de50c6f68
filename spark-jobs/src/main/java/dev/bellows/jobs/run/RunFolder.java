package dev.bellows.jobs.run;

import dev.bellows.engine.model.Json;
import dev.bellows.jobs.BellowsException;
import dev.bellows.jobs.ExitCode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The folder that a run leaves behind: text files that can be copied, packed and compared.
 *
 * <pre>
 *   run.json                status, exit code, command, versions, fingerprints
 *   config.yaml             the file as given; config.resolved.yaml with every default
 *   plan.json               slots, bytes per step, memory
 *   data-profile.json       schema, nulls, class counts, fingerprint
 *   events.jsonl            one line per epoch, warning, failure, checkpoint
 *   history.csv             one row per epoch
 *   metrics.json            final figures
 *   steps.ledger            one line per step: loss, rows, bytes, wait, CRC of the parameters
 *   checkpoints/  model/  lease/
 * </pre>
 *
 * <p>The holder of the {@link RunLease} is the only writer. Files that are replaced are replaced
 * whole (temporary file, then move). Foreign files are never deleted.
 */
public final class RunFolder implements AutoCloseable {
  /** Value of {@code format} in run.json: how a folder is known to be ours. */
  public static final String FORMAT = "bellows-run";

  private static final int FORMAT_VERSION = 1;

  /** What the folder held when it was opened. */
  public enum Found {
    /** Nothing: a new run. */
    NEW,
    /** A run that was stopped, failed or killed. */
    UNFINISHED,
    /** A run that ended well. */
    FINISHED
  }

  /**
   * How a folder is opened.
   *
   * @param originalYaml configuration as given
   * @param resolvedYaml configuration with every default
   * @param command the command line, for run.json
   * @param resume whether an unfinished run in the folder is continued; else it is refused
   * @param takeover whether a living process that holds the folder is fenced off
   * @param clock the time for run.json and events
   */
  public record Options(
      String originalYaml,
      String resolvedYaml,
      List<String> command,
      boolean resume,
      boolean takeover,
      Clock clock) {}

  private final Path dir;
  private final Clock clock;
  private final RunLease lease;
  private final Found found;
  private final Map<String, @Nullable Object> run;
  private final String originalYaml;
  private final String resolvedYaml;
  private boolean closed;

  private RunFolder(
      Path dir,
      Clock clock,
      RunLease lease,
      Found found,
      Map<String, @Nullable Object> run,
      String original,
      String resolved) {
    this.dir = dir;
    this.clock = clock;
    this.lease = lease;
    this.found = found;
    this.run = run;
    this.originalYaml = original;
    this.resolvedYaml = resolved;
  }

  /**
   * Makes or opens the folder of a {@code train} command and takes its lease.
   *
   * @throws BellowsException exit 2 when the path is a file, is not ours, cannot be written, is
   *     held by another process, or holds a run that may not be resumed
   */
  public static RunFolder create(Path dir, Options options) {
    Path folder = dir.toAbsolutePath().normalize();
    boolean ours = checkOurs(folder);
    if (ours && !options.resume()) {
      throw new BellowsException(
          ExitCode.USAGE,
          "run folder "
              + folder
              + " holds a run already ("
              + readRun(folder).get("status")
              + "); choose another with --run-dir or --name, or allow --resume auto");
    }
    try {
      Files.createDirectories(folder);
    } catch (IOException e) {
      throw new BellowsException(
          ExitCode.USAGE, "cannot create run folder " + folder + ": " + reason(e), e);
    }
    if (!Files.isWritable(folder)) {
      throw new BellowsException(ExitCode.USAGE, "no permission to write in run folder " + folder);
    }
    RunLease lease = RunLease.acquire(folder, options.takeover(), options.clock());
    Map<String, @Nullable Object> run = ours ? readRun(folder) : new LinkedHashMap<>();
    return new RunFolder(
            folder,
            options.clock(),
            lease,
            found(ours, run),
            run,
            options.originalYaml(),
            options.resolvedYaml())
        .started(options.command());
  }

  /**
   * Opens the folder of an earlier run to continue it.
   *
   * @throws BellowsException exit 2 when there is no run or another process holds it
   */
  public static RunFolder open(Path dir, boolean takeover, List<String> command, Clock clock) {
    Path folder = dir.toAbsolutePath().normalize();
    if (!Files.isDirectory(folder)) {
      throw new BellowsException(
          ExitCode.USAGE,
          "there is no run folder " + folder + "; give the folder that a train command wrote");
    }
    if (!checkOurs(folder)) {
      throw new BellowsException(
          ExitCode.USAGE, folder + " is not a run folder: it has no run.json");
    }
    Map<String, @Nullable Object> run = readRun(folder);
    RunLease lease = RunLease.acquire(folder, takeover, clock);
    return new RunFolder(
            folder,
            clock,
            lease,
            found(true, run),
            run,
            readText(folder, "config.yaml"),
            readText(folder, "config.resolved.yaml"))
        .started(command);
  }

  /** Status, versions and fingerprints of a run folder without taking its lease. */
  public static Map<String, @Nullable Object> readRun(Path dir) {
    Path file = dir.resolve("run.json");
    try {
      return new LinkedHashMap<>(Json.parseObject(Files.readString(file), file.toString()));
    } catch (IOException e) {
      throw new BellowsException(ExitCode.USAGE, "cannot read " + file + ": " + reason(e), e);
    }
  }

  /** The folder itself, absolute. */
  public Path dir() {
    return dir;
  }

  /** Where checkpoints live. */
  public Path checkpoints() {
    return dir.resolve("checkpoints");
  }

  /** Where the final model is written. */
  public Path model() {
    return dir.resolve("model");
  }

  /** What stood here when the folder was opened. */
  public Found found() {
    return found;
  }

  /** The fencing number: grows with every process that worked in the folder. */
  public long attempt() {
    return lease.number();
  }

  /** The lease of this process. */
  public RunLease lease() {
    return lease;
  }

  /** The configuration with every default, as text. */
  public String resolvedYaml() {
    return resolvedYaml;
  }

  /** A value of run.json, or null. */
  public @Nullable Object get(String key) {
    return run.get(key);
  }

  /** Sets values of run.json and writes it. */
  public void put(Map<String, ? extends @Nullable Object> values) {
    run.putAll(values);
    writeText("run.json", Json.pretty(run) + "\n");
  }

  /**
   * Writes the two configuration files; called once the configuration was accepted for this folder.
   */
  public void writeConfig() {
    if (!originalYaml.isEmpty()) {
      writeText("config.yaml", originalYaml);
    }
    writeText("config.resolved.yaml", resolvedYaml);
  }

  /** Replaces a file of the folder by a JSON tree. */
  public void writeJson(String name, Object tree) {
    writeText(name, Json.pretty(tree) + "\n");
  }

  /** Replaces a file of the folder as a whole. */
  public void writeText(String name, String text) {
    lease.check();
    Path target = dir.resolve(name);
    Path temporary = dir.resolve(name + ".tmp");
    try {
      Files.writeString(temporary, text, StandardCharsets.UTF_8);
      try {
        Files.move(
            temporary, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      } catch (AtomicMoveNotSupportedException e) {
        Files.move(temporary, target, StandardCopyOption.REPLACE_EXISTING);
      }
    } catch (IOException e) {
      throw disk(target, e);
    }
  }

  /** Appends one line to {@code events.jsonl}: time, kind and the fields. */
  public void event(String kind, Map<String, ?> fields) {
    Map<String, Object> event = new LinkedHashMap<>();
    event.put("time", clock.instant().toString());
    event.put("event", kind);
    event.putAll(fields);
    append("events.jsonl", Json.compact(event) + "\n");
  }

  /**
   * Appends text to a file of the folder.
   *
   * @throws BellowsException exit 7 when another process took the folder over
   */
  public void append(String name, String text) {
    lease.check();
    Path target = dir.resolve(name);
    try {
      Files.writeString(
          target,
          text,
          StandardCharsets.UTF_8,
          StandardOpenOption.CREATE,
          StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw disk(target, e);
    }
  }

  /** Notes how the run ended and gives the folder back. */
  public void finish(String status, ExitCode exitCode, Map<String, ?> more) {
    Map<String, Object> end = new LinkedHashMap<>();
    end.put("status", status);
    end.put("exit_code", (long) exitCode.code());
    end.put("ended", clock.instant().toString());
    end.putAll(more);
    put(end);
    close();
  }

  /**
   * Notes that the run failed, unless it has ended already. For those who met the failure outside
   * of the training, e.g. when Spark did not start: no folder may be left behind as "running" by a
   * process that has ended. A second failure while this is written is not told: the first counts.
   */
  public void failed(ExitCode code, String why) {
    if (closed || !"running".equals(run.get("status"))) {
      return;
    }
    try {
      event("failed", Map.of("exit_code", (long) code.code(), "why", why));
      finish("failed", code, Map.of("message", why));
    } catch (BellowsException second) {
      close();
    }
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      lease.close();
    }
  }

  private RunFolder started(List<String> command) {
    if (found == Found.FINISHED) {
      return this; // nothing of a finished run is changed
    }
    Map<String, @Nullable Object> start = new LinkedHashMap<>();
    start.put("format", FORMAT);
    start.put("format_version", (long) FORMAT_VERSION);
    start.put("status", "running");
    start.put("exit_code", null);
    if (found == Found.NEW) {
      start.put("started", clock.instant().toString());
    } else {
      start.put("resumed", clock.instant().toString());
    }
    start.put("host", HostName.local());
    start.put("user", System.getProperty("user.name", ""));
    start.put("pid", ProcessHandle.current().pid());
    start.put("attempt", lease.number());
    start.put("command", List.copyOf(command));
    put(start);
    return this;
  }

  private static Found found(boolean ours, Map<String, @Nullable Object> run) {
    if (!ours) {
      return Found.NEW;
    }
    return "finished".equals(run.get("status")) ? Found.FINISHED : Found.UNFINISHED;
  }

  /** Whether the folder holds a run of ours; false when it is absent or empty. */
  private static boolean checkOurs(Path folder) {
    if (!Files.exists(folder)) {
      return false;
    }
    if (!Files.isDirectory(folder)) {
      throw new BellowsException(
          ExitCode.USAGE, "run folder " + folder + " is a file; choose a folder with --run-dir");
    }
    try {
      if (Files.exists(folder.resolve("run.json"))) {
        if (FORMAT.equals(readRun(folder).get("format"))) {
          return true;
        }
      } else {
        try (Stream<Path> entries = Files.list(folder)) {
          // a folder in which another process has just taken the lease is not foreign
          if (entries.allMatch(e -> e.endsWith("lease"))) {
            return false;
          }
        }
      }
    } catch (NoSuchFileException e) {
      return false;
    } catch (IOException e) {
      throw new BellowsException(
          ExitCode.USAGE, "cannot read run folder " + folder + ": " + reason(e), e);
    }
    throw new BellowsException(
        ExitCode.USAGE,
        folder
            + " exists and is not a Bellows run folder (no run.json of ours in it); nothing was touched; "
            + "choose another folder with --run-dir or output.dir");
  }

  private static String readText(Path folder, String name) {
    Path file = folder.resolve(name);
    try {
      return Files.exists(file) ? Files.readString(file) : "";
    } catch (IOException e) {
      throw new BellowsException(ExitCode.USAGE, "cannot read " + file + ": " + reason(e), e);
    }
  }

  private static BellowsException disk(Path target, IOException e) {
    return new BellowsException(
        ExitCode.MEMORY_OR_DISK, "cannot write " + target + ": " + reason(e), e);
  }

  private static String reason(Exception e) {
    return e.getMessage() == null ? e.toString() : e.getMessage();
  }
}
