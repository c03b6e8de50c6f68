package dev.bellows.engine.model;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.exc.StreamReadException;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.core.util.Separators;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Strict JSON (RFC 8259) to and from plain trees: {@code Map<String, Object>}, {@code
 * List<Object>}, String, Long, Double, Boolean and null. The only class of this module that names
 * Jackson.
 *
 * <p>Reading refuses duplicate keys, comments, NaN, whole numbers beyond 64 bits, numbers that
 * overflow a double, text after the value, bad UTF-8, and everything beyond the {@link Limits};
 * nothing is ever bound to a class. Writing is canonical: two spaces, {@code \n}, keys of a
 * LinkedHashMap or SortedMap in their order and of any other map sorted, so equal trees give equal
 * bytes.
 */
public final class Json {
  private Json() {}

  /**
   * What a text may hold.
   *
   * @param maxBytes length of the whole text
   * @param maxDepth nesting of arrays and objects
   * @param maxString characters of one string or name
   * @param maxValues a budget: each scalar takes 1 of it, each array and object 8, so that it
   *     bounds the tree's memory
   */
  public record Limits(int maxBytes, int maxDepth, int maxString, int maxValues) {
    /** 16 MiB of text, 64 levels, strings of 1 Mi characters, a budget of 1,000,000 values. */
    public static final Limits DEFAULT = new Limits(16 << 20, 64, 1 << 20, 1_000_000);
  }

  /**
   * Reads one value.
   *
   * @param where the file, for messages
   * @throws ModelFileException for anything that is not strict JSON within the limits, with line
   *     and column
   */
  public static @Nullable Object parse(byte[] utf8, String where, Limits limits)
      throws ModelFileException {
    if (utf8.length > limits.maxBytes()) {
      throw new ModelFileException(
          ModelFileException.Kind.REFUSED,
          "%s: expected at most %d bytes of JSON, found %d"
              .formatted(where, limits.maxBytes(), utf8.length));
    }
    String text = decode(utf8, where);
    JsonFactory factory = factory(limits);
    try (JsonParser parser = factory.createParser(text)) {
      Reader reader = new Reader(parser, where, limits.maxValues());
      if (parser.nextToken() == null) {
        throw ModelFileException.corrupt(where + ": expected a JSON value, found nothing");
      }
      Object value = reader.value();
      if (parser.nextToken() != null) {
        throw reader.at("expected the end of the file, found more text after the value");
      }
      return value;
    } catch (ModelFileException e) {
      throw e;
    } catch (StreamReadException e) {
      throw ModelFileException.corrupt(
          "%s:%d:%d: not strict JSON: %s"
              .formatted(
                  where,
                  e.getLocation() == null ? 0 : e.getLocation().getLineNr(),
                  e.getLocation() == null ? 0 : e.getLocation().getColumnNr(),
                  oneLine(e.getOriginalMessage())));
    } catch (JsonProcessingException e) {
      throw ModelFileException.corrupt(
          where + ": beyond what may be read: " + oneLine(e.getOriginalMessage()));
    } catch (IOException e) {
      throw ModelFileException.corrupt(where + ": not strict JSON: " + oneLine(e.toString()));
    }
  }

  /** Reads one object with the default limits. */
  public static Map<String, @Nullable Object> parseObject(byte[] utf8, String where)
      throws ModelFileException {
    return object(parse(utf8, where, Limits.DEFAULT), where);
  }

  /** Reads one object from text with the default limits. */
  public static Map<String, @Nullable Object> parseObject(String text, String where)
      throws ModelFileException {
    return parseObject(text.getBytes(StandardCharsets.UTF_8), where);
  }

  /** The value as an object, or an error that names the place. */
  @SuppressWarnings("unchecked")
  public static Map<String, @Nullable Object> object(@Nullable Object value, String where)
      throws ModelFileException {
    if (value instanceof Map<?, ?> map) {
      return (Map<String, @Nullable Object>) map;
    }
    throw ModelFileException.corrupt(where + ": expected a JSON object, found " + typeOf(value));
  }

