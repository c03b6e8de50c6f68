package dev.bellows.jobs.train;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Places where a test may make a process fail on purpose; none is active unless asked for.
 *
 * <p>{@code BELLOWS_FAILPOINTS} (system property, else environment variable) holds entries
 * separated by {@code ;}, each {@code point:key:action[:marker]}: at the named point with the given
 * key (a step) the action happens. With a marker file it happens once, whichever process comes
 * first. Actions: {@code kill} (SIGKILL of the own process), {@code throw}, {@code nan} (the caller
 * spoils its result), {@code sleep=MILLISECONDS}, {@code stop} (SIGSTOP of the own process; another
 * one lets it go on). Key {@code -1} means any. {@code slow=FACTOR} at a point of {@link #stretch}
 * makes one process slow: the first that claims the marker, again and again.
 */
final class Failpoints {
  /** Name of the property and of the variable. */
  static final String NAME = "BELLOWS_FAILPOINTS";

  /** No failpoint at all. */
  static final Failpoints NONE = new Failpoints("", List.of());

  private static final String SLOW = "slow=";

  /** Within this time the signal has come. */
  private static final int STOP_MS = 300;

  private record Entry(String point, long key, String action, String marker) {}

  private final String text;
  private final List<Entry> entries;

  private Failpoints(String text, List<Entry> entries) {
    this.text = text;
    this.entries = entries;
  }

  /** The failpoints that this process was started with. */
  static Failpoints fromEnvironment() {
    String property = System.getProperty(NAME);
    String text = property != null ? property : System.getenv(NAME);
    return text == null || text.isBlank() ? NONE : parse(text);
  }

  /** Reads entries; an unreadable one is an error, so that a test can't pass by a typo. */
  static Failpoints parse(String text) {
    List<Entry> entries = new ArrayList<>();
    for (String item : text.split(";", -1)) {
      if (item.isBlank()) {
        continue;
      }
      String[] parts = item.trim().split(":", 4);
      if (parts.length < 3) {
        throw new IllegalArgumentException(
            "failpoint must be point:key:action[:marker], found \"" + item + "\"");
      }
      entries.add(
          new Entry(
              parts[0], Long.parseLong(parts[1]), parts[2], parts.length > 3 ? parts[3] : ""));
    }
    return entries.isEmpty() ? NONE : new Failpoints(text, List.copyOf(entries));
  }

  /** The text that {@link #parse} reads, to hand failpoints to executors. */
  String text() {
    return text;
  }

  /** Whether something is planned for a place. */
  boolean plans(String point) {
    return entries.stream().anyMatch(entry -> entry.point().equals(point));
  }

  /**
   * Runs what is planned for this place.
   *
   * @return whether the caller shall spoil its result (action {@code nan})
   */
  boolean hit(String point, long key) {
    if (entries.isEmpty()) {
      return false;
    }
    boolean spoil = false;
    for (Entry entry : entries) {
      if (entry.point().equals(point)
          && (entry.key() == key || entry.key() == -1)
          && !entry.action().startsWith(SLOW)
          && claim(entry.marker())) {
        spoil |= act(entry);
      }
    }
    return spoil;
  }

  /**
   * Makes what was done last as slow as is planned for this place.
   *
   * @param nanos what it took
   */
  void stretch(String point, long key, long nanos) {
    for (Entry entry : entries) {
      if (entry.point().equals(point)
          && (entry.key() == key || entry.key() == -1)
          && entry.action().startsWith(SLOW)
          && (claim(entry.marker()) || isOwn(entry.marker()))) {
        double factor = Double.parseDouble(entry.action().substring(SLOW.length()));
        sleep(Math.round((factor - 1) * nanos / 1e6));
      }
    }
  }

  private static boolean isOwn(String marker) {
    try {
      return Files.readString(Path.of(marker)).equals(Long.toString(ProcessHandle.current().pid()));
    } catch (IOException e) {
      return false;
    }
  }

  private static void sleep(long ms) {
    try {
      Thread.sleep(ms);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static boolean claim(String marker) {
    if (marker.isEmpty()) {
      return true;
    }
    try {
      Files.createFile(Path.of(marker));
      Files.writeString(Path.of(marker), Long.toString(ProcessHandle.current().pid()));
      return true;
    } catch (FileAlreadyExistsException done) {
      return false;
    } catch (IOException e) {
      throw new IllegalStateException("cannot create failpoint marker " + marker, e);
    }
  }

  private static boolean act(Entry entry) {
    String action = entry.action();
    if (action.equals("nan")) {
      return true;
    }
    try {
      String pid = Long.toString(ProcessHandle.current().pid());
      if (action.equals("kill")) {
        new ProcessBuilder("kill", "-9", pid).start();
        Thread.sleep(60_000); // the signal comes within milliseconds
      } else if (action.equals("stop")) {
        new ProcessBuilder("kill", "-STOP", pid).start();
        Thread.sleep(STOP_MS); // over when the process goes on
      } else if (action.startsWith("sleep=")) {
        Thread.sleep(Long.parseLong(action.substring("sleep=".length())));
      } else if (action.equals("throw")) {
        throw new IllegalStateException("failpoint " + entry.point() + ":" + entry.key());
      } else {
        throw new IllegalArgumentException("unknown failpoint action " + action);
      }
    } catch (IOException e) {
      throw new IllegalStateException("failpoint could not kill this process", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return false;
  }
}
