package dev.bellows.jobs.study.journal;

import dev.bellows.engine.model.Json;
import dev.bellows.engine.model.ModelFileException;
import dev.bellows.jobs.study.trial.Event;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * A line of the journal: one JSON object.
 *
 * <pre>
 * {"n":7,"event":"report","trial":3,"fold":0,"rung":0,"resource":10.0,"score":0.91,"check":"9f31c2ab"}
 * </pre>
 *
 * {@code n} numbers all events of the study from 0. {@code check} is the CRC32C of the text before
 * its comma, so that a line that was torn or changed is known by itself.
 */
record JournalLine(long number, Event event) {
  private static final String CHECK = ",\"check\":\"";
  private static final int CHECK_CHARS = CHECK.length() + 8 + 2;

  /** The line without its end. */
  String text() {
    Map<String, @Nullable Object> tree = new LinkedHashMap<>();
    tree.put("n", number);
    tree.put("event", event.kind().name().toLowerCase(Locale.ROOT));
    tree.put("trial", (long) event.trial());
    tree.putAll(event.values());
    String text = Json.compact(tree);
    String open = text.substring(0, text.length() - 1);
    return open + CHECK + check(open) + "\"}";
  }

  /**
   * Reads a line.
   *
   * @param where the file and line, for messages
   * @throws ModelFileException when it was torn or changed
   */
  static JournalLine parse(String line, String where) throws ModelFileException {
    int end = line.length() - CHECK_CHARS;
    if (end < 1 || !line.startsWith(CHECK, end)) {
      throw damaged(where + ": expected a whole line, found a part of one");
    }
    String open = line.substring(0, end);
    String found = line.substring(end + CHECK.length(), line.length() - 2);
    if (!found.equals(check(open)) || !line.endsWith("\"}")) {
      throw damaged(
          "%s: the line was changed: its check is %s, its text has %s"
              .formatted(where, found, check(open)));
    }
    Map<String, @Nullable Object> tree = new LinkedHashMap<>(Json.parseObject(open + "}", where));
    long number = Json.integer(tree.remove("n"), where + ": n");
    String name = Json.string(tree.remove("event"), where + ": event");
    long trial = Json.integer(tree.remove("trial"), where + ": trial");
    for (Event.Kind kind : Event.Kind.values()) {
      if (kind.name().toLowerCase(Locale.ROOT).equals(name)) {
        return new JournalLine(number, new Event(kind, Math.toIntExact(trial), tree));
      }
    }
    throw damaged(where + ": expected an event that this version knows, found " + name);
  }

  static ModelFileException damaged(String message) {
    return new ModelFileException(ModelFileException.Kind.CORRUPT, message);
  }

  private static String check(String text) {
    CRC32C crc = new CRC32C();
    crc.update(text.getBytes(StandardCharsets.UTF_8));
    return String.format(Locale.ROOT, "%08x", crc.getValue());
  }
}
