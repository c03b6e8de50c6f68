package dev.bellows.engine.nn;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What a network reads per row: dense numbers, categories (each through its own embedding table)
 * and a sparse vector. The first layer sees [numbers, embeddings in order, sparse].
 *
 * @param numeric number of dense numeric columns, 0 or more
 * @param categorical the category columns, in the order of the code columns
 * @param sparseWidth width of the CSR input, 0 for none
 */
public record InputSpec(int numeric, List<Categorical> categorical, int sparseWidth) {
  /**
   * A category column.
   *
   * @param name unique among the columns
   * @param cardinality number of codes; codes are 0 to cardinality - 1
   * @param embeddingDim length of the vector learnt per code
   */
  public record Categorical(String name, int cardinality, int embeddingDim) {
    /** Checks that both numbers are 1 or more. */
    public Categorical {
      if (name.isEmpty()) {
        throw new NetworkException("input.categorical: a column has an empty name");
      }
      if (cardinality < 1 || embeddingDim < 1) {
        throw new NetworkException(
            "input.categorical '"
                + name
                + "': cardinality and embedding_dim must be 1 or more, got "
                + cardinality
                + " and "
                + embeddingDim);
      }
    }
  }

  /** Checks that there is an input at all and that names are unique. */
  public InputSpec {
    categorical = List.copyOf(categorical);
    if (numeric < 0 || sparseWidth < 0) {
      throw new NetworkException(
          "input: numeric and sparse_width must be 0 or more, got "
              + numeric
              + " and "
              + sparseWidth);
    }
    if (numeric == 0 && sparseWidth == 0 && categorical.isEmpty()) {
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
  }

  /** Dense numeric input only. */
  public static InputSpec numeric(int width) {
    return new InputSpec(width, List.of(), 0);
  }

  /** Width of the dense part: numbers and embeddings. */
  public int denseWidth() {
    int width = numeric;
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
      columns.add(entry);
    }
    tree.put("categorical", columns);
    tree.put("sparse_width", (long) sparseWidth);
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
              column.text("name"), column.whole("cardinality"), column.whole("embedding_dim")));
      column.done();
    }
    tree.done();
    return new InputSpec(numeric, columns, sparse);
  }
}
