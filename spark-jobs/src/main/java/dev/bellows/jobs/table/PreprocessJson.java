package dev.bellows.jobs.table;

import dev.bellows.engine.audio.LogMel;
import dev.bellows.jobs.config.FeatureConfig;
import dev.bellows.jobs.source.SeriesShape;
import dev.bellows.jobs.source.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * {@link Preprocess} to and from the tree of {@code preprocess.json}; strict in both directions.
 */
final class PreprocessJson {
  private static final long FORMAT = 1;

  private PreprocessJson() {}

  static Map<String, Object> write(Preprocess p) {
    Map<String, Object> root = new LinkedHashMap<>();
    root.put("format", FORMAT);
    root.put("source_columns", p.sourceColumns());
    List<Object> numbers = new ArrayList<>();
    for (NumberColumn n : p.numbers()) {
      Map<String, Object> m = new LinkedHashMap<>();
      m.put("name", n.name());
      m.put("offset", n.offset());
      m.put("center", n.center());
      m.put("factor", n.factor());
      m.put("fill", n.fill());
      m.put("missing", n.fails() ? "fail" : "fill");
      m.put("missing_flag", n.flag());
      numbers.add(m);
    }
    root.put("numbers", numbers);
    List<Object> categories = new ArrayList<>();
    for (CategoryColumn c : p.categories()) {
      Map<String, Object> m = new LinkedHashMap<>();
      m.put("name", c.name());
      m.put("cardinality", (long) c.cardinality());
      m.put("embedding", (long) c.embeddingDim());
      m.put("unknown", c.failOnUnknown() ? "fail" : "bucket");
      m.put("missing_code", (long) c.codes().get(0));
      List<Object> values = new ArrayList<>();
      List<Object> codes = new ArrayList<>();
      for (int i = 0; i < c.dictionary().size(); i++) {
        values.add(c.dictionary().get(i));
        codes.add((long) c.codes().get(i + 1));
      }
      m.put("values", values);
      m.put("codes", codes);
      categories.add(m);
    }
    root.put("categories", categories);
    if (!p.crosses().isEmpty()) {
      root.put("crosses", p.crosses().stream().map(PreprocessJson::cross).toList());
    }
    if (!p.texts().isEmpty()) { // absent: a file of a release without texts
      root.put("texts", p.texts().stream().map(PreprocessJson::text).toList());
    }
    ImageInput image = p.image();
    if (image != null) {
      Map<String, Object> m = new LinkedHashMap<>();
      m.put("shape", image.shape().stream().map(Integer::longValue).toList());
      boolean uniform = image.uniform();
      m.put("center", uniform ? image.centers().get(0) : image.centers());
      m.put("factor", uniform ? image.factors().get(0) : image.factors());
      LogMel sound = image.sound();
      if (sound != null) {
        m.put("sound", sound(sound));
      }
      root.put("image", m);
    }
    SparseInput sparse = p.sparse();
    if (sparse != null) {
      Map<String, Object> m = new LinkedHashMap<>();
      m.put("width", (long) sparse.width());
      m.put("factors", sparse.factors());
      root.put("sparse", m);
    }
    SeriesInput series = p.series();
    if (series != null) {
      root.put("series", series(series));
    }
    root.put("target", target(p.target()));
    if (p.targets().size() > 1) {
      root.put(
          "more_targets",
          p.targets().subList(1, p.targets().size()).stream().map(PreprocessJson::target).toList());
    }
    return root;
  }

  private static Map<String, Object> sound(LogMel sound) {
    Map<String, Object> m = new LinkedHashMap<>();
    m.put("rate", (long) sound.rate());
    m.put("window", (long) sound.window());
    m.put("hop", (long) sound.hop());
    m.put("bands", (long) sound.bands());
    m.put("frames", (long) sound.frames());
    m.put("center_bands", sound.centred());
    return m;
  }

  private static LogMel sound(Fields f) {
    int most = 1 << 20; // the record itself checks what fits together
    return new LogMel(
        (int) f.whole("rate", 1, most),
        (int) f.whole("window", 1, most),
        (int) f.whole("hop", 1, most),
        (int) f.whole("bands", 1, most),
        (int) f.whole("frames", 1, most),
        f.flag("center_bands"));
  }