  /** The value as a list, or an error that names the place. */
  @SuppressWarnings("unchecked")
  public static List<@Nullable Object> list(@Nullable Object value, String where)
      throws ModelFileException {
    if (value instanceof List<?> list) {
      return (List<@Nullable Object>) list;
    }
    throw ModelFileException.corrupt(where + ": expected a JSON array, found " + typeOf(value));
  }

  /** The value as text, or an error that names the place. */
  public static String string(@Nullable Object value, String where) throws ModelFileException {
    if (value instanceof String s) {
      return s;
    }
    throw ModelFileException.corrupt(where + ": expected a string, found " + typeOf(value));
  }

  /** The value as a whole number, or an error that names the place. */
  public static long integer(@Nullable Object value, String where) throws ModelFileException {
    if (value instanceof Long n) {
      return n;
    }
    throw ModelFileException.corrupt(where + ": expected a whole number, found " + typeOf(value));
  }

  /** The value as a number, or an error that names the place. */
  public static double number(@Nullable Object value, String where) throws ModelFileException {
    if (value instanceof Long n) {
      return n;
    }
    if (value instanceof Double d) {
      return d;
    }
    throw ModelFileException.corrupt(where + ": expected a number, found " + typeOf(value));
  }

  /** Canonical text with two spaces of indent and a final line break. */
  public static String pretty(@Nullable Object tree) {
    return write(tree, true) + "\n";
  }

  /** Canonical text on one line without spaces, e.g. for a line of events.jsonl. */
  public static String compact(@Nullable Object tree) {
    return write(tree, false);
  }

  private static String write(@Nullable Object tree, boolean pretty) {
    StringWriter text = new StringWriter();
    try (JsonGenerator out = factory(Limits.DEFAULT).createGenerator(text)) {
      if (pretty) {
        DefaultIndenter indent = new DefaultIndenter("  ", "\n");
        DefaultPrettyPrinter printer =
            new DefaultPrettyPrinter(
                Separators.createDefaultInstance()
                    .withObjectFieldValueSpacing(Separators.Spacing.AFTER));
        printer.indentArraysWith(indent);
        printer.indentObjectsWith(indent);
        out.setPrettyPrinter(printer);
      }
      writeValue(out, tree, 0);
    } catch (IOException e) {
      throw new UncheckedIOException("text in memory can't fail", e);
    }
    return text.toString();
  }

  private static void writeValue(JsonGenerator out, @Nullable Object value, int depth)
      throws IOException {
    if (depth > Limits.DEFAULT.maxDepth()) {
      throw new IllegalArgumentException(
          "JSON: expected at most " + Limits.DEFAULT.maxDepth() + " levels");
    }
    if (value == null) {
      out.writeNull();
    } else if (value instanceof Map<?, ?> map) {
      out.writeStartObject();
      for (Map.Entry<?, ?> entry : ordered(map).entrySet()) {
        out.writeFieldName((String) entry.getKey());
        writeValue(out, entry.getValue(), depth + 1);
      }
      out.writeEndObject();
    } else if (value instanceof Iterable<?> items) {
      out.writeStartArray();
      for (Object item : items) {
        writeValue(out, item, depth + 1);
      }
      out.writeEndArray();
    } else if (value instanceof String s) {
      out.writeString(s);
    } else if (value instanceof Boolean b) {
      out.writeBoolean(b);
    } else if (value instanceof Double || value instanceof Float) {
      double d = ((Number) value).doubleValue();
      if (Double.isNaN(d) || Double.isInfinite(d)) {
        throw new IllegalArgumentException("JSON has no " + d + ": write null or leave it out");
      }
      out.writeNumber(value.toString());
    } else if (value instanceof Long || value instanceof Integer) {
      out.writeNumber(((Number) value).longValue());
    } else {
      throw new IllegalArgumentException(
          "JSON: expected a map, list, string, number, boolean or null, found "
              + value.getClass().getName());
    }
  }

