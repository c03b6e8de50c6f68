package dev.bellows.engine.nn;

import dev.bellows.engine.nn.layer.CoreLayers;
import dev.bellows.engine.nn.layer.LayerContext;
import dev.bellows.engine.tensor.Shape;
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
    NetworkGraph network = Network.build(spec, 1, Mode.EVALUATE);
    ParameterLayout layout = network.layout();
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
              layout.segment("embedding." + column.name()).length()));
    }
    if (in.sparseWidth() > 0) {
      rows.add(row("sparse", in.sparseWidth(), 0));
    }
    for (int i = 0; i < spec.layers().size(); i++) {
      NetworkGraph.Layer layer = network.layers().get(i);
      int parameters = layer.segments().stream().mapToInt(n -> layout.segment(n).length()).sum();
      rows.add(row(describe(spec.layers().get(i)), layer.output().shape(), parameters));
    }
    int state = layout.length() - layout.trainable();
    String total =
        String.format(Locale.ROOT, "%,d trained parameters", layout.trainable())
            + (state > 0 ? String.format(Locale.ROOT, ", %,d running statistics", state) : "");
    return table(rows) + total + ", loss " + spec.loss().kind().id() + "\n";
  }

  /** {@code dense relu}, {@code dropout rate 0.5}, {@code conv2d 'stem' filters 32 ...}. */
  private static String describe(LayerSpec layer) {
    Map<String, Object> options = layer.options();
    if (layer.type() == CoreLayers.ACTIVATION) {
      return String.valueOf(options.get("kind"));
    }
    StringBuilder text = new StringBuilder(layer.type().id());
    if (!layer.name().isEmpty()) {
      text.append(" '").append(layer.name()).append('\'');
    }
    if (layer.type() == CoreLayers.DENSE) {
      Object activation = options.get("activation");
      return text.append(activation.equals("linear") ? "" : " " + activation).toString();
    }
    for (Map.Entry<String, Object> option : options.entrySet()) {
      if (!option.getKey().equals("name")) {
        text.append(' ').append(option.getKey()).append(' ').append(option.getValue());
      }
    }
    return text.toString();
  }

  private static String[] row(String name, int width, int parameters) {
    return row(name, Shape.of(1, width), parameters);
  }

  private static String[] row(String name, Shape shape, int parameters) {
    return new String[] {
      name, LayerContext.text(shape), String.format(Locale.ROOT, "%,d", parameters)
    };
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
