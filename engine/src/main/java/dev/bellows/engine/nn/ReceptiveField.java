package dev.bellows.engine.nn;

import dev.bellows.engine.graph.Node;
import dev.bellows.engine.graph.Op;
import dev.bellows.engine.graph.OpFamily;
import dev.bellows.engine.graph.Windows;
import dev.bellows.engine.tensor.Shape;
import dev.bellows.engine.tensor.Window;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How many input pixels a value depends on, along each spatial axis: windows of extent e whose
 * input pixels are j apart add (e - 1) j, and a stride multiplies j.
 */
final class ReceptiveField {
  /**
   * What one pixel of a node sees.
   *
   * @param size input pixels; infinite for all of them, NaN when it is not known
   * @param jump input pixels between neighbours
   */
  private record Field(double[] size, double[] jump) {
    static Field same(int axes, double size) {
      double[] sizes = new double[axes];
      double[] jumps = new double[axes];
      Arrays.fill(sizes, size);
      Arrays.fill(jumps, 1);
      return new Field(sizes, jumps);
    }
  }

  private final Map<Node, Field> fields = new HashMap<>();
  private boolean windows;

  ReceptiveField(NetworkGraph network) {
    for (Node node : network.graph().nodes()) {
      Field field = of(node);
      if (field != null) {
        fields.put(node, field);
      }
    }
  }

  /** Whether the network has windows at all. */
  boolean shown() {
    return windows;
  }

  /** {@code 5}, {@code 3x5}, {@code all}; {@code -} when it is not known. */
  String text(Node node) {
    Field field = fields.get(node);
    if (field == null) {
      return "-";
    }
    StringBuilder text = new StringBuilder();
    boolean square = Arrays.stream(field.size()).distinct().count() == 1;
    int axes = square ? 1 : field.size().length;
    for (int i = 0; i < axes; i++) {
      double size = field.size()[i];
      text.append(i > 0 ? "x" : "");
      text.append(
          Double.isNaN(size) ? "-" : Double.isInfinite(size) ? "all" : "" + (long) Math.ceil(size));
    }
    return text.toString();
  }

  private @Nullable Field of(Node node) {
    boolean source =
        switch (node.op()) {
          case PARAMETER, CONSTANT, INPUT, SPARSE_INPUT -> true;
          default -> false;
        };
    Shape shape = node.shape();
    int axes = shape.rank() - 2;
    List<Field> inputs =
        node.inputs().stream().filter(fields::containsKey).map(fields::get).toList();
    if (inputs.isEmpty()) {
      boolean image = axes >= 1 && axes <= 3 && (!source || node.op() == Op.INPUT);
      return image ? Field.same(axes, 1) : null;
    }
    Field x = inputs.get(0);
    if (axes < 1 || x.size().length != axes) {
      return Field.same(1, shape.rank() <= 2 ? Double.POSITIVE_INFINITY : Double.NaN);
    }
    return switch (node.op()) {
      case CONV, MAX_POOL, MAX_POOL_INDEX, AVERAGE_POOL -> windowed(x, Windows.of(node));
      case RESIZE -> resized(x, node.input(0).shape(), shape, node.attributes().flag("linear"));
      default ->
          node.op().family() == OpFamily.CORE
                  && node.inputs().stream()
                      .filter(fields::containsKey)
                      .allMatch(input -> samePixels(input.shape(), shape))
              ? largest(inputs)
              : Field.same(axes, Double.NaN);
    };
  }

  private Field windowed(Field x, Window window) {
    windows = true;
    double[] size = x.size().clone();
    double[] jump = x.jump().clone();
    for (int i = 0; i < size.length; i++) {
      size[i] += (window.extent(i) - 1) * jump[i];
      jump[i] *= window.stride(i);
    }
    return new Field(size, jump);
  }

  private static Field resized(Field x, Shape from, Shape to, boolean linear) {
    double[] size = x.size().clone();
    double[] jump = x.jump().clone();
    for (int i = 0; i < size.length; i++) {
      size[i] += linear ? jump[i] : 0;
      jump[i] *= (double) from.dim(i + 1) / to.dim(i + 1);
    }
    return new Field(size, jump);
  }

  private static boolean samePixels(Shape a, Shape b) {
    if (a.rank() != b.rank()) {
      return false;
    }
    for (int i = 1; i < a.rank() - 1; i++) {
      if (a.dim(i) != b.dim(i)) {
        return false;
      }
    }
    return true;
  }

  private static Field largest(List<Field> inputs) {
    Field first = inputs.get(0);
    double[] size = first.size().clone();
    for (Field input : inputs) {
      for (int i = 0; i < size.length; i++) {
        size[i] = Math.max(size[i], input.size()[i]);
      }
    }
    return new Field(size, first.jump());
  }
}