  private static Map<String, Object> series(SeriesInput series) {
    SeriesShape shape = series.shape();
    Map<String, Object> m = new LinkedHashMap<>();
    m.put("variables", shape.variables());
    m.put("targets", shape.targets());
    m.put("input", (long) shape.input());
    m.put("horizon", (long) shape.horizon());
    m.put("relative", shape.relative());
    m.put("variables_first", shape.variablesFirst());
    m.put("center", series.centers());
    m.put("factor", series.factors());
    return m;
  }

  private static SeriesInput series(Fields f) {
    SeriesShape shape =
        new SeriesShape(
            f.texts("variables"),
            f.texts("targets"),
            (int) f.whole("input", 1, 1 << 20),
            (int) f.whole("horizon", 1, 1 << 20),
            f.flag("relative"),
            f.flag("variables_first"));
    if (shape.variables().isEmpty() || !shape.variables().containsAll(shape.targets())) {
      throw new IllegalArgumentException(
          f.path + ".targets " + shape.targets() + " must be among " + shape.variables());
    }
    int width = shape.variables().size();
    SeriesInput series = new SeriesInput(shape, f.each("center", width), f.each("factor", width));
    f.end();
    return series;
  }

  private static Map<String, Object> text(TextColumn text) {
    Map<String, Object> m = new LinkedHashMap<>();
    m.put("name", text.name());
    m.put("tokenizer", text.tokenizer().kind().name().toLowerCase(Locale.ROOT));
    m.put("lower", text.tokenizer().lower());
    m.put("bounds", text.bounds());
    m.put("length", (long) text.length());
    m.put("vocabulary", text.vocabulary());
    return m;
  }

  private static Map<String, Object> target(TargetColumn t) {
    Map<String, Object> target = new LinkedHashMap<>();
    target.put("name", t.name());
    target.put("classes", t.classes());
    target.put("positive", (long) t.positive());
    target.put("offset", t.offset());
    target.put("scale", t.scale());
    if (t.positions() != 1 || !t.along().isEmpty()) {
      target.put("positions", (long) t.positions());
      target.put("along", t.along());
    }
    if (t.output() > 0) {
      target.put("output", (long) t.output());
    }
    return target;
  }

  static Preprocess read(Map<String, ? extends @Nullable Object> tree) {
    Fields root = new Fields("preprocess", tree);
    long format = root.whole("format", 0, Integer.MAX_VALUE);
    if (format != FORMAT) {
      throw new IllegalArgumentException(
          "preprocess.format is "
              + format
              + "; this version reads "
              + FORMAT
              + ": written by "
              + (format > FORMAT ? "a newer" : "an older")
              + " version");
    }
    List<String> source = root.texts("source_columns");
    List<NumberColumn> numbers =
        root.each(
            "numbers",
            f ->
                new NumberColumn(
                    f.text("name"),
                    f.number("offset"),
                    f.number("center"),
                    f.number("factor"),
                    f.number("fill"),
                    f.word("missing", "fill", "fail"),
                    f.flag("missing_flag")));
    List<CategoryColumn> categories = root.each("categories", PreprocessJson::category);
    List<CrossColumn> crosses =
        root.has("crosses") ? root.each("crosses", f -> cross(f, categories)) : List.of();
    ImageInput image = null;
    if (root.has("image")) {
      Fields f = root.object("image");
      List<Integer> shape = f.wholes("shape", 1, 1 << 28);
      if (shape.size() != 3) {
        throw new IllegalArgumentException(
            "preprocess.image.shape has "
                + shape.size()
                + " numbers, expected [height, width, channels]");
      }
      image = new ImageInput(shape, f.each("center", shape.get(2)), f.each("factor", shape.get(2)));
      if (f.has("sound")) {
        Fields s = f.object("sound");
        image = image.of(sound(s));
        s.end();
      }
      f.end();
    }
    SparseInput sparse = null;
    if (root.has("sparse")) {
      Fields f = root.object("sparse");
      sparse =
          new SparseInput((int) f.whole("width", 1, Integer.MAX_VALUE - 8), f.numbers("factors"));
      if (!sparse.factors().isEmpty() && sparse.factors().size() != sparse.width()) {
        throw new IllegalArgumentException(
            "preprocess.sparse.factors has "
                + sparse.factors().size()
                + " numbers, expected "
                + sparse.width());
      }
      f.end();
    }
    SeriesInput series = root.has("series") ? series(root.object("series")) : null;
    List<TextColumn> texts =
        root.has("texts") ? root.each("texts", PreprocessJson::text) : List.of();
    Fields t = root.object("target");
    List<TargetColumn> targets = new ArrayList<>(List.of(target(t)));
    t.end();
    if (root.has("more_targets")) {
      targets.addAll(root.each("more_targets", PreprocessJson::target));
    }
    root.end();
    return new Preprocess(source, numbers, categories, texts, image, sparse, series, targets)
        .withCrosses(crosses);
  }

