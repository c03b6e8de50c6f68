package dev.bellows.engine.nn.layer;

import dev.bellows.engine.graph.Node;
import dev.bellows.engine.tensor.Shape;
import java.util.List;

/** Layers that only change the form of their input: flatten, reshape, slice, stop_gradient. */
final class ShapeLayers {
  static final List<LayerType> ALL =
      List.of(
          LayerType.named("flatten", "All axes of a row as one: [N, ...] to [N, D].")
              .body(ShapeLayers::flatten),
          LayerType.named("reshape", "The values of a row in another shape, in the same order.")
              .option(
                  Option.wholes("shape", "Shape of a row; one size may be -1: what is left over."))
              .body(ShapeLayers::reshape),
          LayerType.named("slice", "A range of one axis: a crop, some channels, the last position.")
              .option(Option.whole("axis", "Axis; 0 is the row's first, -1 the last.").or(-1))
              .option(Option.whole("from", "First index; negative counts from the end.").or(0))
              .option(
                  Option.whole("to", "One past the last index; missing for the end.").optional())
              .option(Option.flag("drop", false, "Leave the axis out of the result (size 1 only)."))
              .body(ShapeLayers::slice),
          LayerType.named("stop_gradient", "The input itself; nothing is trained through it.")
              .keepsShape()
              .body(c -> c.graph("").stopGradient(c.input())));

  private ShapeLayers() {}

  /** [N, ...] to [N, product of the rest]. */
  static Node flatten(LayerContext c) {
    Node x = c.input();
    int rows = x.shape().dim(0);
    int width = rows == 0 ? 0 : Math.toIntExact(x.shape().size() / rows);
    return c.graph("").reshape(x, Shape.of(rows, width));
  }

  private static Node reshape(LayerContext c) {
    Node x = c.input();
    int[] wanted = c.wholes("shape");
    int rows = x.shape().dim(0);
    long size = x.shape().size() / rows;
    int[] dims = new int[wanted.length + 1];
    dims[0] = rows;
    long known = 1;
    int open = -1;
    for (int i = 0; i < wanted.length; i++) {
      dims[i + 1] = wanted[i];
      if (wanted[i] == -1 && open < 0) {
        open = i + 1;
      } else if (wanted[i] < 1) {
        throw c.wrong("reshape.shape must hold sizes of 1 or more, at most one -1");
      } else {
        known = Math.multiplyExact(known, (long) wanted[i]);
      }
    }
    boolean fits = open < 0 ? known == size : size % known == 0;
    if (!fits) {
      throw c.wrong(
          "found "
              + LayerContext.text(x.shape())
              + " with "
              + size
              + " values a row, but reshape.shape asks for "
              + (open < 0 ? "" : "a multiple of ")
              + known);
    }
    if (open >= 0) {
      dims[open] = (int) (size / known);
    }
    return c.graph("").reshape(x, Shape.of(dims));
  }

  private static Node slice(LayerContext c) {
    Node x = c.input();
    int axis = axis(c, x, c.whole("axis"));
    int size = x.shape().dim(axis);
    int from = c.whole("from") < 0 ? size + c.whole("from") : c.whole("from");
    int to = !c.has("to") ? size : c.whole("to") < 0 ? size + c.whole("to") : c.whole("to");
    if (from < 0 || to > size || from >= to) {
      throw c.wrong(
          "range ["
              + from
              + ", "
              + to
              + ") is not inside axis of size "
              + size
              + " of "
              + LayerContext.text(x.shape()));
    }
    Node part = from == 0 && to == size ? x : c.graph("").slice(x, axis, from, to);
    if (!c.flag("drop")) {
      return part;
    }
    if (to - from != 1) {
      throw c.wrong("drop needs a range of one index, got " + (to - from));
    }
    int[] dims = new int[x.shape().rank() - 1];
    for (int i = 0; i < dims.length; i++) {
      dims[i] = x.shape().dim(i < axis ? i : i + 1);
    }
    return c.graph().reshape(part, Shape.of(dims));
  }

  /** The axis of the tensor [N, ...] for an axis of a row, which may count from the end. */
  static int axis(LayerContext c, Node x, int ofRow) {
    int rank = x.shape().rank() - 1;
    int axis = ofRow < 0 ? ofRow + rank : ofRow;
    if (axis < 0 || axis >= rank) {
      throw c.wrong("axis " + ofRow + " is not inside rows of " + LayerContext.text(x.shape()));
    }
    return axis + 1;
  }
}
