package dev.bellows.jobs.study.journal;

import dev.bellows.engine.model.FolderFiles;
import dev.bellows.engine.model.Json;
import dev.bellows.jobs.BellowsException;
import dev.bellows.jobs.ExitCode;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * {@code study.json}: what a study is, fixed when it starts: space, sampler, pruner, goal, seed,
 * folds, versions, and the data's fingerprint. A journal says nothing without it.
 */
public final class StudyFile {
  /** The file in the study's folder. */
  public static final String NAME = "study.json";

  private static final String FORMAT = "format";
  private static final String CHECK = "check";
  private static final long VERSION = 1;

  private StudyFile() {}

  /** Writes the file; {@code study} as JSON has it. */
  public static void write(FolderFiles files, Map<String, ? extends @Nullable Object> study) {
    Map<String, @Nullable Object> tree = new LinkedHashMap<>();
    tree.put(FORMAT, VERSION);
    tree.putAll(study);
    tree.put(CHECK, check(tree));
    try {
      files.createFolders("");
      files.replace(NAME, Json.pretty(tree).getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new BellowsException(
          ExitCode.MEMORY_OR_DISK, "cannot write " + files.root() + "/" + NAME + ": " + e, e);
    }
  }

  /**
   * Reads the file.
   *
   * @return what was written, or empty when there is none
   * @throws BellowsException exit 8 when it is damaged or of a later version
   */
  public static Optional<Map<String, @Nullable Object>> read(FolderFiles files) {
    String where = files.root() + "/" + NAME;
    try {
      Map<String, @Nullable Object> tree =
          new LinkedHashMap<>(Json.parseObject(files.read(NAME), where));
      Object check = tree.remove(CHECK);
      if (!check(tree).equals(check)) {
        throw JournalLine.damaged(
            "%s: the file was changed: its check is %s, its text has %s"
                .formatted(where, check, check(tree)));
      }
      long version = Json.integer(tree.remove(FORMAT), where + ": " + FORMAT);
      if (version != VERSION) {
        throw JournalLine.damaged(
            "%s: expected format %d, found %d; it needs another version of Bellows"
                .formatted(where, VERSION, version));
      }
      return Optional.of(tree);
    } catch (FileNotFoundException none) {
      return Optional.empty();
    } catch (IOException e) {
      throw new BellowsException(
          ExitCode.MODEL, "the study can't be resumed: " + e.getMessage(), e);
    }
  }

  /**
   * Makes sure that a resumed study is the one that was started.
   *
   * @param stored what {@link #read} gave
   * @param now what the resuming driver would write
   * @param free keys that may differ: a time limit, the number of trials, versions
   * @throws BellowsException exit 4 naming each difference
   */
  public static void requireSame(
      Map<String, ? extends @Nullable Object> stored,
      Map<String, ? extends @Nullable Object> now,
      Set<String> free) {
    List<String> differences = new ArrayList<>();
    Set<String> keys = new java.util.TreeSet<>(stored.keySet());
    keys.addAll(now.keySet());
    keys.removeAll(free);
    for (String key : keys) {
      String before = text(stored.get(key));
      String after = text(now.get(key));
      if (!Objects.equals(before, after)) {
        differences.add(key + " was " + cut(before) + ", is " + cut(after));
      }
    }
    if (!differences.isEmpty()) {
      throw new BellowsException(
          ExitCode.DATA,
          "the study is another one than was started: "
              + String.join("; ", differences)
              + "; resume it with what it was started with, or force it");
    }
  }

  // Through JSON text: whole numbers of different Java types are equal there.
  private static String text(@Nullable Object value) {
    return Json.compact(value);
  }

  private static String cut(String text) {
    return text.length() <= 60 ? text : text.substring(0, 57) + "...";
  }

  private static String check(Map<String, @Nullable Object> tree) {
    CRC32C crc = new CRC32C();
    crc.update(Json.compact(tree).getBytes(StandardCharsets.UTF_8));
    return String.format(java.util.Locale.ROOT, "%08x", crc.getValue());
  }
}