  private static TargetColumn target(Fields t) {
    String name = t.text("name");
    List<String> classes = t.texts("classes");
    int positive = (int) t.whole("positive", 0, Math.max(1, classes.size() - 1));
    double offset = t.number("offset");
    double scale = t.number("scale");
    boolean several = t.has("positions");
    return new TargetColumn(
        name,
        classes,
        positive,
        offset,
        scale,
        several ? (int) t.whole("positions", 1, 1 << 28) : 1,
        several ? t.text("along") : "",
        t.has("output") ? (int) t.whole("output", 0, 1 << 16) : 0);
  }

  private static TextColumn text(Fields f) {
    String name = f.text("name");
    String word = f.text("tokenizer");
    FeatureConfig.Tokens kind =
        Arrays.stream(FeatureConfig.Tokens.values())
            .filter(k -> k.name().toLowerCase(Locale.ROOT).equals(word))
            .findFirst()
            .orElseThrow(
                () -> Fields.wrong(f.path + ".tokenizer", "chars, words or whitespace", word));
    boolean lower = f.flag("lower");
    boolean bounds = f.flag("bounds");
    int length = (int) f.whole("length", 1, 1 << 24);
    List<String> vocabulary = f.texts("vocabulary");
    List<String> marks = TextColumn.marks(bounds);
    if (vocabulary.size() < marks.size() || !vocabulary.subList(0, marks.size()).equals(marks)) {
      throw new IllegalArgumentException(f.path + ".vocabulary must begin with " + marks);
    }
    return new TextColumn(name, new Tokenizer(kind, lower), bounds, length, vocabulary);
  }

  private static Map<String, Object> cross(CrossColumn c) {
    Map<String, Object> m = new LinkedHashMap<>();
    m.put("name", c.name());
    m.put("columns", c.columns());
    m.put("buckets", (long) c.buckets());
    m.put("embedding", (long) c.embeddingDim());
    return m;
  }

  private static CrossColumn cross(Fields f, List<CategoryColumn> categories) {
    String name = f.text("name");
    List<String> columns = f.texts("columns");
    for (String column : columns) {
      if (categories.stream().noneMatch(c -> c.name().equals(column))) {
        throw new IllegalArgumentException(
            f.path + ".columns names \"" + column + "\", which is no category");
      }
    }
    return new CrossColumn(
        name,
        columns,
        (int) f.whole("buckets", 2, 1 << 28),
        (int) f.whole("embedding", 1, 1 << 16));
  }

  private static CategoryColumn category(Fields f) {
    String name = f.text("name");
    int cardinality = (int) f.whole("cardinality", 1, Integer.MAX_VALUE - 8);
    int embedding = (int) f.whole("embedding", 1, 1 << 16);
    boolean fails = f.word("unknown", "bucket", "fail");
    List<Integer> codes = new ArrayList<>();
    codes.add((int) f.whole("missing_code", 0, cardinality - 1));
    List<String> values = f.texts("values");
    codes.addAll(f.wholes("codes", 0, cardinality - 1));
    if (codes.size() != values.size() + 1) {
      throw new IllegalArgumentException(
          f.path + " has " + values.size() + " values but " + (codes.size() - 1) + " codes");
    }
    for (int i = 1; i < values.size(); i++) {
      if (values.get(i - 1).compareTo(values.get(i)) >= 0) {
        throw new IllegalArgumentException(
            f.path
                + ".values must ascend: \""
                + values.get(i - 1)
                + "\" before \""
                + values.get(i)
                + "\"");
      }
    }
    return new CategoryColumn(name, values, codes, cardinality, embedding, fails);
  }

