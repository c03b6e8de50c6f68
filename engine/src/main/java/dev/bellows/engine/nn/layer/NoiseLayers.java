package dev.bellows.engine.nn.layer;

import dev.bellows.engine.graph.GradientFlow;
import dev.bellows.engine.graph.Graph;
import dev.bellows.engine.graph.Indexings;
import dev.bellows.engine.graph.Node;
import dev.bellows.engine.nn.Activation;
import dev.bellows.engine.nn.Initializer;
import dev.bellows.engine.sample.Distribution;
import dev.bellows.engine.tensor.Shape;
import java.util.Arrays;
import java.util.List;

/**
 * Layers that draw random numbers in training: a function of seed, step, slice and layer, as the
 * masks of dropout. When evaluating they give their mean, or what stands for it.
 */
final class NoiseLayers {
  static final List<LayerType> ALL =
      List.of(
          LayerType.named(
                  "spatial_dropout",
                  "Dropout of whole channels of [N, ..., C] (Tompson et al., CVPR 2015).")
              .option(Option.share("rate", "Share of channels set to 0.").or(0.5))
              .keepsShape()
              .body(NoiseLayers::spatialDropout),
          LayerType.named(
                  "drop_connect",
                  "Dense with a mask on its weights, fresh per row (Wan et al., ICML 2013); the masked weights take N x in x units numbers.")
              .option(Option.count("units", "Outputs of the layer."))
              .option(Option.share("rate", "Share of weights set to 0.").or(0.5))
              .option(CommonOptions.activation(Activation.LINEAR))
              .option(CommonOptions.bias())
              .option(CommonOptions.initializer())
              .body(NoiseLayers::dropConnect),
          LayerType.named("gaussian_noise", "x + sigma times standard normal numbers.")
              .option(
                  Option.real("sigma", "Deviation, at step 0 if steps is given.")
                      .in(Option.Range.NOT_NEGATIVE)
                      .or(0.1))
              .option(
                  Option.real("sigma_end", "Deviation from step steps on.")
                      .in(Option.Range.NOT_NEGATIVE)
                      .or(0))
              .option(Ramp.option("sigma goes to sigma_end; missing: it stays."))
              .keepsShape()
              .body(NoiseLayers::gaussianNoise),
          LayerType.named(
                  "gumbel_softmax",
                  "softmax((x + Gumbel numbers) / temperature): a nearly one-hot draw (Jang et al., ICLR 2017).")
              .option(
                  Option.real("temperature", "Smaller is closer to one-hot.")
                      .in(Option.Range.POSITIVE)
                      .or(1))
              .option(
                  Option.flag(
                      "hard", false, "One-hot forward, with the gradient of the soft draw."))
              .keepsShape()
              .body(NoiseLayers::gumbelSoftmax),
          LayerType.named(
                  "sampling",
                  "m + e^(v/2) times standard normal numbers of inputs m and v, or of one input [m, v] (Kingma and Welling, ICLR 2014); evaluating: m.")
              .inputs(2)
              .body(NoiseLayers::sampling));

  private NoiseLayers() {}

  private static Node spatialDropout(LayerContext c) {
    Node x = c.input();
    double rate = c.number("rate");
    if (!c.draws() || rate == 0) {
      return x;
    }
    int rank = x.shape().rank();
    if (rank < 3) {
      throw c.wrong(
          "expected channels [N, ..., C] of 3 or more axes, found "
              + LayerContext.text(x.shape())
              + ": use dropout");
    }
    int[] dims = new int[rank];
    Arrays.fill(dims, 1);
    dims[0] = x.shape().dim(0);
    dims[rank - 1] = x.shape().dim(-1);
    Graph g = c.graph();
    Node mask = g.dropout(g.constant(1, Shape.of(dims)), rate, c.dropoutId());
    return c.graph("").mul(x, mask);
  }

  private static Node dropConnect(LayerContext c) {
    Node x = c.input(2, "rows [N, features]");
    Graph g = c.graph();
    int rows = x.shape().dim(0);
    int in = x.shape().dim(1);
    int units = c.whole("units");
    double rate = c.number("rate");
    Node weight = c.parameter("weight", Shape.of(in, units), c.initializer(), true, in, units);
    Node sum;
    if (c.draws() && rate > 0) {
      Node each = g.broadcast(weight, Shape.of(rows, in, units));
      Node masked = g.dropout(each, rate, c.dropoutId());
      Node row = g.reshape(x, Shape.of(rows, 1, in));
      Node product = Indexings.batchMatmul(c.graph("matmul"), row, masked, false, false);
      sum = g.reshape(product, Shape.of(rows, units));
    } else {
      sum = c.graph("matmul").matmul(x, weight);
    }
    if (c.flag("bias")) {
      Node bias = c.parameter("bias", Shape.of(units), Initializer.ZERO, false, in, units);
      sum = c.graph("add_bias").add(sum, bias);
    }
    return c.activate(sum);
  }

  private static Node gaussianNoise(LayerContext c) {
    Node x = c.input();
    Node progress = c.has("steps") ? Ramp.progress(c) : null; // a state of both modes' layout
    if (!c.draws()) {
      return x;
    }
    Graph g = c.graph();
    Node draws = g.random(Distribution.NORMAL, x.shape(), c.dropoutId());
    double sigma = c.number("sigma");
    Node noise =
        progress == null
            ? g.mul(draws, sigma)
            : g.mul(
                draws,
                g.add(
                    g.mul(progress, c.number("sigma_end") - sigma),
                    g.constant(sigma, Shape.SCALAR)));
    return c.graph("").add(x, noise);
  }

  private static Node gumbelSoftmax(LayerContext c) {
    Node x = c.input();
    Graph g = c.graph();
    Node scores = c.draws() ? g.add(x, g.random(Distribution.GUMBEL, x.shape(), c.dropoutId())) : x;
    Node soft = g.softmax(scores, c.number("temperature"));
    if (!c.flag("hard")) {
      return soft;
    }
    Node hard = Indexings.oneHot(g, g.argmax(scores), x.shape().dim(-1));
    return GradientFlow.valueWithGradientOf(g, hard, soft);
  }

  private static Node sampling(LayerContext c) {
    Node mean = c.input();
    Node logVariance = c.input(1);
    Graph g = c.graph();
    if (logVariance == null) {
      int axis = mean.shape().rank() - 1;
      int width = mean.shape().dim(-1);
      if (width % 2 != 0) {
        throw c.wrong(
            "expected means and log-variances side by side [N, ..., 2 D], found "
                + LayerContext.text(mean.shape()));
      }
      logVariance = g.slice(mean, axis, width / 2, width);
      mean = g.slice(mean, axis, 0, width / 2);
    } else if (!mean.shape().equals(logVariance.shape())) {
      throw c.wrong(
          "expected means and log-variances of one shape, found "
              + LayerContext.text(mean.shape())
              + " and "
              + LayerContext.text(logVariance.shape()));
    }
    if (!c.draws()) {
      return mean;
    }
    Node draws = g.random(Distribution.NORMAL, mean.shape(), c.dropoutId());
    Node deviation = g.exp(g.mul(logVariance, 0.5));
    return c.graph("").add(mean, g.mul(deviation, draws));
  }
}
