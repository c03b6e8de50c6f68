package dev.bellows.engine.graph;

import dev.bellows.engine.tensor.DType;
import dev.bellows.engine.tensor.Shape;
import java.util.List;

/**
 * Losses beyond the pointwise ones, as compositions of other ops, so that their gradients of any
 * order come from the one table. N rows, K outputs, D features. Each gives one value per row, [N],
 * unless it says otherwise: multiply by row weights and sum.
 */
public final class StructuredLosses {
  /** Added under square roots and to denominators. */
  private static final double TINY = 1e-12;

  private StructuredLosses() {}

  // Classification and overlap.

  /**
   * (1 - p)^gamma (-ln p), p the softmax share of the true class (T.-Y. Lin et al., ICCV 2017).
   *
   * @param scores [N, K]
   * @param labels int [N]
   */
  public static Node focal(Graph g, Node scores, Node labels, double gamma) {
    ShapeRules.rank("focal", scores, 2);
    Node chosen = Indexings.oneHot(g, labels, scores.shape().dim(1));
    Node logP = g.reduceSum(g.mul(g.logSoftmax(scores), chosen), 1);
    return g.neg(g.mul(power(g, g.sub(one(g), g.exp(logP)), gamma), logP));
  }

  /**
   * The mean over outputs of the binary focal loss: alpha_t (1 - p_t)^gamma (-ln p_t), with alpha
   * for target 1 and 1 - alpha for target 0 (T.-Y. Lin et al., ICCV 2017).
   *
   * @param scores [N, K]
   * @param target [N, K] of 0 and 1
   */
  public static Node sigmoidFocal(Graph g, Node scores, Node target, double gamma, double alpha) {
    same("sigmoid_focal", scores, target);
    Node sign = g.sub(g.mul(target, 2), one(g));
    Node margin = g.mul(sign, scores);
    Node minusLog = g.softplus(g.neg(margin));
    Node wrong = g.sigmoid(g.neg(margin));
    Node balance = g.add(g.mul(target, 2 * alpha - 1), g.constant(1 - alpha, Shape.SCALAR));
    return g.reduceMean(g.mul(balance, g.mul(power(g, wrong, gamma), minusLog)), 1);
  }

  /** x^exponent for x of 0 or more; exponent 0 gives 1. */
  private static Node power(Graph g, Node x, double exponent) {
    return exponent == 0 ? g.constant(1, x.shape()) : g.pow(x, exponent);
  }

  /**
   * 1 - 2 sum(p t) / (sum p + sum t), over the outputs of a row (F. Milletari et al., 3DV 2016,
   * with plain sums); {@code smooth} is added above and below.
   *
   * @param shares [N, K] in [0, 1], for example of a sigmoid
   * @param target [N, K] in [0, 1]
   */
  public static Node dice(Graph g, Node shares, Node target, double smooth) {
    return tversky(g, shares, target, 0.5, 0.5, smooth);
  }

  /**
   * Soft intersection over union: 1 - sum(p t) / (sum p + sum t - sum(p t)) (M. Rahman, Y. Wang,
   * ISVC 2016). Arguments as of {@link #dice}.
   */
  public static Node jaccard(Graph g, Node shares, Node target, double smooth) {
    return tversky(g, shares, target, 1, 1, smooth);
  }

  /**
   * 1 - TP / (TP + alpha FP + beta FN) with soft counts (S. Salehi et al., MLMI 2017). Arguments as
   * of {@link #dice}.
   */
  public static Node tversky(
      Graph g, Node shares, Node target, double alpha, double beta, double smooth) {
    same("tversky", shares, target);
    Node hit = g.reduceSum(g.mul(shares, target), 1);
    Node falseAlarm = g.sub(g.reduceSum(shares, 1), hit);
    Node missed = g.sub(g.reduceSum(target, 1), hit);
    Node extra = g.constant(smooth, Shape.SCALAR);
    Node below = g.add(hit, g.add(g.mul(falseAlarm, alpha), g.mul(missed, beta)));
    return g.sub(one(g), g.div(g.add(hit, extra), g.add(below, extra)));
  }

  // Metric learning.

  /**
   * max(0, |a - p| - |a - n| + margin) with Euclidean distances (F. Schroff et al., CVPR 2015, who
   * square them).
   *
   * @param anchor [N, D], like the others
   */
  public static Node triplet(Graph g, Node anchor, Node positive, Node negative, double margin) {
    same("triplet", anchor, positive);
    same("triplet", anchor, negative);
    Node gap = g.sub(distance(g, anchor, positive), distance(g, anchor, negative));
    return g.relu(g.add(gap, g.constant(margin, Shape.SCALAR)));
  }

