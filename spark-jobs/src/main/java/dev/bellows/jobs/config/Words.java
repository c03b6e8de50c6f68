package dev.bellows.jobs.config;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Values that are words: one of a list, free text, true or false, times, distances. */
final class Words {
  private Words() {}

  static String or(String first, List<String> words) {
    return words.isEmpty() ? first : first + " or " + String.join(" or ", words);
  }

  static Map<String, Object> schemaOr(Map<String, Object> schema, List<String> words) {
    return words.isEmpty() ? schema : Map.of("anyOf", List.of(schema, Map.of("enum", words)));
  }

  /** One of a list; words that a later release brings are known and refused as such. */
  static final class Word extends Spec {
    private final List<String> words;
    private final List<String> later;

    Word(String... words) {
      this(List.of(words), List.of());
    }

    Word(List<String> words, List<String> later) {
      this.words = words;
      this.later = later;
    }

    @Override
    Object bind(Tree tree, String path, Binding binding) {
      if (!(tree instanceof Tree.Text text)) {
        return refuse(tree, path, binding, "");
      }
      if (words.contains(text.value())) {
        return text.value();
      }
      if (later.contains(text.value())) {
        binding.problem(
            tree.mark(),
            path,
            "\"" + text.value() + "\" is not in this version, it has " + expects());
        return BAD;
      }
      String hint =
          Suggest.nearest(text.value(), words).map(n -> "; did you mean " + n + "?").orElse("");
      return refuse(tree, path, binding, hint);
    }

    @Override
    String expects() {
      return words.size() == 1 ? words.get(0) : "one of " + String.join(", ", words);
    }

    @Override
    Map<String, Object> schema() {
      return Map.of("enum", words);
    }
  }

  /**
   * Text. Plain scalars that YAML takes for a number, a boolean or nothing are refused: quotes say
   * that text is meant.
   */
  static final class Free extends Spec {
    private final String what;
    private final int minLength;

    Free(String what) {
      this(what, 1);
    }

    Free(String what, int minLength) {
      this.what = what;
      this.minLength = minLength;
    }

    @Override
    Object bind(Tree tree, String path, Binding binding) {
      if (!(tree instanceof Tree.Text text)) {
        return refuse(tree, path, binding, "");
      }
      if (text.plain() && Scalars.isNull(text.value())) {
        return refuse(tree, path, binding, "");
      }
      if (text.plain() && Scalars.isTyped(text.value())) {
        return refuse(
            tree,
            path,
            binding,
            ", which YAML reads as no text; write '" + text.value() + "' in quotes");
      }
      if (text.value().length() < minLength) {
        return refuse(tree, path, binding, "");
      }
      if (text.value().indexOf('\0') >= 0) {
        return refuse(tree, path, binding, "; a NUL character is no text");
      }
      return text.value();
    }

    @Override
    String expects() {
      return what;
    }

    @Override
    Map<String, Object> schema() {
      return Map.of("type", "string");
    }
  }

  /** true or false. A flag that must stay false belongs to a later release. */
  static final class Flag extends Spec {
    private final boolean trueIsLater;

    Flag() {
      this(false);
    }

    Flag(boolean trueIsLater) {
      this.trueIsLater = trueIsLater;
    }

    @Override
    Object bind(Tree tree, String path, Binding binding) {
      if (!(tree instanceof Tree.Text text)) {
        return refuse(tree, path, binding, "");
      }
      if (text.plain() && Scalars.isFalse(text.value())) {
        return false;
      }
      if (!text.plain() || !Scalars.isTrue(text.value())) {
        return refuse(tree, path, binding, Scalars.booleanHint(text));
      }
      if (trueIsLater) {
        binding.problem(
            tree.mark(), path, "true is not in this version; remove the key or write false");
        return BAD;
      }
      return true;
    }

    @Override
    String expects() {
      return trueIsLater ? "false" : "true or false";
    }

    @Override
    Map<String, Object> schema() {
      return trueIsLater ? Map.of("const", false) : Map.of("type", "boolean");
    }
  }

  /** A number with a unit out of a fixed list: {@code 30s}, {@code 200 steps}. */
  static final class Measure extends Spec {
    private static final Pattern FORM = Pattern.compile("([0-9]{1,9}) ?([a-z]+)");
    private final List<String> units;
    private final String what;

    private Measure(String what, List<String> units) {
      this.what = what;
      this.units = units;
    }

    /** A time: {@code 500ms}, {@code 30s}, {@code 5m}, {@code 2h}. */
    static Measure time() {
      return new Measure("a time such as 500ms, 30s, 5m or 2h", List.of("ms", "s", "m", "h"));
    }

    /** A distance between checkpoints: {@code 200 steps}, {@code 1 epochs}. */
    static Measure distance() {
      return new Measure(
          "a distance such as 200 steps or 1 epochs", List.of("step", "steps", "epoch", "epochs"));
    }

    @Override
    Object bind(Tree tree, String path, Binding binding) {
      if (!(tree instanceof Tree.Text text)) {
        return refuse(tree, path, binding, "");
      }
      Matcher form = FORM.matcher(text.value());
      if (!form.matches() || !units.contains(form.group(2)) || Long.parseLong(form.group(1)) < 1) {
        return refuse(tree, path, binding, "");
      }
      String unit = form.group(2);
      if (unit.equals("step") || unit.equals("epoch")) {
        unit += "s";
      }
      long number = Long.parseLong(form.group(1));
      return unit.length() > 2 ? number + " " + unit : number + unit;
    }

    @Override
    String expects() {
      return what;
    }

    @Override
    Map<String, Object> schema() {
      return Map.of("type", "string", "pattern", "^[0-9]{1,9} ?(" + String.join("|", units) + ")$");
    }
  }

  /** Text of a given form, kept without its blanks. */
  static final class Shaped extends Spec {
    private final Pattern form;
    private final String what;

    /**
     * @param what for people
     * @param form regular expression, of Java and of JSON Schema alike
     */
    Shaped(String what, String form) {
      this.what = what;
      this.form = Pattern.compile(form);
    }

    @Override
    Object bind(Tree tree, String path, Binding binding) {
      if (!(tree instanceof Tree.Text text) || !form.matcher(text.value()).matches()) {
        return refuse(tree, path, binding, "");
      }
      return text.value().replace(" ", "");
    }

    @Override
    String expects() {
      return what;
    }

    @Override
    Map<String, Object> schema() {
      return Map.of("type", "string", "pattern", "^(" + form.pattern() + ")$");
    }
  }

  /** Null, or what another spec allows. */
  static final class OrNull extends Spec {
    private final Spec spec;

    OrNull(Spec spec) {
      this.spec = spec;
    }

    @Override
    @Nullable Object bind(Tree tree, String path, Binding binding) {
      if (tree instanceof Tree.Text text && text.plain() && Scalars.isNull(text.value())) {
        return null;
      }
      return spec.bind(tree, path, binding);
    }

    @Override
    String expects() {
      return spec.expects() + " or null";
    }

    @Override
    Map<String, Object> schema() {
      List<Object> both = new ArrayList<>(List.of(Map.of("type", "null")));
      both.add(spec.schema());
      Map<String, Object> schema = new LinkedHashMap<>();
      schema.put("anyOf", both);
      return schema;
    }

    @Override
    void keys(String path, java.util.function.BiConsumer<String, Key> visitor) {
      spec.keys(path, visitor);
    }

    @Override
    @Nullable Key child(String segment) {
      return spec.child(segment);
    }

    @Override
    Tree merge(Tree below, Tree above) {
      return spec.merge(below, above);
    }
  }
}
