package dev.bellows.jobs.config;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A parsed document: text, list or fields, each with its place. No value has a type yet: the key
 * that reads it decides.
 */
sealed interface Tree {
  Mark mark();

  /** What stands there, for messages; long text is cut. */
  String found();

  /** A scalar. {@code plain} is false for quoted and block text, which is never a number. */
  record Text(String value, boolean plain, Mark mark) implements Tree {
    @Override
    public String found() {
      String shown = value.length() > 60 ? value.substring(0, 57) + "..." : value;
      return plain && Scalars.isNull(value)
          ? "nothing"
          : "\"" + shown.replaceAll("\\p{Cntrl}", "?") + "\"";
    }
  }

  /** A list. */
  record Many(List<Tree> items, Mark mark) implements Tree {
    @Override
    public String found() {
      return "a list of " + items.size();
    }
  }

  /** A mapping in file order. */
  record Fields(Map<String, Field> fields, Mark mark) implements Tree {
    static Fields empty(Mark mark) {
      return new Fields(new LinkedHashMap<>(), mark);
    }

    static Fields of(String name, Mark mark, Tree value) {
      Map<String, Field> one = new LinkedHashMap<>();
      one.put(name, new Field(mark, value));
      return new Fields(one, mark);
    }

    @Override
    public String found() {
      return fields.isEmpty()
          ? "an empty mapping"
          : "a mapping with " + String.join(", ", fields.keySet());
    }
  }

  /** One entry of a mapping: the place of its key, and its value. */
  record Field(Mark keyMark, Tree value) {}
}
