package dev.bellows.engine.nn.layer;

import dev.bellows.engine.graph.Convolutions;
import dev.bellows.engine.graph.Node;
import dev.bellows.engine.nn.Activation;
import dev.bellows.engine.nn.Initializer;
import dev.bellows.engine.tensor.Shape;
import dev.bellows.engine.tensor.Window;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Convolutions over one to three spatial axes of channels-last images [N, spatial..., C], and their
 * transposed, depthwise and separable forms. Cross-correlation, as everywhere in deep learning: the
 * kernel is not flipped.
 */
public final class ConvolutionLayers {
  static final List<LayerType> ALL = all();

  private ConvolutionLayers() {}

  private static List<LayerType> all() {
    List<LayerType> types = new ArrayList<>();
    for (int axes = 1; axes <= 3; axes++) {
      types.add(conv(axes));
      types.add(transposed(axes));
    }
    types.add(depthwise());
    types.add(separable());
    return List.copyOf(types);
  }

  private static LayerType.Definition windowed(LayerType.Definition definition, int axes) {
    return Windowed.options(
        definition
            .option(Option.sizes("kernel", axes, "Positions of the kernel per axis.").or(3))
            .option(Option.sizes("stride", axes, "Step between outputs per axis.").or(1))
            .option(Option.sizes("dilation", axes, "Step inside the kernel per axis.").or(1)),
        axes,
        "same");
  }

  private static LayerType.Definition common(LayerType.Definition definition) {
    return definition
        .option(CommonOptions.activation(Activation.LINEAR))
        .option(CommonOptions.bias())
        .option(CommonOptions.initializer());
  }

  private static LayerType conv(int axes) {
    LayerType.Definition definition =
        LayerType.named(
                "conv" + axes + "d",
                "Convolution (cross-correlation) over " + axes + " spatial axes.")
            .option(Option.count("filters", "Channels of the output."))
            .option(
                Option.count(
                        "groups",
                        "Parts that the channels are cut into, each convolved on its own.")
                    .or(1));
    return common(windowed(definition, axes))
        .body(
            c -> {
              Node x = Windowed.image(c, axes);
              int groups = c.whole("groups");
              Node y = convolved(c, "", x, c.whole("filters"), groups, Windowed.of(c, x));
              return c.activate(biased(c, y));
            });
  }

  /** One convolution with its weight, named {@code <layer>.<prefix>weight}. */
  private static Node convolved(
      LayerContext c, String prefix, Node x, int filters, int groups, Window window) {
    int channels = divided(c, x, filters, groups);
    Node weight = weight(c, prefix + "weight", window, channels / groups, filters, groups);
    return Convolutions.conv(c.graph(prefix + "conv"), x, weight, window, groups);
  }

  /** The channels of the image, which the groups must divide, and the filters. */
  private static int divided(LayerContext c, Node x, int filters, int groups) {
    int channels = x.shape().dim(-1);
    if (channels % groups != 0 || filters % groups != 0) {
      throw c.wrong(
          "groups "
              + groups
              + " must divide the channels "
              + channels
              + " of "
              + LayerContext.text(x.shape())
              + " and the filters "
              + filters);
    }
    return channels;
  }

  private static Node weight(
      LayerContext c, String name, Window window, int channels, int filters, int groups) {
    int[] dims = new int[window.rank() + 2];
    for (int i = 0; i < window.rank(); i++) {
      dims[i] = window.kernel(i);
    }
    dims[dims.length - 2] = channels;
    dims[dims.length - 1] = filters;
    int fanIn = window.positions() * channels;
    int fanOut = window.positions() * filters / groups;
    return c.parameter(name, Shape.of(dims), c.initializer(), true, fanIn, fanOut);
  }

  private static Node biased(LayerContext c, Node y) {
    if (!c.flag("bias")) {
      return y;
    }
    int width = y.shape().dim(-1);
    Node bias = c.parameter("bias", Shape.of(width), Initializer.ZERO, false, width, width);
    return c.graph("add_bias").add(y, bias);
  }

  private static LayerType transposed(int axes) {
    LayerType.Definition definition =
        LayerType.named(
                "conv_transpose" + axes + "d",
                "Transposed convolution: size (N - 1) stride - zeros + kernel; same gives N stride.")
            .option(Option.count("filters", "Channels of the output."))
            .option(Option.count("groups", "Parts that the channels are cut into.").or(1))
            .option(
                Option.wholes("extra", "Output positions beyond the least, below the stride.")
                    .optional());
    return common(windowed(definition, axes)).body(c -> pasted(c, axes));
  }

  private static Node pasted(LayerContext c, int axes) {
    Node x = Windowed.image(c, axes);
    int groups = c.whole("groups");
    int filters = c.whole("filters");
    int channels = divided(c, x, filters, groups);
    int[] size = Arrays.copyOfRange(x.shape().dims(), 1, axes + 1);
    int[] output = new int[axes];
    Window window = Windowed.unpadded(c);
    if (c.word("padding").equals("same")) {
      for (int i = 0; i < axes; i++) {
        output[i] = size[i] * window.stride(i);
      }
      window = window.same(output);
    } else {
      window = c.word("padding").equals("zeros") ? window.padding(c.wholes("zeros")) : window;
      output = Convolutions.transposedOutput(window, size);
    }
    int[] extra = c.has("extra") ? c.wholes("extra") : new int[axes];
    if (extra.length != axes) {
      throw c.wrong("extra needs " + axes + " numbers, got " + extra.length);
    }
    for (int i = 0; i < axes; i++) {
      output[i] += extra[i];
    }
    Node weight = weight(c, "weight", window, filters / groups, channels, groups);
    Node y = Convolutions.transposed(c.graph("conv_transpose"), x, weight, window, groups, output);
    return c.activate(biased(c, y));
  }

  private static LayerType depthwise() {
    LayerType.Definition definition =
        LayerType.named("depthwise_conv2d", "One kernel (or several) per channel.")
            .option(Option.count("multiplier", "Outputs per channel.").or(1));
    return common(windowed(definition, 2))
        .body(
            c -> {
              Node x = Windowed.image(c, 2);
              int channels = x.shape().dim(3);
              int filters = channels * c.whole("multiplier");
              Node y = convolved(c, "", x, filters, channels, Windowed.of(c, x));
              return c.activate(biased(c, y));
            });
  }

  /**
   * Depthwise, then pointwise (F. Chollet, "Xception", CVPR 2017; without anything between them).
   */
  private static LayerType separable() {
    LayerType.Definition definition =
        LayerType.named("separable_conv2d", "Depthwise convolution followed by a pointwise one.")
            .option(Option.count("filters", "Channels of the output."))
            .option(Option.count("multiplier", "Outputs per channel of the first part.").or(1));
    return common(windowed(definition, 2))
        .body(
            c -> {
              Node x = Windowed.image(c, 2);
              int channels = x.shape().dim(3);
              int between = channels * c.whole("multiplier");
              Node deep = convolved(c, "depth_", x, between, channels, Windowed.of(c, x));
              Node y = convolved(c, "point_", deep, c.whole("filters"), 1, Window.of(1, 1));
              return c.activate(biased(c, y));
            });
  }
}
