package dev.bellows.jobs.train;

import dev.bellows.jobs.config.RunConfig;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** A configuration as dotted keys and texts, for comparing two of them key by key. */
final class ConfigTree {
  private ConfigTree() {}

  /** All values of a configuration, {@code trainer.batch_size} to {@code "128"}; keys sorted. */
  static Map<String, String> flat(RunConfig config) {
    Map<String, String> out = new TreeMap<>();
    add("", config, out);
    return out;
  }

  private static void add(String key, Object value, Map<String, String> out) {
    if (value instanceof Record record) {
      for (RecordComponent part : record.getClass().getRecordComponents()) {
        String name = snake(part.getName());
        Object inner = read(record, part);
        if (inner != null && !isPath(name)) {
          add(key.isEmpty() ? name : key + "." + name, inner, out);
        }
      }
    } else if (value instanceof List<?> list) {
      for (int i = 0; i < list.size(); i++) {
        add(key + "." + i, list.get(i), out);
      }
    } else if (value instanceof Map<?, ?> map) {
      map.forEach((name, inner) -> add(key + "." + name, inner, out));
    } else {
      String text =
          value instanceof Enum<?> e ? e.name().toLowerCase(Locale.ROOT) : value.toString();
      out.put(key, text);
    }
  }

  /** Where data lies does not matter: its fingerprint is compared. */
  private static boolean isPath(String name) {
    return name.equals("path") || name.equals("images") || name.equals("labels");
  }

  private static Object read(Record record, RecordComponent part) {
    try {
      return part.getAccessor().invoke(record);
    } catch (IllegalAccessException | InvocationTargetException e) {
      throw new IllegalStateException("cannot read " + part + " of a configuration record", e);
    }
  }

  private static String snake(String camel) {
    return camel.replaceAll("([a-z0-9])([A-Z])", "$1_$2").toLowerCase(Locale.ROOT);
  }
}
