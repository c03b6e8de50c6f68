package dev.bellows.engine.nn;

import dev.bellows.engine.nn.layer.LayerContext;
import dev.bellows.engine.nn.layer.Option;
import dev.bellows.engine.tensor.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * The table that is printed before a run: one line a layer with its output shape and parameters.
 */
final class Summary {
  private Summary() {}

  static String of(NetworkSpec spec) {
    ParameterLayout layout = Network.layout(spec);
    List<LayerCost> costs = Network.costs(spec);
    List<String[]> rows = new ArrayList<>();
    rows.add(new String[] {"layer", "output", "parameters", "multiply-adds", "bytes"});
    List<String> fields = new ArrayList<>(List.of("receptive field"));
    InputSpec in = spec.input();
    int features = in.uncovered().stream().mapToInt(range -> range[1] - range[0]).sum();
    if (features > 0) {
      rows.add(row("numeric", Shape.of(1, features), 0, 0, 4L * features));
    }
    for (InputPart part : in.parts()) {
      rows.add(row(part));
    }
    for (InputSpec.Categorical column : in.categorical()) {
      String name = "embedding " + column.name() + " (" + column.cardinality() + " codes)";
      int length = layout.segment("embedding." + column.name()).length();
      Shape shape = Shape.of(1, column.embeddingDim());
      rows.add(row(name, shape, length, 0, 4L * column.embeddingDim()));
    }
    if (in.sparseWidth() > 0) {
      rows.add(row("sparse", Shape.of(1, in.sparseWidth()), 0, 0, 0));
    }
    NetworkGraph network = Network.build(spec, 1, Mode.EVALUATE);
    ReceptiveField field = new ReceptiveField(network);
    while (fields.size() < rows.size()) {
      fields.add("-");
    }
    for (int i = 0; i < costs.size(); i++) {
      fields.add(field.text(network.layers().get(i).output()));
      LayerCost cost = costs.get(i);
      long all = cost.parameters() + cost.state();
      String name = describe(spec.layers().get(i));
      rows.add(row(name, cost.output(), all, cost.multiplyAdds(), cost.bytes()));
    }
    return table(field.shown() ? joined(rows, fields) : rows) + total(spec, layout, costs);
  }

  /** The rows with one more column. */
  private static List<String[]> joined(List<String[]> rows, List<String> column) {
    List<String[]> joined = new ArrayList<>();
    for (int i = 0; i < rows.size(); i++) {
      String[] row = Arrays.copyOf(rows.get(i), rows.get(i).length + 1);
      row[row.length - 1] = column.get(i);
      joined.add(row);
    }
    return joined;
  }

  private static String total(NetworkSpec spec, ParameterLayout layout, List<LayerCost> costs) {
    int state = layout.length() - layout.trainable();
    int frozen =
        layout.segments().stream()
            .filter(s -> s.kind() == Segment.Kind.TRAINABLE && s.rateScale() == 0)
            .mapToInt(Segment::length)
            .sum();
    StringBuilder text = new StringBuilder();
    text.append(format("%,d trained parameters", layout.trainable() - frozen));
    text.append(frozen > 0 ? format(", %,d frozen", frozen) : "");
    text.append(state > 0 ? format(", %,d running statistics", state) : "");
    text.append(", loss ").append(spec.loss().kind().id());
    for (Head head : spec.heads()) {
      text.append(", ").append(head.name()).append(' ').append(head.loss().kind().id());
    }
    long products = costs.stream().mapToLong(LayerCost::multiplyAdds).sum();
    long bytes = costs.stream().mapToLong(LayerCost::bytes).sum();
    return text + "\n" + format("%,d FLOPs and %,d bytes per row, forward%n", 2 * products, bytes);
  }

  private static String format(String form, Object... values) {
    return String.format(Locale.ROOT, form, values).replace("\r\n", "\n");
  }

  private static String[] row(InputPart part) {
    int[] dims = new int[part.shape().size() + 1];
    dims[0] = 1;
    for (int i = 1; i < dims.length; i++) {
      dims[i] = part.shape().get(i - 1);
    }
    String kind = part.tokens() ? " (" + part.vocabulary() + " tokens)" : "";
    return row("input " + part.name() + kind, Shape.of(dims), 0, 0, 4L * part.size());
  }

  /** {@code dense relu}, {@code dropout rate 0.5}: options that are not the default. */
  private static String describe(LayerSpec layer) {
    StringBuilder text = new StringBuilder(layer.type().id());
    if (!layer.name().isEmpty()) {
      text.append(" '").append(layer.name()).append('\'');
    }
    for (Option option : layer.type().allOptions()) {
      Object value = layer.options().get(option.name());
      if (value == null || value.equals(option.otherwise())) {
        continue;
      }
      switch (option.name()) {
        case "name", "units" -> {}
        case "activation", "kind" -> text.append(' ').append(value);
        case "inputs" -> text.append(" of ").append(value);
        default -> text.append(' ').append(option.name()).append(' ').append(value);
      }
    }
    return text.toString();
  }

  private static String[] row(
      String name, Shape shape, long parameters, long products, long bytes) {
    return new String[] {
      name,
      LayerContext.text(shape),
      format("%,d", parameters),
      format("%,d", products),
      format("%,d", bytes)
    };
  }

  /** Columns two blanks apart, texts to the left and numbers to the right. */
  private static String table(List<String[]> rows) {
    int[] widths = new int[rows.get(0).length];
    for (String[] row : rows) {
      for (int i = 0; i < row.length; i++) {
        widths[i] = Math.max(widths[i], row[i].length());
      }
    }
    StringBuilder text = new StringBuilder();
    for (String[] row : rows) {
      for (int i = 0; i < row.length; i++) {
        String sign = i < 2 ? "-" : "";
        text.append(i == 0 ? "" : "  ").append(format("%" + sign + widths[i] + "s", row[i]));
      }
      text.append('\n');
    }
    return text.toString();
  }
}
