package dev.bellows.engine.nn;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The table that is printed before a run: one line a layer with its output shape and parameters.
 */
final class Summary {
  private Summary() {}

  static String of(NetworkSpec spec) {
    ParameterLayout layout = Network.layout(spec);
    List<String[]> rows = new ArrayList<>();
    rows.add(new String[] {"layer", "output", "parameters"});
    InputSpec in = spec.input();
    if (in.numeric() > 0) {
      rows.add(row("numeric", in.numeric(), 0));
    }
    for (InputSpec.Categorical column : in.categorical()) {
      rows.add(
          row(
              "embedding " + column.name() + " (" + column.cardinality() + " codes)",
              column.embeddingDim(),
              count(layout, "embedding." + column.name(), true)));
    }
    if (in.sparseWidth() > 0) {
      rows.add(row("sparse", in.sparseWidth(), 0));
    }
    int width = in.width();
    for (int i = 0; i < spec.layers().size(); i++) {
      LayerSpec layer = spec.layers().get(i);
      width = layer.type() == LayerType.DENSE ? layer.units() : width;
      rows.add(row(describe(layer), width, count(layout, "layer" + i + ".", false)));
    }
    int state = layout.length() - layout.trainable();
    String total =
        String.format(Locale.ROOT, "%,d trained parameters", layout.trainable())
            + (state > 0 ? String.format(Locale.ROOT, ", %,d running statistics", state) : "");
    return table(rows) + total + ", loss " + spec.loss().kind().id() + "\n";
  }

  private static String describe(LayerSpec layer) {
    return switch (layer.type()) {
      case DENSE ->
          layer.activation() == Activation.LINEAR ? "dense" : "dense " + layer.activation().id();
      case ACTIVATION -> layer.activation().id();
      default -> {
        StringBuilder text = new StringBuilder(layer.type().id());
        for (Map.Entry<String, Object> option : layer.options().entrySet()) {
          text.append(' ').append(option.getKey()).append(' ').append(option.getValue());
        }
        yield text.toString();
      }
    };
  }

  private static int count(ParameterLayout layout, String prefix, boolean whole) {
    return layout.segments().stream()
        .filter(s -> whole ? s.name().equals(prefix) : s.name().startsWith(prefix))
        .mapToInt(Segment::length)
        .sum();
  }

  private static String[] row(String name, int width, int parameters) {
    return new String[] {name, "[N, " + width + "]", String.format(Locale.ROOT, "%,d", parameters)};
  }

  private static String table(List<String[]> rows) {
    int first = rows.stream().mapToInt(r -> r[0].length()).max().orElse(0);
    int second = rows.stream().mapToInt(r -> r[1].length()).max().orElse(0);
    int third = rows.stream().mapToInt(r -> r[2].length()).max().orElse(0);
    StringBuilder text = new StringBuilder();
    for (String[] row : rows) {
      text.append(
          String.format(
              Locale.ROOT,
              "%-" + first + "s  %-" + second + "s  %" + third + "s%n",
              row[0],
              row[1],
              row[2]));
    }
    return text.toString().replace("\r\n", "\n");
  }
}
