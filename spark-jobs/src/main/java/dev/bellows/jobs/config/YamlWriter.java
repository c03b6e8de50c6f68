package dev.bellows.jobs.config;

import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Bound values as YAML that reads back as the same values. Text that any YAML reader could take for
 * something else is quoted.
 */
final class YamlWriter {
  private static final Pattern SAFE =
      Pattern.compile("[A-Za-z_/][A-Za-z0-9_./ -]*[A-Za-z0-9_./-]|[A-Za-z_/]|[0-9]+ ?[a-z]+");
  private static final int WIDTH = 100;

  private YamlWriter() {}

  static String write(Map<String, Object> values) {
    StringBuilder out = new StringBuilder();
    block(values, "", out);
    return out.toString();
  }

  private static void block(Map<?, ?> map, String indent, StringBuilder out) {
    map.forEach(
        (key, value) -> entry(indent + text(String.valueOf(key)) + ":", value, indent + "  ", out));
  }

  private static void entry(String head, @Nullable Object value, String indent, StringBuilder out) {
    String line = flow(value);
    boolean nested =
        value instanceof Map<?, ?> map && map.values().stream().anyMatch(YamlWriter::isDeep);
    boolean many = value instanceof List<?> list && list.stream().anyMatch(YamlWriter::isDeep);
    if (!nested && !many && head.length() + 1 + line.length() <= WIDTH) {
      out.append(head).append(' ').append(line).append('\n');
    } else if (value instanceof Map<?, ?> map && !map.isEmpty()) {
      out.append(head).append('\n');
      block(map, indent, out);
    } else if (value instanceof List<?> list && !list.isEmpty()) {
      out.append(head).append('\n');
      list.forEach(item -> out.append(indent).append("- ").append(flow(item)).append('\n'));
    } else {
      out.append(head).append(' ').append(line).append('\n');
    }
  }

  private static boolean isDeep(@Nullable Object value) {
    return value instanceof Map<?, ?> map && !map.isEmpty();
  }

  static String flow(@Nullable Object value) {
    if (value == null) {
      return "null";
    }
    if (value instanceof Map<?, ?> map) {
      StringBuilder out = new StringBuilder("{");
      map.forEach(
          (k, v) ->
              out.append(out.length() > 1 ? ", " : "")
                  .append(text(String.valueOf(k)))
                  .append(": ")
                  .append(flow(v)));
      return out.append('}').toString();
    }
    if (value instanceof List<?> list) {
      StringBuilder out = new StringBuilder("[");
      list.forEach(v -> out.append(out.length() > 1 ? ", " : "").append(flow(v)));
      return out.append(']').toString();
    }
    if (value instanceof Double real) {
      String shown = Numbers.Real.show(real);
      return Scalars.isWhole(shown) ? shown + ".0" : shown;
    }
    return value instanceof String text ? text(text) : value.toString();
  }

  private static String text(String text) {
    if (SAFE.matcher(text).matches() && !Scalars.isAmbiguous(text)) {
      return text;
    }
    StringBuilder out = new StringBuilder("\"");
    text.codePoints()
        .forEach(
            c -> {
              switch (c) {
                case '"' -> out.append("\\\"");
                case '\\' -> out.append("\\\\");
                case '\n' -> out.append("\\n");
                case '\t' -> out.append("\\t");
                default -> {
                  if (c < 0x20
                      || (c >= 0x7f && c < 0xa0)
                      || c == 0x2028
                      || c == 0x2029
                      || c == 0xfeff
                      || Character.getType(c) == Character.SURROGATE) {
                    out.append(String.format("\\u%04x", c));
                  } else {
                    out.appendCodePoint(c);
                  }
                }
              }
            });
    return out.append('"').toString();
  }
}