  /** One object being read: every key is asked for, {@link #end} refuses the others. */
  private static final class Fields {
    final String path;
    private final Map<String, @Nullable Object> left = new LinkedHashMap<>();

    Fields(String path, @Nullable Object value) {
      this.path = path;
      if (!(value instanceof Map<?, ?> map)) {
        throw wrong(path, "an object", value);
      }
      map.forEach((k, v) -> left.put(String.valueOf(k), v));
    }

    private static IllegalArgumentException wrong(
        String path, String expected, @Nullable Object found) {
      return new IllegalArgumentException(
          path + " must be " + expected + ", found " + (found == null ? "nothing" : found));
    }

    boolean has(String key) {
      return left.containsKey(key);
    }

    private @Nullable Object take(String key) {
      return left.remove(key);
    }

    Fields object(String key) {
      return new Fields(path + "." + key, take(key));
    }

    String text(String key) {
      Object v = take(key);
      if (v instanceof String s) {
        return s;
      }
      throw wrong(path + "." + key, "text", v);
    }

    boolean flag(String key) {
      Object v = take(key);
      if (v instanceof Boolean b) {
        return b;
      }
      throw wrong(path + "." + key, "true or false", v);
    }

    /** Whether the value is the second of two words. */
    boolean word(String key, String first, String second) {
      String s = text(key);
      if (!s.equals(first) && !s.equals(second)) {
        throw wrong(path + "." + key, first + " or " + second, s);
      }
      return s.equals(second);
    }

    double number(String key) {
      return number(path + "." + key, take(key));
    }

    private static double number(String path, @Nullable Object v) {
      if (v instanceof Number n && Double.isFinite(n.doubleValue())) {
        return n.doubleValue();
      }
      throw wrong(path, "a finite number", v);
    }

    long whole(String key, long min, long max) {
      return whole(path + "." + key, take(key), min, max);
    }

    private static long whole(String path, @Nullable Object v, long min, long max) {
      if (v instanceof Long n && n >= min && n <= max) {
        return n;
      }
      throw wrong(path, "a whole number from " + min + " to " + max, v);
    }

    private List<?> list(String key) {
      Object v = take(key);
      if (v instanceof List<?> l) {
        return l;
      }
      throw wrong(path + "." + key, "a list", v);
    }

    List<String> texts(String key) {
      List<String> out = new ArrayList<>();
      for (Object v : list(key)) {
        if (!(v instanceof String s)) {
          throw wrong(path + "." + key, "a list of texts", v);
        }
        out.add(s);
      }
      return out;
    }

    List<Integer> wholes(String key, long min, long max) {
      List<Integer> out = new ArrayList<>();
      for (Object v : list(key)) {
        out.add((int) whole(path + "." + key, v, min, max));
      }
      return out;
    }

    List<Double> numbers(String key) {
      List<Double> out = new ArrayList<>();
      for (Object v : list(key)) {
        out.add(number(path + "." + key, v));
      }
      return out;
    }

    /** A number for all of {@code n}, or a list of n numbers. */
    List<Double> each(String key, int n) {
      if (left.get(key) instanceof Number) {
        return List.copyOf(java.util.Collections.nCopies(n, number(key)));
      }
      List<Double> all = numbers(key);
      if (all.size() != n) {
        throw new IllegalArgumentException(
            path + "." + key + " has " + all.size() + " numbers, expected " + n);
      }
      return List.copyOf(all);
    }

    <T> List<T> each(String key, Function<Fields, T> read) {
      List<T> out = new ArrayList<>();
      int i = 0;
      for (Object v : list(key)) {
        Fields f = new Fields(path + "." + key + "[" + i++ + "]", v);
        out.add(read.apply(f));
        f.end();
      }
      return out;
    }

    void end() {
      if (!left.isEmpty()) {
        throw new IllegalArgumentException(path + " has unknown keys " + left.keySet());
      }
    }
  }
}
