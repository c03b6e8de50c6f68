package dev.bellows.engine.nn.layer;

import dev.bellows.engine.graph.Node;
import dev.bellows.engine.tensor.Window;
import java.util.Arrays;

/** What layers with a sliding window share: the options of its padding and how they are read. */
final class Windowed {
  private static final String[] FORMS = {
    "sequences [N, L, C]", "images [N, H, W, C]", "volumes [N, D, H, W, C]"
  };

  private Windowed() {}

  /** {@code padding} and {@code zeros}. */
  static LayerType.Definition options(LayerType.Definition definition, int axes, String otherwise) {
    return definition
        .option(
            Option.word(
                    "padding",
                    "Zeros around the input: same (size / stride outputs), valid (none), zeros"
                        + " (as many as option zeros says).",
                    "same",
                    "valid",
                    "zeros")
                .or(otherwise))
        .option(
            Option.sizes("zeros", axes, "Zeros on both sides per axis.")
                .in(Option.Range.NOT_NEGATIVE)
                .when("padding", "zeros"));
  }

  /** The input, which must have this many spatial axes. */
  static Node image(LayerContext c, int axes) {
    return c.input(axes + 2, FORMS[axes - 1]);
  }

  /** The window of {@code kernel}, {@code stride} and {@code dilation}, without padding. */
  static Window unpadded(LayerContext c) {
    return Window.of(c.wholes("kernel"))
        .strides(c.wholes("stride"))
        .dilations(c.wholes("dilation"));
  }

  /** The window of all options for the image x. */
  static Window of(LayerContext c, Node x) {
    return padded(c, x, unpadded(c));
  }

  static Window padded(LayerContext c, Node x, Window window) {
    return switch (c.word("padding")) {
      case "same" -> window.same(Arrays.copyOfRange(x.shape().dims(), 1, window.rank() + 1));
      case "zeros" -> window.padding(c.wholes("zeros"));
      default -> window;
    };
  }
}