  private static Map<?, ?> ordered(Map<?, ?> map) {
    return map instanceof LinkedHashMap || map instanceof SortedMap ? map : new TreeMap<>(map);
  }

  private static JsonFactory factory(Limits limits) {
    return new JsonFactoryBuilder()
        .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
        .streamReadConstraints(
            StreamReadConstraints.builder()
                .maxNestingDepth(limits.maxDepth())
                .maxStringLength(limits.maxString())
                .maxNameLength(Math.min(limits.maxString(), 50_000))
                .maxNumberLength(64)
                .build())
        .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
        .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
        .build();
  }

  private static String decode(byte[] utf8, String where) throws ModelFileException {
    try {
      return StandardCharsets.UTF_8
          .newDecoder()
          .onMalformedInput(CodingErrorAction.REPORT)
          .onUnmappableCharacter(CodingErrorAction.REPORT)
          .decode(ByteBuffer.wrap(utf8))
          .toString();
    } catch (CharacterCodingException e) {
      throw ModelFileException.corrupt(where + ": the JSON text is not UTF-8");
    }
  }

  private static String typeOf(@Nullable Object value) {
    if (value == null) {
      return "null";
    }
    if (value instanceof Map) {
      return "an object";
    }
    if (value instanceof List) {
      return "an array";
    }
    String text = oneLine(value.toString());
    return value instanceof String ? "\"" + text + "\"" : text;
  }

  private static String oneLine(@Nullable String text) {
    String clean = String.valueOf(text).replaceAll("\\p{Cntrl}+", " ");
    return clean.length() <= 160 ? clean : clean.substring(0, 160) + "...";
  }

  /** Builds the tree; recursion is bounded by the parser's nesting limit. */
  private static final class Reader {
    private final JsonParser parser;
    private final String where;
    private int left;

    Reader(JsonParser parser, String where, int maxValues) {
      this.parser = parser;
      this.where = where;
      this.left = maxValues;
    }

    @Nullable Object value() throws IOException {
      JsonToken token = parser.currentToken();
      left -= token.isStructStart() ? 8 : 1;
      if (left < 0) {
        throw at("too many values");
      }
      return switch (token) {
        case START_OBJECT -> object();
        case START_ARRAY -> array();
        case VALUE_STRING -> parser.getText();
        case VALUE_TRUE -> true;
        case VALUE_FALSE -> false;
        case VALUE_NULL -> null;
        case VALUE_NUMBER_INT -> integer();
        case VALUE_NUMBER_FLOAT -> real();
        default -> throw at("unexpected " + token);
      };
    }

    private Map<String, @Nullable Object> object() throws IOException {
      Map<String, @Nullable Object> map = new LinkedHashMap<>();
      while (parser.nextToken() != JsonToken.END_OBJECT) {
        String key = parser.currentName();
        parser.nextToken();
        map.put(key, value());
      }
      return map;
    }

    private List<@Nullable Object> array() throws IOException {
      List<@Nullable Object> list = new ArrayList<>();
      while (parser.nextToken() != JsonToken.END_ARRAY) {
        list.add(value());
      }
      return list;
    }

    private Long integer() throws IOException {
      if (parser.getNumberType() == JsonParser.NumberType.BIG_INTEGER) {
        throw at("expected a whole number of 64 bits, found " + parser.getText());
      }
      return parser.getLongValue();
    }

    private Double real() throws IOException {
      double value = parser.getDoubleValue();
      if (Double.isInfinite(value)) {
        throw at("expected a number of double precision, found " + parser.getText());
      }
      return value;
    }

    ModelFileException at(String message) {
      return ModelFileException.corrupt(
          "%s:%d:%d: %s"
              .formatted(
                  where,
                  parser.currentTokenLocation().getLineNr(),
                  parser.currentTokenLocation().getColumnNr(),
                  oneLine(message)));
    }
  }
}
