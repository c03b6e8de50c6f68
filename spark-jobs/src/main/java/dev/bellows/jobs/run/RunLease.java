package dev.bellows.jobs.run;

import dev.bellows.engine.model.FolderFiles;
import dev.bellows.engine.model.Json;
import dev.bellows.engine.model.ModelFileException;
import dev.bellows.jobs.BellowsException;
import dev.bellows.jobs.ExitCode;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The right to write in a run folder: one process at a time.
 *
 * <p>A lease is a file {@code lease/000001.json} whose number only grows; creating the next number
 * is atomic, so of two processes that start together one wins. The holder is the process named by
 * the highest number. It is alive when its process runs on this host (same pid and {@link
 * ProcessIdentity}; where that is not known, same pid and start time or a fresh file), or, on
 * another host, when the file was touched within {@link #STALE} or is touched while we look, as
 * clocks may be wrong. A holder that finds a higher number, or another holder in its own file, was
 * fenced off and must not write any more.
 *
 * <p>On a remote file system a thread of its own touches the file every {@link #RENEW_MS}, however
 * long a Spark job takes. An object store whose creation is not exclusive lets two processes
 * believe that they won until the first of them looks again: before its next durable write.
 */
public final class RunLease implements AutoCloseable {
  /** A lease of another host that was not renewed for so long counts as given up. */
  public static final Duration STALE = Duration.ofSeconds(90);

  private static final long RENEW_MS = 15_000;
  private static final long STOP_MS = 5_000;
  private static final List<String> IDENTITY = List.of("host", "pid", "process");

  private final FolderFiles folder;
  private final String run;
  private final long number;
  private final Clock clock;
  private @Nullable Thread keeper;
  private final CountDownLatch released = new CountDownLatch(1);

  private RunLease(FolderFiles folder, String run, long number, Clock clock) {
    this.folder = folder;
    this.run = run;
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
  public static RunLease acquire(FolderFiles runFolder, boolean takeover, Clock clock) {
    return acquire(runFolder, takeover, clock, RENEW_MS);
  }

  /** The same with another time between two renewals on a remote file system. */
  static RunLease acquire(FolderFiles runFolder, boolean takeover, Clock clock, long renewMs) {
    FolderFiles folder = runFolder.below("lease");
    try {
      folder.createFolders("");
      while (true) {
        long newest = newest(folder);
        if (newest > 0 && !takeover) {
          refuseIfAlive(runFolder.root(), folder, name(newest), clock, renewMs);
        }
        RunLease lease = new RunLease(folder, runFolder.root(), newest + 1, clock);
        if (!folder.createNew(name(newest + 1), bytes(holder(clock, false)))
            || (folder.remote() && !isSelf(read(folder, name(newest + 1))))) {
          continue; // another process was faster: look at its lease
        }
        for (long old = newest; old > 0 && folder.lengthBytes(name(old)) >= 0; old--) {
          folder.delete(name(old)); // older numbers say nothing any more
        }
        lease.keepFresh(renewMs);
        return lease;
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
    if (folder.remote()) {
      return; // the keeper does it
    }
    check();
    try {
      folder.touch(name(number), clock.millis());
    } catch (IOException e) {
      throw new BellowsException(
          ExitCode.MEMORY_OR_DISK, "cannot renew the lease of " + run + ": " + e, e);
    }
  }

  /**
   * Makes sure that this process still holds the folder; called before every durable write.
   *
   * @throws BellowsException exit 7 when another process took the folder over
   */
  public void check() {
    try {
      String how = "lease " + number + " is gone";
      boolean held = folder.lengthBytes(name(number)) >= 0;
      if (held) {
        long newest = newest(folder);
        // Numbers are exclusive on the local disk; a store that overwrote ours is found here.
        if (newest > number || overwritten()) {
          held = false;
          how = "now held by " + describe(read(folder, name(newest)));
        }
      }
      if (!held) {
        throw new BellowsException(
            ExitCode.CLUSTER,
            "run folder "
                + run
                + " was taken over by another process ("
                + how
                + "); this process stops and writes nothing more");
      }
    } catch (IOException e) {
      throw new BellowsException(ExitCode.MEMORY_OR_DISK, "cannot read " + folder + ": " + e, e);
    }
  }

  private boolean overwritten() throws IOException {
    if (!folder.remote()) {
      return false;
    }
    Map<String, @Nullable Object> holder = read(folder, name(number));
    return !holder.isEmpty() && !isSelf(holder); // empty while it is being touched
  }

  /** Gives the lease back; the number stays so that the next one is higher. */
  @Override
  public void close() {
    if (released.getCount() == 0) {
      return;
    }
    released.countDown();
    awaitKeeper();
    try {
      if (folder.lengthBytes(name(number)) >= 0
          && (!folder.remote() || isSelf(read(folder, name(number))))) {
        try (OutputStream out = folder.create(name(number))) {
          out.write(bytes(holder(clock, true)));
        }
      }
    } catch (IOException e) {
      // The next process sees a dead holder instead: nothing is lost.
    }
  }

  /** Waits for it, so that it can't write the lease of a living holder over the released one. */
  private void awaitKeeper() {
    Thread thread = keeper;
    if (thread != null) {
      try {
        thread.join(STOP_MS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private void keepFresh(long renewMs) {
    if (!folder.remote()) {
      return;
    }
    Thread thread = new Thread(() -> keep(renewMs), "bellows-lease");
    thread.setDaemon(true);
    thread.start();
    keeper = thread;
  }

  private void keep(long renewMs) {
    try {
      while (!released.await(renewMs, TimeUnit.MILLISECONDS)) {
        try {
          if (folder.lengthBytes(name(number)) >= 0) {
            folder.touch(name(number), clock.millis());
          }
        } catch (IOException later) {
          // The next turn tries again; check() tells the owner what is wrong.
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // nobody does: a touch must not be cut off half-way
    }
  }

  private static void refuseIfAlive(
      String run, FolderFiles folder, String lease, Clock clock, long renewMs) throws IOException {
    Map<String, @Nullable Object> holder = read(folder, lease);
    if (Boolean.TRUE.equals(holder.get("released"))) {
      return;
    }
    Duration age;
    try {
      age = Duration.ofMillis(clock.millis() - folder.modifiedMs(lease));
    } catch (FileNotFoundException next) {
      return; // somebody took the next number just now
    }
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
      alive = age.compareTo(STALE) < 0 || isRenewed(folder, lease, renewMs);
    }
    if (alive) {
      throw new BellowsException(
          ExitCode.USAGE,
          "run folder "
              + run
              + " is in use by "
              + describe(holder)
              + ", lease renewed "
              + Math.max(0, age.toSeconds())
              + " s ago; wait for it, choose another folder, or pass --takeover to fence it off");
    }
  }

  /**
   * Whether a lease that looks stale is renewed all the same: one of the two clocks was set. Waits
   * a little longer than its holder does between two renewals.
   */
  private static boolean isRenewed(FolderFiles folder, String lease, long renewMs)
      throws IOException {
    long before = folder.modifiedMs(lease);
    try {
      TimeUnit.MILLISECONDS.sleep(renewMs + renewMs / 3);
      return folder.modifiedMs(lease) != before;
    } catch (FileNotFoundException next) {
      return false; // somebody took the next number just now
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return true;
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

  /** Whether a lease names this process. */
  private static boolean isSelf(Map<String, ? extends @Nullable Object> holder) {
    Map<String, Object> self = identity();
    return IDENTITY.stream().allMatch(key -> Objects.equals(self.get(key), holder.get(key)));
  }

  private static String describe(Map<String, ? extends @Nullable Object> holder) {
    return "host " + holder.get("host") + " pid " + holder.get("pid");
  }

  private static Map<String, Object> identity() {
    ProcessHandle self = ProcessHandle.current();
    Map<String, Object> m = new LinkedHashMap<>();
    m.put("host", HostName.local());
    m.put("pid", self.pid());
    m.put("process", ProcessIdentity.of(self.pid()));
    m.put("process_started", self.info().startInstant().map(Instant::toString).orElse(""));
    return m;
  }

  private static Map<String, Object> holder(Clock clock, boolean released) {
    Map<String, Object> m = identity();
    m.put("taken", clock.instant().toString());
    m.put("released", released);
    return m;
  }

  private static byte[] bytes(Map<String, Object> holder) {
    return Json.pretty(holder).getBytes(StandardCharsets.UTF_8);
  }

  private static Map<String, @Nullable Object> read(FolderFiles folder, String lease)
      throws IOException {
    try {
      return Json.parseObject(folder.read(lease), folder.root() + "/" + lease);
    } catch (ModelFileException | FileNotFoundException halfWritten) {
      return Map.of(); // the other process is between create and write, or took the next number
    }
  }

  private static String name(long number) {
    return String.format("%06d.json", number);
  }

  private static long newest(FolderFiles folder) throws IOException {
    long newest = 0;
    for (String name : folder.list("")) {
      if (name.matches("\\d{6,18}\\.json")) {
        newest = Math.max(newest, Long.parseLong(name.substring(0, name.length() - 5)));
      }
    }
    return newest;
  }
}
