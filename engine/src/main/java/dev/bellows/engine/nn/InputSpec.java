package dev.bellows.engine.nn;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What a network reads per row: dense numbers, categories (each through its own embedding table)
 * and a sparse vector. The first layer sees [numbers, embeddings in order, sparse].
 *
 * <p>A layer may name a category column in its {@code inputs} and then reads its vector [N, dim],
 * which the features hold no more.
 *
 * <p>Parts give names and shapes to ranges: {@code image} [28, 28, 1] over 784 numbers, {@code
 * text} [T] over T codes. Numbers that no part covers, and the categories, are the part {@code
 * features}; a layer without {@code inputs} reads them, or the first part when there are none. Code
 * columns are: the categories, then per token part its T tokens and, if it has lengths, one length.
 *
 * @param numeric number of dense numeric columns, 0 or more
 * @param categorical the category columns, in the order of the code columns
 * @param sparseWidth width of the CSR input, 0 for none
 * @param parts named ranges with shapes; empty for a plain vector
 */
public record InputSpec(
    int numeric, List<Categorical> categorical, int sparseWidth, List<InputPart> parts) {
  /**
   * A category column.
   *
   * @param name unique among the columns
   * @param cardinality number of codes; codes are 0 to cardinality - 1
   * @param embeddingDim length of the vector learnt per code
   * @param sparseRows 0: the table is a parameter like others; else it may be trained row by row,
   *     at most so many rows
   */
  public record Categorical(String name, int cardinality, int embeddingDim, int sparseRows) {
    /** A column whose table is a parameter like others. */
    public Categorical(String name, int cardinality, int embeddingDim) {
      this(name, cardinality, embeddingDim, 0);
    }

    /** Checks the numbers. */
    public Categorical {
      if (name.isEmpty()) {
        throw new NetworkException("input.categorical: a column has an empty name");
      }
      if (cardinality < 1 || embeddingDim < 1 || sparseRows < 0) {
        throw new NetworkException(
            "input.categorical '"
                + name
                + "': cardinality and embedding_dim must be 1 or more and sparse_rows 0 or more, got "
                + cardinality
                + ", "
                + embeddingDim
                + " and "
                + sparseRows);
      }
    }

    /** Name of the segment of its table. */
    String table() {
      return "embedding." + name;
    }
  }

  /** Checks that there is an input at all and that names are unique. */
  public InputSpec {
    categorical = List.copyOf(categorical);
    parts = List.copyOf(parts);
    if (numeric < 0 || sparseWidth < 0) {
      throw new NetworkException(
          "input: numeric and sparse_width must be 0 or more, got "
              + numeric
              + " and "
              + sparseWidth);
    }
    if (numeric == 0 && sparseWidth == 0 && categorical.isEmpty() && parts.isEmpty()) {
      throw new NetworkException(
          "input: a network needs at least one numeric, categorical or sparse column");
    }
    Set<String> names = new HashSet<>();
    for (Categorical column : categorical) {
      if (!names.add(column.name())) {
        throw new NetworkException(
            "input.categorical: the name '" + column.name() + "' stands twice");
      }
    }
    Set<String> partNames = new HashSet<>(Set.of(FEATURES, "input"));
    for (InputPart part : parts) {
      if (!partNames.add(part.name())) {
        throw new NetworkException(
            "input.parts: the name '" + part.name() + "' stands twice or is taken");
      }
      if (!part.tokens() && part.from() + part.size() > numeric) {
        throw new NetworkException(
            "input part '"
                + part.name()
                + "' "
                + part.shape()
                + " covers numbers "
                + part.from()
                + " to "
                + (part.from() + part.size())
                + ", but a row has "
                + numeric);
      }
    }
  }

  /** Name of the numbers that no part covers and the embedded categories. */
  public static final String FEATURES = "features";

  /** A network without parts. */
  public InputSpec(int numeric, List<Categorical> categorical, int sparseWidth) {
    this(numeric, categorical, sparseWidth, List.of());
  }

  /** Dense numeric input only. */
  public static InputSpec numeric(int width) {
    return new InputSpec(width, List.of(), 0);
  }

  /** One part of numbers with a shape: an image [H, W, C], a series [T, F]. */
  public static InputSpec shaped(String name, int... shape) {
    InputPart part = InputPart.numbers(name, 0, shape);
    return new InputSpec(part.size(), List.of(), 0, List.of(part));
  }

  /** One part of T tokens. */
  public static InputSpec tokens(String name, int length, int vocabulary) {
    return new InputSpec(
        0, List.of(), 0, List.of(InputPart.tokens(name, length, vocabulary, false)));
  }

  /** Code columns of a row: categories, tokens and lengths. */
  public int codesWidth() {
    return categorical.size() + parts.stream().mapToInt(InputPart::codes).sum();
  }

  /** First code column of a token part. */
  public int codesFrom(InputPart part) {
    int from = categorical.size();
    for (InputPart other : parts.subList(0, parts.indexOf(part))) {
      from += other.codes();
    }
    return from;
  }

  /** Ranges [from, to) of the numbers that no part covers, in order. */
  List<int[]> uncovered() {
    List<InputPart> covering = new ArrayList<>(parts);
    covering.removeIf(InputPart::tokens);
    covering.sort(Comparator.comparingInt(InputPart::from));
    List<int[]> ranges = new ArrayList<>();
    int next = 0;
    for (InputPart part : covering) {
      if (part.from() > next) {
        ranges.add(new int[] {next, part.from()});
      }
      next = Math.max(next, part.from() + part.size());
    }
    if (next < numeric) {
      ranges.add(new int[] {next, numeric});
    }
    return ranges;
  }

  /** Width of the features: numbers that no part covers, and embeddings. */
  public int denseWidth() {
    int width = uncovered().stream().mapToInt(range -> range[1] - range[0]).sum();
    for (Categorical column : categorical) {
      width = Math.addExact(width, column.embeddingDim());
    }
    return width;
  }

  /** Width that the first layer sees. */
  public int width() {
    return Math.addExact(denseWidth(), sparseWidth);
  }

  /** A tree for JSON. */
  public Map<String, Object> toJson() {
    Map<String, Object> tree = new LinkedHashMap<>();
    tree.put("numeric", (long) numeric);
    List<Object> columns = new ArrayList<>();
    for (Categorical column : categorical) {
      Map<String, Object> entry = new LinkedHashMap<>();
      entry.put("name", column.name());
      entry.put("cardinality", (long) column.cardinality());
      entry.put("embedding_dim", (long) column.embeddingDim());
      if (column.sparseRows() > 0) {
        entry.put("sparse_rows", (long) column.sparseRows());
      }
      columns.add(entry);
    }
    tree.put("categorical", columns);
    tree.put("sparse_width", (long) sparseWidth);
    if (!parts.isEmpty()) {
      tree.put("parts", parts.stream().map(InputPart::toJson).toList());
    }
    return tree;
  }

  /**
   * Reads what {@link #toJson} wrote.
   *
   * @throws NetworkException naming the key that is missing, unknown or of the wrong type
   */
  public static InputSpec fromJson(Map<String, Object> json) {
    Tree tree = new Tree("input", json);
    int numeric = tree.whole("numeric");
    int sparse = tree.whole("sparse_width", 0);
    List<Categorical> columns = new ArrayList<>();
    for (Object entry : tree.list("categorical", List.of())) {
      String where = "input.categorical[" + columns.size() + "]";
      Tree column = new Tree(where, Tree.map(where, entry));
      columns.add(
          new Categorical(
              column.text("name"),
              column.whole("cardinality"),
              column.whole("embedding_dim"),
              column.whole("sparse_rows", 0)));
      column.done();
    }
    List<InputPart> parts = new ArrayList<>();
    for (Object entry : tree.list("parts", List.of())) {
      String where = "input.parts[" + parts.size() + "]";
      parts.add(InputPart.fromJson(where, Tree.map(where, entry)));
    }
    tree.done();
    return new InputSpec(numeric, columns, sparse, parts);
  }
}