  private static Node distance(Graph g, Node a, Node b) {
    Node d = g.sub(a, b);
    return g.sqrt(g.add(g.reduceSum(g.mul(d, d), 1), g.constant(TINY, Shape.SCALAR)));
  }

  /**
   * Triplets mined within the batch: each row with its farthest row of the same label and its
   * nearest of another (A. Hermans et al., arXiv 1703.07737, 2017). A row whose label is alone, or
   * the only label, gives 0.
   *
   * @param x [N, D]
   * @param labels int [N]
   */
  public static Node batchHardTriplet(Graph g, Node x, Node labels, int classes, double margin) {
    ShapeRules.rank("batch_hard_triplet", x, 2);
    int rows = x.shape().dim(0);
    Node squares = g.reduce(Op.REDUCE_SUM, g.mul(x, x), true, 1);
    Node square =
        g.sub(g.add(squares, g.transpose(squares)), g.mul(g.matmul(x, x, false, true), 2));
    Node apart = g.sqrt(g.add(g.relu(square), g.constant(TINY, Shape.SCALAR))); // [N, N]
    Node chosen = Indexings.oneHot(g, labels, classes);
    Node same = g.matmul(chosen, chosen, false, true);
    Node other = g.sub(one(g), same);
    Node self = g.constant(identity(rows), Shape.of(rows, rows));
    Node positives = g.sub(same, self);
    Node far = g.constant(1e15, Shape.SCALAR);
    Node farthest = Reductions.max(g, g.mul(apart, positives), false, 1);
    Node nearest = Reductions.min(g, g.add(apart, g.mul(same, far)), false, 1);
    Node valid = g.mul(Reductions.max(g, positives, false, 1), Reductions.max(g, other, false, 1));
    Node gap = g.add(g.sub(farthest, nearest), g.constant(margin, Shape.SCALAR));
    return g.mul(g.relu(gap), valid);
  }

  private static double[] identity(int n) {
    double[] values = new double[n * n];
    for (int i = 0; i < n; i++) {
      values[i * n + i] = 1;
    }
    return values;
  }

  /**
   * y d^2 / 2 + (1 - y) max(0, margin - d)^2 / 2, d the Euclidean distance (R. Hadsell et al., CVPR
   * 2006).
   *
   * @param a [N, D], like b
   * @param alike [N], 1 for a pair of one kind, else 0
   */
  public static Node contrastive(Graph g, Node a, Node b, Node alike, double margin) {
    same("contrastive", a, b);
    Node d = distance(g, a, b);
    Node lack = g.relu(g.sub(g.constant(margin, Shape.SCALAR), d));
    Node apart = g.mul(g.sub(one(g), alike), g.mul(lack, lack));
    return g.mul(g.add(g.mul(alike, g.mul(d, d)), apart), 0.5);
  }

  /**
   * InfoNCE over two views in the form NT-Xent: of the 2N - 1 other rows, each row's partner is to
   * be the most alike by cosine over {@code temperature} (T. Chen et al., ICML 2020): [2N], first
   * the rows of a.
   *
   * @param a [N, D], like b, its other view
   */
  public static Node infoNce(Graph g, Node a, Node b, double temperature) {
    same("info_nce", a, b);
    int rows = a.shape().dim(0);
    Node all = normalised(g, g.concat(0, List.of(a, b)));
    Node scores = g.mul(g.matmul(all, all, false, true), 1 / temperature);
    Node self = g.constant(identity(2 * rows), Shape.of(2 * rows, 2 * rows));
    double[] partner = new double[4 * rows * rows];
    for (int i = 0; i < 2 * rows; i++) {
      partner[i * 2 * rows + (i + rows) % (2 * rows)] = 1;
    }
    Node others = g.sub(scores, g.mul(self, 1e9));
    Node logs = g.logSoftmax(others);
    return g.neg(g.reduceSum(g.mul(logs, g.constant(partner, Shape.of(2 * rows, 2 * rows))), 1));
  }

  /** Rows of length 1. */
  private static Node normalised(Graph g, Node x) {
    Node square = g.reduce(Op.REDUCE_SUM, g.mul(x, x), true, 1);
    return g.div(x, g.sqrt(g.add(square, g.constant(TINY, Shape.SCALAR))));
  }

