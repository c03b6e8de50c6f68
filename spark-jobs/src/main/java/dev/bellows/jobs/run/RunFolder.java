package dev.bellows.jobs.run;

import dev.bellows.engine.model.FolderFiles;
import dev.bellows.engine.model.Json;
import dev.bellows.engine.model.NioFiles;
import dev.bellows.jobs.BellowsException;
import dev.bellows.jobs.ExitCode;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
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
 *   steps.ledger            one line per step: loss, metric, rows, CRC of the parameters
 *   checkpoints/  model/  lease/
 * </pre>
 *
 * <p>It may lie on any file system that {@link Storage} knows. The holder of the {@link RunLease}
 * is the only writer. Files that are replaced are replaced whole; what is appended to a folder on a
 * remote file system is gathered as {@link AppendedText} says. Foreign files are never deleted.
 */
public final class RunFolder implements AutoCloseable {
  /** Value of {@code format} in run.json: how a folder is known to be ours. */
  public static final String FORMAT = "bellows-run";

  private static final int FORMAT_VERSION = 1;
  private static final String RUN = "run.json";

  /** What a process may have left that ended before the first run.json was whole. */
  private static final Set<String> BEGUN = Set.of("lease", RUN + ".tmp");

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

  private final FolderFiles files;
  private final Clock clock;
  private final RunLease lease;
  private final AppendedText appended;
  private final Found found;
  private final Map<String, @Nullable Object> run;
  private final String originalYaml;
  private final String resolvedYaml;
  private boolean closed;

  private RunFolder(
      FolderFiles files,
      Clock clock,
      RunLease lease,
      Found found,
      Map<String, @Nullable Object> run,
      String original,
      String resolved) {
    this.files = files;
    this.clock = clock;
    this.lease = lease;
    this.appended = new AppendedText(files, clock);
    this.found = found;
    this.run = run;
    this.originalYaml = original;
    this.resolvedYaml = resolved;
  }

  /** As {@link #create(FolderFiles, Options)} on the local disk. */
  public static RunFolder create(Path dir, Options options) {
    return create(new NioFiles(dir), options);
  }

