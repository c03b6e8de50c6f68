package dev.bellows.engine.graph;

import dev.bellows.engine.tensor.Shape;
import dev.bellows.engine.tensor.Window;
import java.util.Arrays;

/** Windows as attributes of nodes, and what images and windows must have in common. */
public final class Windows {
  private Windows() {}

  /** The window of a node that has one. */
  public static Window of(Node node) {
    Attributes a = node.attributes();
    return new Window(
        a.integers("kernel"),
        a.integers("stride"),
        a.integers("dilation"),
        a.integers("low"),
        a.integers("high"));
  }

  static Attributes attributes(Window window) {
    int rank = window.rank();
    int[][] lists = new int[5][rank];
    for (int i = 0; i < rank; i++) {
      lists[0][i] = window.kernel(i);
      lists[1][i] = window.stride(i);
      lists[2][i] = window.dilation(i);
      lists[3][i] = window.low(i);
      lists[4][i] = window.high(i);
    }
    return Attributes.of("kernel", lists[0])
        .with("stride", lists[1])
        .with("dilation", lists[2])
        .with("low", lists[3])
        .with("high", lists[4]);
  }

  /** Refuses anything but an image [N, spatial..., C] with as many spatial axes as the window. */
  static void image(String label, String what, Shape shape, Window window) {
    if (window.rank() > 3) {
      throw new GraphException(
          "node " + label + ": " + window + " has more than three spatial axes");
    }
    if (shape.rank() != window.rank() + 2) {
      throw new GraphException(
          "node "
              + label
              + ": "
              + what
              + " "
              + shape
              + " must be [N, "
              + "spatial, ".repeat(window.rank())
              + "C], rank "
              + (window.rank() + 2)
              + " for "
              + window);
    }
  }

  /** The spatial sizes of the results; refuses an input that is smaller than the window. */
  static int[] outputs(String label, Shape input, Window window) {
    int[] outputs = new int[window.rank()];
    for (int i = 0; i < outputs.length; i++) {
      int size = input.dim(i + 1);
      outputs[i] = window.output(i, size);
      if (outputs[i] < 1) {
        throw new GraphException(
            "node "
                + label
                + ": axis "
                + (i + 1)
                + " of "
                + input
                + " has "
                + size
                + " positions, with padding "
                + (size + window.low(i) + window.high(i))
                + "; the window spans "
                + window.extent(i)
                + ". Use a smaller kernel or dilation, or padding of at least "
                + (window.extent(i) - size)
                + " in all");
      }
    }
    return outputs;
  }

  /** [N, spatial..., C] from its parts. */
  static Shape image(int rows, int[] spatial, int channels) {
    int[] dims = new int[spatial.length + 2];
    dims[0] = rows;
    System.arraycopy(spatial, 0, dims, 1, spatial.length);
    dims[dims.length - 1] = channels;
    return Shape.of(dims);
  }

  static int[] spatial(Shape image) {
    return Arrays.copyOfRange(image.dims(), 1, image.rank() - 1);
  }
}
