package dev.bellows.jobs.config;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Parse;
import org.snakeyaml.engine.v2.common.ScalarStyle;
import org.snakeyaml.engine.v2.events.AliasEvent;
import org.snakeyaml.engine.v2.events.CollectionStartEvent;
import org.snakeyaml.engine.v2.events.Event;
import org.snakeyaml.engine.v2.events.NodeEvent;
import org.snakeyaml.engine.v2.events.ScalarEvent;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;

/**
 * Text to {@link Tree}. Refused with their place: anchors and aliases (a small file could grow
 * without bound), tags (they name types), duplicate keys, a second document, an empty file, more
 * than 10 MB, nesting deeper than {@value #MAX_DEPTH}.
 */
final class YamlReader {
  static final int MAX_BYTES = 10 * 1024 * 1024;
  static final int MAX_DEPTH = 64;

  private final String origin;
  private final List<Problem> problems;
  private final Iterator<Event> events;

  private YamlReader(String origin, String text, List<Problem> problems) {
    this.origin = origin;
    this.problems = problems;
    LoadSettings settings =
        LoadSettings.builder()
            .setLabel(origin)
            .setCodePointLimit(MAX_BYTES)
            .setUseMarks(true)
            .build();
    this.events = new Parse(settings).parseString(text).iterator();
  }

  /** The text of a file, or null after a problem. */
  static @Nullable String text(Path file, String origin, List<Problem> problems) {
    byte[] bytes;
    try (InputStream in = Files.newInputStream(file)) {
      bytes = in.readNBytes(MAX_BYTES + 1);
    } catch (java.nio.file.NoSuchFileException e) {
      problems.add(new Problem(origin, 0, 0, "", "no such file: " + file.toAbsolutePath()));
      return null;
    } catch (IOException e) {
      problems.add(new Problem(origin, 0, 0, "", "can't be read: " + e.getMessage()));
      return null;
    }
    if (bytes.length > MAX_BYTES) {
      problems.add(new Problem(origin, 0, 0, "", "is larger than 10 MB, no configuration is"));
      return null;
    }
    try {
      String text =
          StandardCharsets.UTF_8
              .newDecoder()
              .onMalformedInput(CodingErrorAction.REPORT)
              .onUnmappableCharacter(CodingErrorAction.REPORT)
              .decode(ByteBuffer.wrap(bytes))
              .toString();
      return text.startsWith("\uFEFF") ? text.substring(1) : text;
    } catch (CharacterCodingException e) {
      problems.add(new Problem(origin, 0, 0, "", "is not UTF-8 text"));
      return null;
    }
  }

  /** The document's tree, or null after a problem that leaves none. */
  static @Nullable Tree read(String origin, String text, List<Problem> problems) {
    try {
      return new YamlReader(origin, text, problems).document();
    } catch (MarkedYamlEngineException e) {
      Mark mark = place(origin, e.getProblemMark());
      String message = e.getProblem() == null ? "is not YAML" : e.getProblem();
      if (message.contains("\\t(TAB)")) {
        message = "a tab can't start a value; indent with spaces";
      }
      problems.add(
          new Problem(origin, mark.line(), mark.column(), "", message.replaceAll("\\s+", " ")));
    } catch (YamlEngineException e) {
      String message = e.getMessage() == null ? "is not YAML" : e.getMessage();
      problems.add(new Problem(origin, 0, 0, "", message.replaceAll("\\s+", " ")));
    }
    return null;
  }

  private @Nullable Tree document() {
    events.next(); // stream start
    Event first = events.next();
    if (first.getEventId() == Event.ID.StreamEnd) {
      problems.add(new Problem(origin, 1, 1, "", "the file is empty"));
      return null;
    }
    Tree tree = node(events.next(), 0, "");
    if (tree == null) {
      return null;
    }
    events.next(); // document end
    Event next = events.next();
    if (next.getEventId() != Event.ID.StreamEnd) {
      problem(next, "", "a second document starts here; one file holds one configuration");
    }
    return tree;
  }

  /** Null ends the reading: what follows could not be trusted. */
  private @Nullable Tree node(Event event, int depth, String path) {
    Mark mark = place(origin, event.getStartMark());
    if (event instanceof AliasEvent) {
      problem(event, path, "aliases (*name) are not allowed; repeat the value or use base:");
      return null;
    }
    if (depth > MAX_DEPTH) {
      problem(
          event,
          path.length() > 60 ? path.substring(0, 60) + "..." : path,
          "is nested deeper than " + MAX_DEPTH);
      return null;
    }
    if (event instanceof NodeEvent node && node.getAnchor().isPresent()) {
      problem(event, path, "anchors (&name) are not allowed; repeat the value or use base:");
      return null;
    }
    if (event instanceof ScalarEvent scalar) {
      if (scalar.getTag().isPresent()) {
        problem(
            event,
            path,
            "tags (" + scalar.getTag().get() + ") are not allowed; write the plain value");
        return null;
      }
      return new Tree.Text(scalar.getValue(), scalar.getScalarStyle() == ScalarStyle.PLAIN, mark);
    }
    if (event instanceof CollectionStartEvent start && start.getTag().isPresent()) {
      problem(event, path, "tags (" + start.getTag().get() + ") are not allowed");
      return null;
    }
    return event.getEventId() == Event.ID.SequenceStart
        ? list(mark, depth, path)
        : fields(mark, depth, path);
  }

  private @Nullable Tree list(Mark mark, int depth, String path) {
    List<Tree> items = new ArrayList<>();
    for (Event e = events.next(); e.getEventId() != Event.ID.SequenceEnd; e = events.next()) {
      Tree item = node(e, depth + 1, path + "[" + items.size() + "]");
      if (item == null) {
        return null;
      }
      items.add(item);
    }
    return new Tree.Many(items, mark);
  }

  private @Nullable Tree fields(Mark mark, int depth, String path) {
    Map<String, Tree.Field> fields = new LinkedHashMap<>();
    for (Event e = events.next(); e.getEventId() != Event.ID.MappingEnd; e = events.next()) {
      Mark keyMark = place(origin, e.getStartMark());
      Tree key = node(e, depth + 1, path);
      if (key == null) {
        return null;
      }
      if (!(key instanceof Tree.Text text)) {
        problem(e, path, "a key must be a name, found " + key.found());
        return null;
      }
      String name = text.value();
      String full = path.isEmpty() ? name : path + "." + name;
      Tree value = node(events.next(), depth + 1, full);
      if (value == null) {
        return null;
      }
      Tree.Field before = fields.get(name);
      if (before == null) {
        fields.put(name, new Tree.Field(keyMark, value));
      } else {
        problem(e, full, "is given twice; the first is in line " + before.keyMark().line());
      }
    }
    return new Tree.Fields(fields, mark);
  }

  private void problem(Event event, String path, String message) {
    Mark mark = place(origin, event.getStartMark());
    problems.add(new Problem(origin, mark.line(), mark.column(), path, message));
  }

  private static Mark place(String origin, Optional<org.snakeyaml.engine.v2.exceptions.Mark> mark) {
    return mark.map(m -> new Mark(origin, m.getLine() + 1, m.getColumn() + 1))
        .orElse(new Mark(origin, 0, 0));
  }
}
