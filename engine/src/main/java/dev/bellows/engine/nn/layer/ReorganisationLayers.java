package dev.bellows.engine.nn.layer;

import dev.bellows.engine.graph.Indexings;
import dev.bellows.engine.graph.Node;
import dev.bellows.engine.graph.Poolings;
import dev.bellows.engine.graph.Reorganisations;
import dev.bellows.engine.tensor.Window;
import java.util.List;

/** Layers without weights that move pixels of images [N, H, W, C] to channels and back. */
final class ReorganisationLayers {
  static final List<LayerType> ALL =
      List.of(
          LayerType.named(
                  "space_to_depth",
                  "Blocks of pixels as channels: [N, H, W, C] to [N, H/size, W/size, size^2 C].")
              .option(Option.count("size", "Height and width of a block.").or(2))
              .body(
                  c ->
                      Reorganisations.spaceToDepth(
                          c.graph(""), Windowed.image(c, 2), c.whole("size"))),
          LayerType.named("depth_to_space", "The inverse of space_to_depth.")
              .option(Option.count("size", "Height and width of a block.").or(2))
              .body(
                  c ->
                      Reorganisations.depthToSpace(
                          c.graph(""), Windowed.image(c, 2), c.whole("size"))),
          LayerType.named(
                  "pad_channels",
                  "A shortcut without weights: every stride-th pixel, and channels of zeros behind"
                      + " (He et al., CVPR 2016, option A).")
              .option(Option.count("channels", "Channels of the output."))
              .option(Option.count("stride", "Step between the pixels that stay.").or(1))
              .body(ReorganisationLayers::padChannels));

  private ReorganisationLayers() {}

  private static Node padChannels(LayerContext c) {
    Node x = Windowed.image(c, 2);
    int stride = c.whole("stride");
    int missing = c.whole("channels") - x.shape().dim(3);
    if (missing < 0) {
      throw c.wrong(
          "pad_channels.channels is "
              + c.whole("channels")
              + ", the input has "
              + x.shape().dim(3)
              + ": expected as many or more");
    }
    Window every = Window.of(1, 1).strides(stride, stride);
    Node kept = stride == 1 ? x : Poolings.averagePool(c.graph("kept"), x, every, false);
    int[] before = new int[4];
    int[] after = {0, 0, 0, missing};
    return missing == 0 && stride > 1
        ? kept
        : Indexings.pad(c.graph(""), kept, before, after, Indexings.PadMode.CONSTANT, 0);
  }
}
