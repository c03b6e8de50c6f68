package dev.bellows.engine.nn.loss;

import dev.bellows.engine.graph.Graph;
import dev.bellows.engine.graph.Indexings;
import dev.bellows.engine.graph.Node;
import dev.bellows.engine.graph.StructuredLosses;
import dev.bellows.engine.nn.layer.Option;
import dev.bellows.engine.tensor.Shape;

/** Focal losses, overlaps of masks, and divergence from a distribution over classes. */
public final class ClassLosses {
  /** One class of K, easy rows count less; labels int [N, P]. */
  public static final LossType FOCAL =
      LossType.named("Cross-entropy times (1 - p)^gamma (Lin et al., 2017).", LossType.Truth.LABELS)
          .option(gamma())
          .option(CoreLosses.classWeights())
          .classifies(LossType.Prediction.SOFTMAX)
          .check(
              (outputs, options) ->
                  outputs < 2
                      ? few("focal", outputs, "sigmoid_focal")
                      : CoreLosses.weights("focal", options, outputs))
          .body(
              c ->
                  c.weighted(
                      StructuredLosses.focal(c.graph(), c.output(), c.truth(), c.number("gamma"))));

  /** K yes/no outputs, easy ones count less. */
  public static final LossType SIGMOID_FOCAL =
      LossType.named(
              "Binary cross-entropy times (1 - p)^gamma (Lin et al., 2017).", LossType.Truth.TARGET)
          .option(gamma())
          .option(Option.share("alpha", "Weight of target 1; target 0 has the rest.").or(0.25))
          .classifies(LossType.Prediction.SIGMOID)
          .body(
              c ->
                  c.weighted(
                      StructuredLosses.sigmoidFocal(
                          c.graph(), c.output(), c.truth(), c.number("gamma"), c.number("alpha"))));

  /** Overlap of a row's yes/no outputs with its target. */
  public static final LossType DICE =
      LossType.named(
              "1 - 2 |P T| / (|P| + |T|) of a row's sigmoid outputs (Milletari et al., 2016).",
              LossType.Truth.TARGET)
          .option(smooth())
          .classifies(LossType.Prediction.SIGMOID)
          .body(
              c ->
                  c.weighted(
                      StructuredLosses.dice(c.graph(), shares(c), c.truth(), c.number("smooth"))));

  /** Soft intersection over union. */
  public static final LossType JACCARD =
      LossType.named(
              "1 - soft intersection over union of a row's sigmoid outputs (Rahman and Wang, 2016).",
              LossType.Truth.TARGET)
          .option(smooth())
          .classifies(LossType.Prediction.SIGMOID)
          .body(
              c ->
                  c.weighted(
                      StructuredLosses.jaccard(
                          c.graph(), shares(c), c.truth(), c.number("smooth"))));

  /** Overlap with unequal prices of the two kinds of error. */
  public static final LossType TVERSKY =
      LossType.named(
              "1 - TP / (TP + alpha FP + beta FN) of a row's sigmoid outputs (Salehi et al., 2017).",
              LossType.Truth.TARGET)
          .option(
              Option.real("alpha", "Price of a false alarm.").in(Option.Range.NOT_NEGATIVE).or(0.3))
          .option(Option.real("beta", "Price of a miss.").in(Option.Range.NOT_NEGATIVE).or(0.7))
          .option(smooth())
          .classifies(LossType.Prediction.SIGMOID)
          .body(
              c ->
                  c.weighted(
                      StructuredLosses.tversky(
                          c.graph(),
                          shares(c),
                          c.truth(),
                          c.number("alpha"),
                          c.number("beta"),
                          c.number("smooth"))));

  /** Dice per class over the positions of a row; labels int [N, P]. */
  public static final LossType SOFTMAX_DICE =
      LossType.named(
              "Mean over classes of 1 - Dice over a row's labelled positions, softmax outputs.",
              LossType.Truth.LABELS)
          .option(smooth())
          .classifies(LossType.Prediction.SOFTMAX)
          .check((outputs, options) -> outputs < 2 ? few("softmax_dice", outputs, "dice") : null)
          .body(ClassLosses::softmaxDice);

  /** Distance from a target that is a distribution over K classes. */
  public static final LossType KULLBACK_LEIBLER =
      LossType.named(
              "sum t ln(t / q), q the softmax of the outputs, t shares of sum 1.",
              LossType.Truth.TARGET)
          .predicts(LossType.Prediction.SOFTMAX)
          .check(
              (outputs, options) ->
                  outputs < 2 ? few("kullback_leibler", outputs, "sigmoid_cross_entropy") : null)
          .body(
              c ->
                  c.weighted(
                      StructuredLosses.kullbackLeibler(
                          c.graph(), c.truth(), c.graph().logSoftmax(c.output()))));

  private ClassLosses() {}

  private static Option gamma() {
    return Option.real("gamma", "How much less easy rows count; 0 is cross-entropy.")
        .in(Option.Range.NOT_NEGATIVE)
        .or(2);
  }

  private static Option smooth() {
    return Option.real("smooth", "Added above and below the fraction.")
        .in(Option.Range.POSITIVE)
        .or(1);
  }

  private static String few(String loss, int outputs, String fits) {
    return "loss "
        + loss
        + " needs 2 or more outputs (one per class), the network has "
        + outputs
        + ": for one output use "
        + fits;
  }

  private static Node shares(LossContext c) {
    return c.graph().sigmoid(c.output());
  }

  /** A position without a label has weight 0 and is left out of the sums. */
  private static Node softmaxDice(LossContext c) {
    Graph g = c.graph();
    int rows = c.rows();
    int classes = c.output().shape().dim(1);
    int positions = c.output().shape().dim(0) / rows;
    Node labelled = g.reshape(g.sign(c.weights()), Shape.of(rows * positions, 1));
    Node shares = g.mul(g.softmax(c.output(), 1), labelled);
    Node chosen = g.mul(Indexings.oneHot(g, c.truth(), classes), labelled);
    Node loss =
        StructuredLosses.dice(
            g,
            perClass(g, shares, rows, positions, classes),
            perClass(g, chosen, rows, positions, classes),
            c.number("smooth")); // [N * K]
    Node mean = g.reduceMean(g.reshape(loss, Shape.of(rows, classes)), 1);
    Node weights = g.reduceSum(g.reshape(c.weights(), Shape.of(rows, positions)), 1);
    return c.named().reduceSum(g.mul(mean, weights));
  }

  /** [N * P, K] as [N * K, P]. */
  private static Node perClass(Graph g, Node x, int rows, int positions, int classes) {
    Node split = g.reshape(x, Shape.of(rows, positions, classes));
    return g.reshape(Indexings.permute(g, split, 0, 2, 1), Shape.of(rows * classes, positions));
  }
}
