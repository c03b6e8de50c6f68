package dev.bellows.engine.nn.loss;

import dev.bellows.engine.graph.Graph;
import dev.bellows.engine.graph.Node;
import dev.bellows.engine.graph.StructuredLosses;
import dev.bellows.engine.nn.layer.Option;
import dev.bellows.engine.tensor.Shape;

/**
 * The two sides of adversarial training (I. Goodfellow et al., "Generative adversarial nets",
 * NeurIPS 2014), on raw scores of "real". A row may have several scores, for several places of an
 * image: their mean counts.
 */
public final class AdversarialLosses {
  /** What the judge makes small: scores of real rows and of made ones side by side. */
  public static final LossType DISCRIMINATOR =
      LossType.named(
              "Tells real from made, output [real, made]: -ln D - ln(1 - D) (Goodfellow et al., 2014), or form hinge or least_squares.",
              LossType.Truth.NONE)
          .option(
              Option.word(
                      "form",
                      "logistic; hinge (Lim and Ye, 2017); least_squares (Mao et al., ICCV 2017).",
                      "logistic",
                      "hinge",
                      "least_squares")
                  .or("logistic"))
          .check((outputs, options) -> EmbeddingLosses.parts("discriminator", outputs, 2))
          .body(c -> c.weighted(discriminator(c)));

  /** What the maker of rows makes small: the judge's scores of them. */
  public static final LossType GENERATOR =
      LossType.named(
              "Has made rows taken for real: -ln D, ln(1 - D) in form minimax, or form hinge or least_squares.",
              LossType.Truth.NONE)
          .option(
              Option.word(
                      "form",
                      "logistic; minimax, which has no slope while the judge wins; hinge; least_squares.",
                      "logistic",
                      "minimax",
                      "hinge",
                      "least_squares")
                  .or("logistic"))
          .body(c -> c.weighted(generator(c)));

  private AdversarialLosses() {}

  private static Node discriminator(LossContext c) {
    Graph g = c.graph();
    int places = c.output().shape().dim(1) / 2;
    Node real = g.slice(c.output(), 1, 0, places);
    Node made = g.slice(c.output(), 1, places, 2 * places);
    Node one = g.constant(1, Shape.SCALAR);
    Node losses =
        switch (form(c)) {
          case "hinge" -> g.add(g.relu(g.sub(one, real)), g.relu(g.add(one, made)));
          case "least_squares" -> g.add(square(g, g.sub(real, one)), square(g, made));
          default -> StructuredLosses.discriminator(g, real, made);
        };
    return g.reduceMean(losses, 1);
  }

  private static Node generator(LossContext c) {
    Graph g = c.graph();
    Node made = c.output();
    Node losses =
        switch (form(c)) {
          case "hinge" -> g.neg(made);
          case "least_squares" -> square(g, g.sub(made, g.constant(1, Shape.SCALAR)));
          default -> StructuredLosses.generator(g, made, form(c).equals("minimax"));
        };
    return g.reduceMean(losses, 1);
  }

  private static String form(LossContext c) {
    return String.valueOf(c.options().get("form"));
  }

  private static Node square(Graph g, Node x) {
    return g.mul(g.mul(x, x), 0.5);
  }
}
