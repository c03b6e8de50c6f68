package dev.bellows.engine.nn;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A table of a network that may be trained row by row: code k of a row's columns [codeFrom, codeTo)
 * reads table row k, and nothing else does. A trainer that has only the rows of a few codes uses
 * the network of {@link #cut} and codes that number those rows.
 *
 * @param segment name of its segment, behind all dense ones
 * @param rows rows of the whole table
 * @param width elements of a row
 * @param codeFrom first code column that reads it
 * @param codeTo one past the last
 * @param maxRows most rows that may be trained
 */
public record SparseTable(
    String segment, int rows, int width, int codeFrom, int codeTo, int maxRows)
    implements Serializable {
  private static final String EMBEDDING = "embedding";

  /** The sparse tables of a network in the order of their segments. */
  public static List<SparseTable> of(NetworkSpec spec) {
    List<SparseTable> tables = new ArrayList<>();
    List<InputSpec.Categorical> columns = spec.input().categorical();
    for (int c = 0; c < columns.size(); c++) {
      InputSpec.Categorical column = columns.get(c);
      if (column.sparseRows() > 0) {
        int most = Math.min(column.cardinality(), column.sparseRows());
        tables.add(
            new SparseTable(
                column.table(), column.cardinality(), column.embeddingDim(), c, c + 1, most));
      }
    }
    ParameterLayout layout = null;
    for (int i = 0; i < spec.layers().size(); i++) {
      LayerSpec layer = spec.layers().get(i);
      if (!isSparse(layer)) {
        continue;
      }
      layout = layout == null ? Network.layout(spec) : layout;
      InputPart part = part(spec, i);
      requireAlone(spec, i, part);
      String prefix = layer.name().isEmpty() ? "layer" + i + "." + EMBEDDING : layer.name();
      Segment segment = layout.segment(prefix + ".weight");
      int rows = segment.shape().dim(0);
      int from = spec.input().codesFrom(part);
      int most = layer.options().get("max_rows") instanceof Number n ? n.intValue() : rows;
      tables.add(
          new SparseTable(
              segment.name(),
              rows,
              segment.shape().dim(1),
              from,
              from + part.size(),
              Math.min(rows, most)));
    }
    return tables;
  }

  private static boolean isSparse(LayerSpec layer) {
    return layer.type().id().equals(EMBEDDING)
        && Boolean.TRUE.equals(layer.options().get("sparse"));
  }

  /** The input that a sparse layer reads; that it is an input of tokens was checked before. */
  private static InputPart part(NetworkSpec spec, int index) {
    List<String> inputs = spec.layers().get(index).inputs();
    return spec.input().parts().stream()
        .filter(part -> inputs.isEmpty() || inputs.contains(part.name()))
        .findFirst()
        .orElse(spec.input().parts().get(0)); // "input" is the first part
  }

  /** The tokens are numbered anew for the table, so nothing else may read them. */
  private static void requireAlone(NetworkSpec spec, int index, InputPart part) {
    for (int i = 0; i < spec.layers().size(); i++) {
      List<String> inputs = spec.layers().get(i).inputs();
      if (i != index && (inputs.contains(part.name()) || inputs.contains("input"))) {
        throw new NetworkException(
            "layer "
                + i
                + " reads '"
                + part.name()
                + "' like the sparse layer "
                + index
                + ": tokens of a sparse table have one reader; leave sparse out");
      }
    }
  }

  /**
   * The network with tables of other sizes and the same dense parameters.
   *
   * @param tables those of the network
   * @param rows of each table
   */
  public static NetworkSpec cut(NetworkSpec spec, List<SparseTable> tables, int[] rows) {
    InputSpec input = spec.input();
    List<InputSpec.Categorical> columns = new ArrayList<>(input.categorical());
    List<InputPart> parts = new ArrayList<>(input.parts());
    List<LayerSpec> layers = new ArrayList<>(spec.layers());
    for (int t = 0; t < tables.size(); t++) {
      SparseTable table = tables.get(t);
      if (table.codeFrom < columns.size()) {
        InputSpec.Categorical c = columns.get(table.codeFrom);
        columns.set(
            table.codeFrom,
            new InputSpec.Categorical(c.name(), rows[t], c.embeddingDim(), rows[t]));
        continue;
      }
      for (int i = 0; i < layers.size(); i++) {
        if (isSparse(layers.get(i)) && input.codesFrom(part(spec, i)) == table.codeFrom) {
          InputPart part = part(spec, i);
          parts.set(
              parts.indexOf(part),
              InputPart.tokens(part.name(), part.size(), rows[t], part.lengths()));
          Map<String, Object> options = new LinkedHashMap<>(layers.get(i).options());
          options.remove("vocabulary");
          options.remove("max_rows");
          layers.set(i, new LayerSpec(layers.get(i).type(), options));
        }
      }
    }
    return new NetworkSpec(
        new InputSpec(input.numeric(), columns, input.sparseWidth(), parts),
        layers,
        spec.loss(),
        spec.outputs(),
        spec.heads());
  }
}