  /**
   * 1 - cos(a, b) for alike 1; max(0, cos(a, b) - margin) for alike 0.
   *
   * @param a [N, D], like b
   * @param alike [N] of 0 and 1
   */
  public static Node cosineEmbedding(Graph g, Node a, Node b, Node alike, double margin) {
    same("cosine_embedding", a, b);
    Node cosine = g.reduceSum(g.mul(normalised(g, a), normalised(g, b)), 1);
    Node apart = g.relu(g.sub(cosine, g.constant(margin, Shape.SCALAR)));
    return g.add(g.mul(alike, g.sub(one(g), cosine)), g.mul(g.sub(one(g), alike), apart));
  }

  // Divergences.

  /**
   * KL(P || Q) = sum p (ln p - ln q); a share p of 0 adds 0.
   *
   * @param p [N, K], rows of sum 1
   * @param logQ [N, K], logarithms of Q, for example of {@link Graph#logSoftmax}
   */
  public static Node kullbackLeibler(Graph g, Node p, Node logQ) {
    same("kullback_leibler", p, logQ);
    Node logP = g.log(g.max(p, g.constant(1e-30, Shape.SCALAR)));
    return g.reduceSum(g.mul(p, g.sub(logP, logQ)), 1);
  }

  /**
   * KL of N(mean, e^logVariance) from N(0, 1), summed over the D dimensions: -1/2 sum(1 + ln s^2 -
   * m^2 - s^2) (D. Kingma, M. Welling, ICLR 2014).
   *
   * @param mean [N, D], like logVariance
   */
  public static Node gaussianKullbackLeibler(Graph g, Node mean, Node logVariance) {
    same("gaussian_kullback_leibler", mean, logVariance);
    Node inside = g.sub(g.sub(g.add(one(g), logVariance), g.mul(mean, mean)), g.exp(logVariance));
    return g.mul(g.reduceSum(inside, 1), -0.5);
  }

  // Regression; means over the K outputs. Output and target [N, K].

  /**
   * max(q (t - o), (q - 1)(t - o)): its minimum is the q-quantile (R. Koenker, G. Bassett, 1978).
   */
  public static Node pinball(Graph g, Node output, Node target, double quantile) {
    same("pinball", output, target);
    Node lack = g.sub(target, output);
    return g.reduceMean(g.max(g.mul(lack, quantile), g.mul(lack, quantile - 1)), 1);
  }

  /** e^o - t o: the negative log-likelihood of counts t with rate e^o, but for a constant. */
  public static Node poisson(Graph g, Node output, Node target) {
    same("poisson", output, target);
    return g.reduceMean(g.sub(g.exp(output), g.mul(target, output)), 1);
  }

  /** ln cosh(o - t), as e + softplus(-2 e) - ln 2, which does not overflow. */
  public static Node logCosh(Graph g, Node output, Node target) {
    same("log_cosh", output, target);
    Node error = g.sub(output, target);
    Node value = g.add(error, g.softplus(g.mul(error, -2)));
    return g.reduceMean(g.sub(value, g.constant(Math.log(2), Shape.SCALAR)), 1);
  }

  /** Sum over elements of |a - b|: cycle consistency compares F(G(x)) with x (J.-Y. Zhu, 2017). */
  public static Node distanceOne(Graph g, Node a, Node b) {
    same("distance_one", a, b);
    return g.reduceSum(g.abs(g.sub(a, b)), 1);
  }

  // Adversarial training (I. Goodfellow et al., NeurIPS 2014); scores are logits of "real", [N].

  /** -(ln D(x) + ln(1 - D(G(z)))) per pair of rows: what the discriminator makes small. */
  public static Node discriminator(Graph g, Node realScores, Node fakeScores) {
    same("discriminator", realScores, fakeScores);
    return g.add(g.softplus(g.neg(realScores)), g.softplus(fakeScores));
  }

  /**
   * What the generator makes small: -ln D(G(z)), or ln(1 - D(G(z))) when {@code saturating}, whose
   * gradient vanishes while the discriminator wins.
   */
  public static Node generator(Graph g, Node fakeScores, boolean saturating) {
    return saturating ? g.neg(g.softplus(fakeScores)) : g.softplus(g.neg(fakeScores));
  }

  private static void same(String what, Node a, Node b) {
    if (a.dtype() != DType.FLOAT32 || !a.shape().equals(b.shape())) {
      throw new GraphException(
          "loss "
              + what
              + ": expected two tensors of numbers of one shape, got "
              + a
              + " and "
              + b);
    }
  }

  private static Node one(Graph g) {
    return g.constant(1, Shape.SCALAR);
  }
}
