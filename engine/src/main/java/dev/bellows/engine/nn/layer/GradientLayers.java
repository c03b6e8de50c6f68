package dev.bellows.engine.nn.layer;

import dev.bellows.engine.graph.GradientFlow;
import dev.bellows.engine.graph.Graph;
import dev.bellows.engine.graph.Indexings;
import dev.bellows.engine.graph.Node;
import dev.bellows.engine.tensor.Shape;
import java.util.List;

/** Layers whose gradient is not that of their value. */
final class GradientLayers {
  static final List<LayerType> ALL =
      List.of(
          LayerType.named(
                  "gradient_reversal",
                  "x; its gradient is multiplied by -factor (Ganin and Lempitsky, ICML 2015).")
              .option(
                  Option.real("factor", "Strength of the reversal.")
                      .in(Option.Range.NOT_NEGATIVE)
                      .or(1))
              .option(
                  Ramp.option(
                      "the factor is reached, as factor (2 / (1 + e^(-10 p)) - 1) over shares p of them; missing: it is constant."))
              .keepsShape()
              .body(GradientLayers::gradientReversal),
          LayerType.named(
                  "straight_through",
                  "sign, step or rounding to levels, with the gradient of x inside the clip (Bengio et al., 2013).")
              .option(Option.word("kind", "Function of each value.", "sign", "step", "quantise"))
              .option(
                  Option.real("clip", "No gradient where |x| is larger.")
                      .in(Option.Range.POSITIVE)
                      .or(1))
              .option(
                  Option.count("levels", "Number of levels from -clip to clip, 2 to 256.")
                      .or(16)
                      .when("kind", "quantise"))
              .keepsShape()
              .body(GradientLayers::straightThrough),
          LayerType.named(
                  "top_k",
                  "The k largest values of the last axis as they are, the others replaced; ties: the first.")
              .option(Option.count("k", "How many values stay."))
              .option(Option.real("rest", "What the others become.").or(0))
              .keepsShape()
              .body(GradientLayers::topK));

  private GradientLayers() {}

  private static Node gradientReversal(LayerContext c) {
    Node x = c.input();
    Graph g = c.graph();
    double factor = c.number("factor");
    if (!c.has("steps")) {
      return GradientFlow.reverse(g, x, factor);
    }
    // 2 / (1 + e^(-10 p)) - 1 = tanh(5 p)
    Node strength = g.mul(g.tanh(g.mul(Ramp.progress(c), 5)), -factor);
    return GradientFlow.valueWithGradientOf(g, x, g.mul(x, strength));
  }

  private static Node straightThrough(LayerContext c) {
    Node x = c.input();
    Graph g = c.graph();
    double clip = c.number("clip");
    return switch (c.word("kind")) {
      case "sign" -> GradientFlow.signStraightThrough(g, x, clip);
      case "step" -> GradientFlow.stepStraightThrough(g, x, clip);
      default -> GradientFlow.quantise(g, x, -clip, clip, c.whole("levels"));
    };
  }

  /** k rounds of arg max, each without the values found before. */
  private static Node topK(LayerContext c) {
    Node x = c.input();
    Graph g = c.graph();
    int width = x.shape().dim(-1);
    int k = c.whole("k");
    if (k > width) {
      throw c.wrong("k is " + k + ", but the last axis has " + width + " values");
    }
    Node chosen = Indexings.oneHot(g, g.argmax(g.stopGradient(x)), width);
    for (int i = 1; i < k; i++) {
      Node left = g.sub(x, g.mul(chosen, 1e30));
      chosen = g.add(chosen, Indexings.oneHot(g, g.argmax(g.stopGradient(left)), width));
    }
    Node kept = g.mul(x, g.stopGradient(chosen));
    double rest = c.number("rest");
    return rest == 0
        ? kept
        : g.add(kept, g.mul(g.sub(g.constant(1, Shape.SCALAR), g.stopGradient(chosen)), rest));
  }
}
