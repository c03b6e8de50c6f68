package dev.bellows.engine.nn.layer;

import dev.bellows.engine.graph.Node;
import dev.bellows.engine.graph.Poolings;
import dev.bellows.engine.tensor.Shape;
import dev.bellows.engine.tensor.Window;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Pooling, unpooling, up-sampling and local response normalisation of channels-last images [N,
 * spatial..., C].
 */
public final class PoolingLayers {
  static final List<LayerType> ALL = all();

  private PoolingLayers() {}

  private static List<LayerType> all() {
    List<LayerType> types = new ArrayList<>();
    for (int axes = 1; axes <= 3; axes++) {
      types.add(pool(axes, true));
      types.add(pool(axes, false));
    }
    types.add(
        LayerType.named("global_avgpool", "Mean of each channel: [N, spatial..., C] to [N, C].")
            .body(c -> Poolings.globalAveragePool(c.graph(""), images(c))));
    types.add(
        LayerType.named("global_maxpool", "Largest value of each channel: [N, C].")
            .body(PoolingLayers::globalMax));
    types.add(unpool());
    types.add(upsample());
    types.add(localResponse());
    return List.copyOf(types);
  }

  private static Node images(LayerContext c) {
    Node x = c.input();
    int rank = x.shape().rank();
    if (rank < 3 || rank > 5) {
      throw c.wrong(
          "expected images [N, spatial..., C] of one to three spatial axes, found "
              + LayerContext.text(x.shape()));
    }
    return x;
  }

  private static int[] spatial(Node x) {
    return Arrays.copyOfRange(x.shape().dims(), 1, x.shape().rank() - 1);
  }

  private static LayerType pool(int axes, boolean max) {
    LayerType.Definition definition =
        LayerType.named(
                (max ? "maxpool" : "avgpool") + axes + "d",
                (max ? "Largest value" : "Mean") + " of each window.")
            .option(Option.sizes("size", axes, "Positions of the window per axis.").or(2))
            .option(
                Option.sizes("stride", axes, "Step between windows per axis; the size if missing.")
                    .optional());
    return Windowed.options(definition, axes, "valid")
        .body(
            c -> {
              Node x = Windowed.image(c, axes);
              Window window = Windowed.padded(c, x, window(c));
              return max
                  ? Poolings.maxPool(c.graph(""), x, window)
                  : Poolings.averagePool(c.graph(""), x, window, false);
            });
  }

  private static Window window(LayerContext c) {
    int[] size = c.wholes("size");
    return Window.of(size).strides(c.has("stride") ? c.wholes("stride") : size);
  }

  private static Node globalMax(LayerContext c) {
    Node x = images(c);
    Node y = Poolings.maxPool(c.graph(""), x, Window.of(spatial(x)));
    return c.graph().reshape(y, Shape.of(x.shape().dim(0), x.shape().dim(-1)));
  }

  /** The second input is what the pooling took its maxima from. */
  private static LayerType unpool() {
    return LayerType.named(
            "unpool2d",
            "Max unpooling: values of the first input where maxpool2d found the maxima of the second.")
        .option(Option.sizes("size", 2, "Positions of the pooled windows per axis.").or(2))
        .option(
            Option.sizes("stride", 2, "Step between the windows per axis; the size if missing.")
                .optional())
        .inputs(2)
        .body(
            c -> {
              Node x = Windowed.image(c, 2);
              Node pooled = c.input(1);
              if (pooled == null) {
                throw c.wrong("needs two inputs: values, and what was pooled");
              }
              c.ranked(pooled, 4, "images [N, H, W, C] as second input");
              Node index = Poolings.maxPoolIndex(c.graph("index"), pooled, window(c));
              return Poolings.unpool(c.graph(""), x, index, spatial(pooled));
            });
  }

  private static LayerType upsample() {
    return LayerType.named("upsample2d", "Images of a multiple of the size.")
        .option(Option.sizes("size", 2, "Factor per axis.").or(2))
        .option(
            Option.word("mode", "How pixels between are made.", "nearest", "bilinear")
                .or("nearest"))
        .option(
            Option.word("corners", "Where pixels lie.", Poolings.Corners.class)
                .or("half_pixel")
                .when("mode", "bilinear"))
        .body(
            c -> {
              Node x = Windowed.image(c, 2);
              int[] size = spatial(x);
              int[] factor = c.wholes("size");
              int height = size[0] * factor[0];
              int width = size[1] * factor[1];
              if (c.word("mode").equals("nearest")) {
                return Poolings.resizeNearest(c.graph(""), x, height, width);
              }
              Poolings.Corners corners = c.word("corners", Poolings.Corners.class);
              return Poolings.resizeLinear(c.graph(""), x, corners, height, width);
            });
  }

  private static LayerType localResponse() {
    return LayerType.named(
            "lrn", "x / (k + alpha sum x^2)^beta over neighbours (Krizhevsky et al., NIPS 2012).")
        .option(
            Option.whole("n", "Neighbours, half on each side.").in(Option.Range.NOT_NEGATIVE).or(5))
        .option(Option.real("k", "Added to the sum.").in(Option.Range.NOT_NEGATIVE).or(2))
        .option(Option.real("alpha", "Factor of the sum.").or(1e-4))
        .option(Option.real("beta", "Exponent.").or(0.75))
        .option(
            Option.word(
                    "over",
                    "Neighbouring channels, or pixels of the channel.",
                    "channels",
                    "pixels")
                .or("channels"))
        .keepsShape()
        .body(
            c -> {
              Node x = Windowed.image(c, 2);
              double k = c.number("k");
              if (k == 0) {
                throw c.wrong(
                    "k 0 gives 0 / 0 where a neighbourhood is all zero, as behind a relu; use a k"
                        + " above 0 (2 in the paper)");
              }
              double alpha = c.number("alpha");
              double beta = c.number("beta");
              return c.word("over").equals("channels")
                  ? Poolings.localResponse(c.graph(""), x, k, alpha, beta, c.whole("n"))
                  : Poolings.localResponseWithin(c.graph(""), x, k, alpha, beta, c.whole("n"));
            });
  }
}
