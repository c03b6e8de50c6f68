package dev.bellows.jobs.run;

import dev.bellows.engine.model.FolderFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.Iterator;
import java.util.Map;
import java.util.TreeMap;

/**
 * The files of a run folder that only grow. On the local disk a text is written at once. On a
 * remote file system, where adding a line may mean writing the file anew, texts are gathered:
 *
 * <ul>
 *   <li>{@linkplain #write everything} before a checkpoint counts, and when the folder is given
 *       back: a checkpoint never knows more than these files do;
 *   <li>events within {@link #SOON_MS} when others follow: a killed driver loses no earlier ones;
 *   <li>any file of which {@link #MAX_CHARS} wait.
 * </ul>
 *
 * <p>Not thread-safe: the driver's training thread owns it.
 */
final class AppendedText {
  private static final long SOON_MS = 2_000;
  private static final int MAX_CHARS = 4 << 20;

  private final FolderFiles files;
  private final Clock clock;
  private final Map<String, StringBuilder> waiting = new TreeMap<>();
  private long writtenMs;

  AppendedText(FolderFiles files, Clock clock) {
    this.files = files;
    this.clock = clock;
  }

  /**
   * Adds text to the end of a file.
   *
   * @param event whether it should be seen soon
   * @param allowed fails when writing is not allowed any more
   */
  void add(String name, String text, boolean event, Runnable allowed) throws IOException {
    if (!files.remote()) {
      allowed.run();
      files.append(name, text.getBytes(StandardCharsets.UTF_8));
      return;
    }
    StringBuilder file = waiting.computeIfAbsent(name, n -> new StringBuilder()).append(text);
    long since = clock.millis() - writtenMs;
    boolean quiet = since >= SOON_MS || since < 0; // the clock was set back
    if ((event && quiet) || file.length() >= MAX_CHARS) {
      allowed.run();
      write(name, file);
      waiting.remove(name);
      writtenMs = clock.millis();
    }
  }

  /** Writes what waits. */
  void write(Runnable allowed) throws IOException {
    if (!waiting.isEmpty()) {
      allowed.run();
    }
    for (Iterator<Map.Entry<String, StringBuilder>> all = waiting.entrySet().iterator();
        all.hasNext(); ) {
      Map.Entry<String, StringBuilder> file = all.next();
      write(file.getKey(), file.getValue());
      all.remove();
    }
  }

  private void write(String name, StringBuilder text) throws IOException {
    files.append(name, text.toString().getBytes(StandardCharsets.UTF_8));
  }
}