  /**
   * Makes or opens the folder of a {@code train} command and takes its lease.
   *
   * @throws BellowsException exit 2 when the path is a file, is not ours, cannot be written, is
   *     held by another process, or holds a run that may not be resumed
   */
  public static RunFolder create(FolderFiles folder, Options options) {
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
      folder.createFolders("");
    } catch (IOException e) {
      throw new BellowsException(
          ExitCode.USAGE, "cannot create run folder " + folder + ": " + reason(e), e);
    }
    RunLease lease = RunLease.acquire(folder, options.takeover(), options.clock());
    try {
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
    } catch (BellowsException e) {
      lease.close();
      throw e;
    }
  }

  /** As {@link #open(FolderFiles, boolean, List, Clock)} on the local disk. */
  public static RunFolder open(Path dir, boolean takeover, List<String> command, Clock clock) {
    return open(new NioFiles(dir), takeover, command, clock);
  }

  /**
   * Opens the folder of an earlier run to continue it.
   *
   * @throws BellowsException exit 2 when there is no run or another process holds it
   */
  public static RunFolder open(
      FolderFiles folder, boolean takeover, List<String> command, Clock clock) {
    requireRun(folder);
    RunLease lease = RunLease.acquire(folder, takeover, clock);
    try {
      Map<String, @Nullable Object> run = readRun(folder);
      return new RunFolder(
              folder,
              clock,
              lease,
              found(true, run),
              run,
              readText(folder, "config.yaml"),
              readText(folder, "config.resolved.yaml"))
          .started(command);
    } catch (BellowsException e) {
      lease.close();
      throw e;
    }
  }

  /**
   * Makes sure that a folder holds a run.
   *
   * @throws BellowsException exit 2 when it does not
   */
  public static void requireRun(FolderFiles folder) {
    try {
      if (!folder.isFolder("")) {
        throw new BellowsException(
            ExitCode.USAGE,
            "there is no run folder " + folder + "; give the folder that a train command wrote");
      }
      if (folder.lengthBytes(RUN) < 0) {
        throw new BellowsException(
            ExitCode.USAGE, folder + " is not a run folder: it has no run.json");
      }
    } catch (IOException e) {
      throw unreadable(folder, e);
    }
    checkOurs(folder);
  }

  /** As {@link #readRun(FolderFiles)} on the local disk. */
  public static Map<String, @Nullable Object> readRun(Path dir) {
    return readRun(new NioFiles(dir));
  }

  /** Status, versions and fingerprints of a run folder without taking its lease. */
  public static Map<String, @Nullable Object> readRun(FolderFiles folder) {
    String file = folder.root() + "/" + RUN;
    try {
      return new LinkedHashMap<>(Json.parseObject(folder.read(RUN), file));
    } catch (IOException e) {
      throw new BellowsException(ExitCode.USAGE, "cannot read " + file + ": " + reason(e), e);
    }
  }

  /** Where the folder is: an absolute path or a URI. */
  public String dir() {
    return files.root();
  }

  /** The last part of {@link #dir()}. */
  public String name() {
    return dir().substring(dir().lastIndexOf('/') + 1);
  }

  /** The files of the folder; writing is for those who checked the {@link #lease()}. */
  public FolderFiles files() {
    return files;
  }

  /** Where checkpoints live. */
  public FolderFiles checkpoints() {
    return files.below("checkpoints");
  }

  /** Where the final model is written. */
  public FolderFiles model() {
    return files.below("model");
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
    writeText(RUN, Json.pretty(run) + "\n");
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
    try {
      files.replace(name, text.getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw disk(name, e);
    }
  }

  /** A file of the folder with all that was appended to it; empty when there is none. */
  public String readText(String name) throws IOException {
    publish();
    try {
      return new String(files.read(name), StandardCharsets.UTF_8);
    } catch (FileNotFoundException absent) {
      return "";
    }
  }

  /**
   * Appends one line to {@code events.jsonl}: time, kind and the fields.
   *
   * @throws BellowsException exit 7 when another process took the folder over
   */
  public void event(String kind, Map<String, ?> fields) {
    Map<String, Object> event = new LinkedHashMap<>();
    event.put("time", clock.instant().toString());
    event.put("event", kind);
    event.putAll(fields);
    append("events.jsonl", Json.compact(event) + "\n", true);
  }

  /**
   * Appends text to a file of the folder; on a remote file system it may wait for {@link #publish}.
   *
   * @throws BellowsException exit 7 when another process took the folder over
   */
  public void append(String name, String text) {
    append(name, text, false);
  }

  private void append(String name, String text, boolean event) {
    try {
      appended.add(name, text, event, lease::check);
    } catch (IOException e) {
      throw disk(name, e);
    }
  }

  /** Writes what was appended and waits; to be called before a checkpoint counts. */
  public void publish() {
    try {
      appended.write(lease::check);
    } catch (IOException e) {
      throw disk("events.jsonl or steps.ledger", e);
    }
  }

  /** Notes how the run ended and gives the folder back. */
  public void finish(String status, ExitCode exitCode, Map<String, ?> more) {
    Map<String, Object> end = new LinkedHashMap<>();
    end.put("status", status);
    end.put("exit_code", (long) exitCode.code());
    end.put("ended", clock.instant().toString());
    end.putAll(more);
    publish();
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
      try (lease) {
        publish();
      } catch (BellowsException e) {
        // Only after a failure that was told already does anything wait here: finish() publishes.
      }
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
  private static boolean checkOurs(FolderFiles folder) {
    try {
      if (!folder.isFolder("")) {
        if (folder.lengthBytes("") >= 0) {
          throw new BellowsException(
              ExitCode.USAGE,
              "run folder " + folder + " is a file; choose a folder with --run-dir");
        }
        return false;
      }
      if (folder.lengthBytes(RUN) >= 0) {
        if (FORMAT.equals(readRun(folder).get("format"))) {
          return true;
        }
      } else if (BEGUN.containsAll(folder.list(""))) {
        return false; // empty, or another process has just taken the lease
      }
    } catch (IOException e) {
      throw unreadable(folder, e);
    }
    throw new BellowsException(
        ExitCode.USAGE,
        folder
            + " exists and is not a Bellows run folder (no run.json of ours in it); nothing was touched; "
            + "choose another folder with --run-dir or output.dir");
  }

  private static String readText(FolderFiles folder, String name) {
    try {
      return new String(folder.read(name), StandardCharsets.UTF_8);
    } catch (FileNotFoundException absent) {
      return "";
    } catch (IOException e) {
      throw new BellowsException(
          ExitCode.USAGE, "cannot read " + folder + "/" + name + ": " + reason(e), e);
    }
  }

  private static BellowsException unreadable(FolderFiles folder, IOException e) {
    return new BellowsException(
        ExitCode.USAGE, "cannot read run folder " + folder + ": " + reason(e), e);
  }

  private BellowsException disk(String name, IOException e) {
    boolean forbidden = e instanceof AccessDeniedException;
    return new BellowsException(
        forbidden ? ExitCode.USAGE : ExitCode.MEMORY_OR_DISK,
        (forbidden ? "no permission to write " : "cannot write ")
            + files
            + "/"
            + name
            + ": "
            + reason(e),
        e);
  }

  private static String reason(Exception e) {
    return e.getMessage() == null ? e.toString() : e.getMessage().lines().findFirst().orElse("");
  }
}
