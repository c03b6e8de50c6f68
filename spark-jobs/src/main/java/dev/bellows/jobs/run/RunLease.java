package dev.bellows.jobs.run;

import dev.bellows.engine.model.Json;
import dev.bellows.engine.model.ModelFileException;
import dev.bellows.jobs.BellowsException;
import dev.bellows.jobs.ExitCode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The right to write in a run folder: one process at a time.
 *
 * <p>A lease is a file {@code lease/000001.json} whose number only grows; creating the next number
 * is atomic, so of two processes that start together one wins. The holder is the process named by
 * the highest number. It is alive when its process runs on this host (same pid and {@link
 * ProcessIdentity}; where that is not known, same pid and start time or a fresh file), or, on
 * another host, when the file was touched within {@link #STALE}. A holder that finds a higher
 * number was fenced off and must not write any more.
 */
public final class RunLease implements AutoCloseable {
  /** A lease of another host that was not renewed for so long counts as given up. */
  public static final Duration STALE = Duration.ofSeconds(90);

  private final Path folder;
  private final long number;
  private final Clock clock;
  private boolean released;

  private RunLease(Path folder, long number, Clock clock) {
    this.folder = folder;
    this.number = number;
    this.clock = clock;
  }

  /**
   * Takes the lease of a run folder.
   *
   * @param runFolder the run folder, which must exist
   * @param takeover whether a living holder is fenced off instead of respected
   * @param clock tells the age of the other lease
   * @throws BellowsException exit 2 when another process holds the folder
   */
  public static RunLease acquire(Path runFolder, boolean takeover, Clock clock) {
    Path folder = runFolder.resolve("lease");
    try {
      Files.createDirectories(folder);
      while (true) {
        long newest = newest(folder);
        if (newest > 0 && !takeover) {
          refuseIfAlive(runFolder, file(folder, newest), clock);
        }
        try {
          Files.writeString(
              file(folder, newest + 1),
              Json.pretty(holder(clock, false)),
              StandardCharsets.UTF_8,
              StandardOpenOption.CREATE_NEW);
        } catch (FileAlreadyExistsException lost) {
          continue; // another process was faster: look at its lease
        }
        for (long old = newest; old > 0 && Files.deleteIfExists(file(folder, old)); old--) {
          // older numbers say nothing any more
        }
        return new RunLease(folder, newest + 1, clock);
      }
    } catch (IOException e) {
      throw new BellowsException(
          ExitCode.USAGE, "cannot write in run folder " + runFolder + ": " + e, e);
    }
  }

  /** The fencing number of this lease; grows with every process that took the folder. */
  public long number() {
    return number;
  }

  /** Renews the lease; cheap, to be called every few seconds. */
  public void renew() {
    check();
    try {
      Files.setLastModifiedTime(file(folder, number), FileTime.from(clock.instant()));
    } catch (IOException e) {
      throw new BellowsException(
          ExitCode.MEMORY_OR_DISK, "cannot renew the lease of " + folder.getParent() + ": " + e, e);
    }
  }

  /**
   * Makes sure that this process still holds the folder; called before every durable write.
   *
   * @throws BellowsException exit 7 when another process took the folder over
   */
  public void check() {
    if (!Files.exists(file(folder, number))) {
      throw new BellowsException(
          ExitCode.CLUSTER,
          "run folder "
              + folder.getParent()
              + " was taken over by another process (lease "
              + number
              + " is gone); this process stops and writes nothing more");
    }
    try {
      long newest = newest(folder);
      if (newest > number) {
        throw new BellowsException(
            ExitCode.CLUSTER,
            "run folder "
                + folder.getParent()
                + " was taken over by "
                + describe(read(file(folder, newest)))
                + "; this process stops and writes nothing more");
      }
    } catch (IOException e) {
      throw new BellowsException(ExitCode.MEMORY_OR_DISK, "cannot read " + folder + ": " + e, e);
    }
  }

  /** Gives the lease back; the number stays so that the next one is higher. */
  @Override
  public void close() {
    if (released) {
      return;
    }
    released = true;
    try {
      if (Files.exists(file(folder, number))) {
        Files.writeString(file(folder, number), Json.pretty(holder(clock, true)));
      }
    } catch (IOException e) {
      // The next process sees a dead holder instead: nothing is lost.
    }
  }

  private static void refuseIfAlive(Path runFolder, Path lease, Clock clock) throws IOException {
    Map<String, @Nullable Object> holder = read(lease);
    if (Boolean.TRUE.equals(holder.get("released"))) {
      return;
    }
    Duration age = Duration.between(Files.getLastModifiedTime(lease).toInstant(), clock.instant());
    String host = String.valueOf(holder.get("host"));
    boolean alive;
    if (host.equals(HostName.local())) {
      long pid = holder.get("pid") instanceof Number n ? n.longValue() : -1;
      Optional<ProcessHandle> process = pid < 0 ? Optional.empty() : ProcessHandle.of(pid);
      alive =
          process.isPresent()
              && process.get().isAlive()
              && isHolder(process.get(), holder, age.compareTo(STALE) < 0);
    } else {
      alive = age.compareTo(STALE) < 0;
    }
    if (alive) {
      throw new BellowsException(
          ExitCode.USAGE,
          "run folder "
              + runFolder
              + " is in use by "
              + describe(holder)
              + ", lease renewed "
              + Math.max(0, age.toSeconds())
              + " s ago; wait for it, choose another folder, or pass --takeover to fence it off");
    }
  }

  /** Whether a living process of the holder's pid is the holder. */
  private static boolean isHolder(
      ProcessHandle process, Map<String, ? extends @Nullable Object> holder, boolean fresh) {
    String identity = ProcessIdentity.of(process.pid());
    if (!identity.isEmpty() && holder.get("process") instanceof String noted && !noted.isEmpty()) {
      return identity.equals(noted);
    }
    // A clock that was set moves the start time: different times alone don't prove another process.
    String started = process.info().startInstant().map(Instant::toString).orElse("");
    return fresh || started.equals(holder.get("process_started"));
  }

  private static String describe(Map<String, ? extends @Nullable Object> holder) {
    return "host " + holder.get("host") + " pid " + holder.get("pid");
  }

  private static Map<String, Object> holder(Clock clock, boolean released) {
    ProcessHandle self = ProcessHandle.current();
    Map<String, Object> m = new LinkedHashMap<>();
    m.put("host", HostName.local());
    m.put("pid", self.pid());
    m.put("process", ProcessIdentity.of(self.pid()));
    m.put("process_started", self.info().startInstant().map(Instant::toString).orElse(""));
    m.put("taken", clock.instant().toString());
    m.put("released", released);
    return m;
  }

  private static Map<String, @Nullable Object> read(Path lease) throws IOException {
    try {
      return Json.parseObject(Files.readString(lease), lease.toString());
    } catch (ModelFileException halfWritten) {
      return Map.of(); // the other process is between create and write
    }
  }

  private static Path file(Path folder, long number) {
    return folder.resolve(String.format("%06d.json", number));
  }

  private static long newest(Path folder) throws IOException {
    List<Long> numbers = new ArrayList<>();
    try (Stream<Path> files = Files.list(folder)) {
      files.forEach(
          f -> {
            String name = f.getFileName().toString();
            if (name.matches("\\d{6,18}\\.json")) {
              numbers.add(Long.parseLong(name.substring(0, name.length() - 5)));
            }
          });
    }
    return numbers.stream().mapToLong(Long::longValue).max().orElse(0);
  }
}
