package dev.bellows.engine.nn.loss;

import dev.bellows.engine.graph.Graph;
import dev.bellows.engine.graph.Node;
import dev.bellows.engine.graph.StructuredLosses;
import dev.bellows.engine.nn.layer.Option;
import dev.bellows.engine.tensor.Shape;
import org.jspecify.annotations.Nullable;

/**
 * Losses on where rows lie in a space, and on what a code is distributed like. Their output is no
 * prediction of a target: a pair or a triplet of embeddings side by side ({@code concat} of the
 * branches), or means and log-variances.
 */
public final class EmbeddingLosses {
  /** Anchor, positive and negative side by side. */
  public static final LossType TRIPLET =
      LossType.named(
              "max(0, |a - p| - |a - n| + margin), output [a, p, n] (Schroff et al., 2015).",
              LossType.Truth.NONE)
          .option(margin(1))
          .check((outputs, options) -> parts("triplet", outputs, 3))
          .body(
              c ->
                  c.weighted(
                      StructuredLosses.triplet(
                          c.graph(),
                          part(c, 0, 3),
                          part(c, 1, 3),
                          part(c, 2, 3),
                          c.number("margin"))));

  /** Triplets mined within a slice; labels int [N]. */
  public static final LossType BATCH_HARD_TRIPLET =
      LossType.named(
              "Triplets of each row with its farthest of the same and its nearest of another label in the slice (Hermans et al., 2017).",
              LossType.Truth.LABELS)
          .option(Option.count("classes", "Number of labels."))
          .option(margin(0.2))
          .embeds()
          .body(
              c ->
                  c.weighted(
                      StructuredLosses.batchHardTriplet(
                          c.graph(),
                          c.output(),
                          c.truth(),
                          (int) c.number("classes"),
                          c.number("margin"))));

  /** Two embeddings side by side, target 1 for a pair of one kind. */
  public static final LossType CONTRASTIVE =
      LossType.named(
              "t d^2 / 2 + (1 - t) max(0, margin - d)^2 / 2, d the distance in [a, b] (Hadsell et al., 2006).",
              LossType.Truth.ROW)
          .option(margin(1))
          .check((outputs, options) -> parts("contrastive", outputs, 2))
          .body(
              c ->
                  c.weighted(
                      StructuredLosses.contrastive(
                          c.graph(), part(c, 0, 2), part(c, 1, 2), alike(c), c.number("margin"))));

  /** As {@link #CONTRASTIVE}, by cosine. */
  public static final LossType COSINE_EMBEDDING =
      LossType.named(
              "1 - cos(a, b) for target 1, max(0, cos(a, b) - margin) for 0, output [a, b].",
              LossType.Truth.ROW)
          .option(margin(0))
          .check((outputs, options) -> parts("cosine_embedding", outputs, 2))
          .body(
              c ->
                  c.weighted(
                      StructuredLosses.cosineEmbedding(
                          c.graph(), part(c, 0, 2), part(c, 1, 2), alike(c), c.number("margin"))));

  /** Two views of each row side by side: find the partner among all rows of the slice. */
  public static final LossType INFO_NCE =
      LossType.named(
              "NT-Xent: each view finds its partner among the slice, output [a, b] (Chen et al., 2020).",
              LossType.Truth.NONE)
          .option(
              Option.real("temperature", "Smaller is stricter.").in(Option.Range.POSITIVE).or(0.5))
          .check((outputs, options) -> parts("info_nce", outputs, 2))
          .body(
              c -> {
                Graph g = c.graph();
                Node views =
                    StructuredLosses.infoNce(
                        g, part(c, 0, 2), part(c, 1, 2), c.number("temperature")); // [2N]
                Node rows = g.reduceMean(g.reshape(views, Shape.of(2, c.rows())), 0);
                return c.weighted(rows);
              });

  /** How far a Gaussian code is from the standard one: [means, log-variances]. */
  public static final LossType GAUSSIAN_KULLBACK_LEIBLER =
      LossType.named(
              "KL of N(m, e^v) from N(0, 1), output [m, v] (Kingma and Welling, 2014).",
              LossType.Truth.NONE)
          .check((outputs, options) -> parts("gaussian_kullback_leibler", outputs, 2))
          .body(
              c ->
                  c.weighted(
                      StructuredLosses.gaussianKullbackLeibler(
                          c.graph(), part(c, 0, 2), part(c, 1, 2))));

  private EmbeddingLosses() {}

  private static Option margin(double otherwise) {
    return Option.real("margin", "Distance that is wanted.")
        .in(Option.Range.NOT_NEGATIVE)
        .or(otherwise);
  }

  static @Nullable String parts(String loss, int outputs, int parts) {
    return outputs % parts == 0
        ? null
        : "loss "
            + loss
            + " reads "
            + parts
            + " parts of equal width side by side, the network has "
            + outputs
            + " outputs";
  }

  /** Part {@code i} of the output's columns. */
  private static Node part(LossContext c, int i, int parts) {
    int width = c.output().shape().dim(1) / parts;
    return c.graph().slice(c.output(), 1, i * width, (i + 1) * width);
  }

  /** Target [N, 1] as [N]. */
  private static Node alike(LossContext c) {
    return c.graph().reshape(c.truth(), Shape.of(c.rows()));
  }
}
