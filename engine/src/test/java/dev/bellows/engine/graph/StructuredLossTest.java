package dev.bellows.engine.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.bellows.engine.tensor.Shape;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.apache.commons.math3.linear.Array2DRowRealMatrix;
import org.apache.commons.math3.linear.SingularValueDecomposition;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Composed losses: gradients by differences, values by hand and by PyTorch 2.13. */
final class StructuredLossTest {
  private static final double[] BITS = {1, 0, 0, 1, 1, 0, 0, 1, 1, 1, 0, 0};
  private static final int[] LABELS = {0, 2, 1, 2};

  private final GradientCheck c = new GradientCheck(1);
  private final Graph g = c.graph;

  private record Case(String name, Function<GradientCheck, Node> loss) {}

  private static Node target(GradientCheck c) {
    return c.fixed(BITS, 4, 3);
  }

  private static Node alike(GradientCheck c) {
    return c.fixed(new double[] {1, 0, 0, 1}, 4);
  }

  private static final List<Case> CASES =
      List.of(
          new Case(
              "focal", c -> StructuredLosses.focal(c.graph, c.normal(4, 3), c.ints(LABELS, 4), 2)),
          new Case(
              "sigmoid focal",
              c -> StructuredLosses.sigmoidFocal(c.graph, c.normal(4, 3), target(c), 2, 0.25)),
          new Case("dice", c -> StructuredLosses.dice(c.graph, c.positive(4, 3), target(c), 1)),
          new Case(
              "jaccard", c -> StructuredLosses.jaccard(c.graph, c.positive(4, 3), target(c), 1)),
          new Case(
              "tversky",
              c -> StructuredLosses.tversky(c.graph, c.positive(4, 3), target(c), 0.3, 0.7, 0.5)),
          new Case(
              "triplet",
              c ->
                  StructuredLosses.triplet(
                      c.graph, c.normal(4, 3), c.normal(4, 3), c.normal(4, 3), 1)),
          new Case(
              "batch hard",
              c ->
                  StructuredLosses.batchHardTriplet(
                      c.graph, c.normal(4, 3), c.ints(new int[] {0, 1, 1, 0}, 4), 2, 1)),
          new Case(
              "contrastive",
              c ->
                  StructuredLosses.contrastive(
                      c.graph, c.normal(4, 3), c.normal(4, 3), alike(c), 2)),
          new Case(
              "info nce",
              c -> StructuredLosses.infoNce(c.graph, c.normal(4, 3), c.normal(4, 3), 0.5)),
          new Case(
              "cosine",
              c ->
                  StructuredLosses.cosineEmbedding(
                      c.graph, c.normal(4, 3), c.normal(4, 3), alike(c), -0.9)),
          new Case(
              "kl",
              c ->
                  StructuredLosses.kullbackLeibler(
                      c.graph, c.positive(4, 3), c.graph.logSoftmax(c.normal(4, 3)))),
          new Case(
              "gaussian kl",
              c ->
                  StructuredLosses.gaussianKullbackLeibler(
                      c.graph, c.normal(4, 3), c.normal(4, 3))),
          new Case(
              "pinball", c -> StructuredLosses.pinball(c.graph, c.normal(4, 3), target(c), 0.9)),
          new Case("poisson", c -> StructuredLosses.poisson(c.graph, c.normal(4, 3), target(c))),
          new Case("log cosh", c -> StructuredLosses.logCosh(c.graph, c.normal(4, 3), target(c))),
          new Case(
              "distance", c -> StructuredLosses.distanceOne(c.graph, c.normal(4, 3), target(c))),
          new Case(
              "discriminator",
              c -> StructuredLosses.discriminator(c.graph, c.normal(4), c.normal(4))),
          new Case("generator", c -> StructuredLosses.generator(c.graph, c.normal(4), false)),
          new Case(
              "saturating generator", c -> StructuredLosses.generator(c.graph, c.normal(4), true)),
          new Case(
              "weight norm", c -> GradientFlow.weightNorm(c.graph, c.normal(4, 3), c.normal(3))));

  @TestFactory
  Stream<DynamicTest> differences() {
    return CASES.stream()
        .flatMap(
            one ->
                Stream.of(1L, 2L, 3L)
                    .map(
                        seed ->
                            DynamicTest.dynamicTest(
                                one.name() + " " + seed,
                                () -> {
                                  GradientCheck check = new GradientCheck(seed);
                                  check.verify(one.name(), one.loss().apply(check));
                                })));
  }

  private void value(Node node, double... expected) {
    double[] found = c.run.value(node);
    assertThat(found).hasSameSizeAs(expected);
    for (int i = 0; i < found.length; i++) {
      assertThat(found[i]).isCloseTo(expected[i], within(1e-9));
    }
  }

  /**
   * torch.nn.functional: triplet_margin_loss, cosine_embedding_loss, poisson_nll_loss and kl_div
   * with reduction none (sums over the last axis), 2.13.0, eps 0:
   *
   * <pre>
   * a = torch.tensor([[1., 2.], [-1., .5]]); b = torch.tensor([[.5, 1.], [2., -1.]])
   * n = torch.tensor([[0., -1.], [.3, .3]])
   * F.triplet_margin_loss(a, b, n, margin=1., eps=0., reduction='none')
   * F.cosine_embedding_loss(a, b, torch.tensor([1, -1]), margin=-.9, reduction='none')
   * F.poisson_nll_loss(a, torch.tensor([[2., 0.], [1., 3.]]), reduction='none').mean(1)
   * F.kl_div(a.log_softmax(1), b.softmax(1), reduction='none').sum(1)
   * </pre>
   */
  @Test
  void valuesOfPyTorch() {
    Node a = c.of(new double[] {1, 2, -1, 0.5}, 2, 2);
    Node b = c.of(new double[] {0.5, 1, 2, -1}, 2, 2);
    Node n = c.of(new double[] {0, -1, 0.3, 0.3}, 2, 2);
    value(StructuredLosses.triplet(g, a, b, n, 1), 0.000000000000, 3.038807322453);
    Node alike = c.fixed(new double[] {1, 0}, 2);
    value(StructuredLosses.cosineEmbedding(g, a, b, alike, -0.9), 0.000000000001, 0.000000000000);
    Node counts = c.fixed(new double[] {2, 0, 1, 3}, 2, 2);
    value(StructuredLosses.poisson(g, a, counts), 4.053668963695, 0.758300355936);
    value(
        StructuredLosses.kullbackLeibler(g, g.softmax(b, 1), g.logSoftmax(a)),
        0.027955037737,
        1.439409497110);
  }

  @Test
  void focalWithoutFocusIsCrossEntropy() {
    Node scores = c.normal(4, 3);
    Node ones = g.constant(1, Shape.of(4));
    double expected = c.run.scalar(g.softmaxCrossEntropy(scores, c.ints(LABELS, 4), ones, 0));
    Node focal = StructuredLosses.focal(g, scores, c.ints(LABELS, 4), 0);
    assertThat(c.run.scalar(g.reduceSum(focal))).isCloseTo(expected, within(1e-12));
    Node binary = g.sigmoidCrossEntropy(scores, target(c), ones, 0);
    Node balanced = StructuredLosses.sigmoidFocal(g, scores, target(c), 0, 0.5);
    assertThat(2 * c.run.scalar(g.reduceSum(balanced)))
        .isCloseTo(c.run.scalar(binary), within(1e-12));
  }

  @Test
  void overlapsByHand() {
    Node shares = c.of(new double[] {1, 0.5, 0}, 1, 3);
    Node truth = c.fixed(new double[] {1, 1, 0}, 1, 3);
    // hit 1.5, sum of shares 1.5, sum of truth 2
    value(StructuredLosses.dice(g, shares, truth, 0), 1 - 3 / 3.5);
    value(StructuredLosses.jaccard(g, shares, truth, 0), 1 - 1.5 / 2);
    value(StructuredLosses.tversky(g, shares, truth, 0.3, 0.7, 0), 1 - 1.5 / (1.5 + 0.7 * 0.5));
  }

  @Test
  void batchHardMinesTheHardest() {
    // On a line: 0 and 3 of class 0, 1 and 10 of class 1. Alone: class 2.
    Node x = c.of(new double[] {0, 3, 1, 10, 100}, 5, 1);
    Node labels = c.ints(new int[] {0, 0, 1, 1, 2}, 5);
    Node loss = StructuredLosses.batchHardTriplet(g, x, labels, 3, 0.5);
    double[] found = c.run.value(loss);
    double[] expected = {3 - 1 + 0.5, 3 - 2 + 0.5, 9 - 1 + 0.5, 9 - 7 + 0.5, 0};
    for (int i = 0; i < 5; i++) {
      assertThat(found[i]).isCloseTo(expected[i], within(1e-5));
    }
  }

  @Test
  @DisplayName("LOS-13 adversarial loss: the value at D = 1/2 is -2 ln 2")
  void adversarialValue() {
    Node half = c.of(new double[] {0}, 1);
    value(g.neg(StructuredLosses.discriminator(g, half, half)), -2 * Math.log(2));
    assertThat(-2 * Math.log(2)).isCloseTo(-1.3863, within(1e-4));
  }

  @Test
  @DisplayName("LOS-14 non-saturating generator: slope -1 at D = 1e-4, the saturating one's -1e-4")
  void generatorSlopes() {
    Node logit = c.of(new double[] {Math.log(1e-4 / (1 - 1e-4))}, 1);
    for (boolean saturating : new boolean[] {false, true}) {
      Node loss = g.reduceSum(StructuredLosses.generator(g, logit, saturating));
      Node slope = Expansion.only(Gradients.reverse(g, loss, List.of(logit)));
      assertThat(c.run.value(slope)[0]).isCloseTo(saturating ? -1e-4 : -(1 - 1e-4), within(1e-12));
    }
  }

  @Test
  @DisplayName("LOS-15 cycle consistency: 0 where F is the inverse of G")
  void cycleOfAnInverse() {
    Node x = c.normal(4, 2);
    Node turn = c.of(new double[] {0.6, 0.8, -0.8, 0.6}, 2, 2);
    Node back = g.matmul(g.matmul(x, turn), turn, false, true);
    value(StructuredLosses.distanceOne(g, back, x), 0, 0, 0, 0);
    Node shifted = g.add(x, g.constant(0.5, Shape.SCALAR));
    value(StructuredLosses.distanceOne(g, shifted, x), 1, 1, 1, 1);
  }

  @Test
  @DisplayName("LOS-18 InfoNCE: 4 equal pairs give ln 7 = 1.9459")
  void infoNceOfEqualRows() {
    Node a = c.of(new double[] {1, 2, 1, 2, 1, 2, 1, 2}, 4, 2);
    double[] expected = new double[8];
    java.util.Arrays.fill(expected, Math.log(7));
    value(StructuredLosses.infoNce(g, a, a, 0.1), expected);
    assertThat(Math.log(7)).isCloseTo(1.9459, within(1e-4));
  }

  @Test
  void quantileOfAConstantPredictor() {
    // With q = 0.75 and targets 1..4 the loss is flat between the third and the fourth.
    double[] at = new double[3];
    for (int i = 0; i < 3; i++) {
      Node o = c.of(new double[] {2.5 + i * 0.75}, 1, 1);
      Node t = c.fixed(new double[] {1, 2, 3, 4}, 4, 1);
      Node wide = g.broadcast(o, Shape.of(4, 1));
      at[i] = c.run.scalar(g.reduceSum(StructuredLosses.pinball(g, wide, t, 0.75)));
    }
    assertThat(at[1]).isCloseTo(at[2], within(1e-12)).isLessThan(at[0]);
  }

  @Test
  @DisplayName("DOM-09 gradient reversal: forward identity, backward -lambda g exactly")
  void gradientReversal() {
    Node x = c.normal(3, 2);
    Node y = GradientFlow.reverse(g, x, 0.3);
    assertThat(c.run.value(y)).isEqualTo(c.run.value(x));
    Node loss = g.reduceSum(g.mul(y, y));
    double[] slope = c.run.value(Expansion.only(Gradients.reverse(g, loss, List.of(x))));
    double[] values = c.run.value(x);
    for (int i = 0; i < slope.length; i++) {
      assertThat(slope[i]).isEqualTo(-0.3 * (2 * values[i]));
    }
  }

  @Test
  void straightThrough() {
    Node x = c.of(new double[] {-2, -0.4, 0.6, 3}, 4);
    check(x, GradientFlow.signStraightThrough(g, x, 1), new double[] {-1, -1, 1, 1}, 0, 1, 1, 0);
    double free = Double.POSITIVE_INFINITY;
    check(x, GradientFlow.stepStraightThrough(g, x, free), new double[] {0, 0, 1, 1}, 1, 1, 1, 1);
    check(x, GradientFlow.quantise(g, x, -1, 1, 5), new double[] {-1, -0.5, 0.5, 1}, 0, 1, 1, 0);
    assertThatThrownBy(() -> GradientFlow.quantise(g, x, 1, 1, 5))
        .hasMessageContaining("low < high");
  }

  private void check(Node x, Node y, double[] values, double... slopes) {
    assertThat(c.run.value(y)).isEqualTo(values);
    Node slope = Expansion.only(Gradients.reverse(g, g.reduceSum(y), List.of(x)));
    assertThat(c.run.value(slope)).isEqualTo(slopes);
  }

  @Test
  @DisplayName("GEN-17 spectral norm: largest singular value 1 +- 0.02 after 20 steps")
  void spectralNorm() {
    Node w = c.normal(8, 6);
    Node start = c.normal(8);
    double[] normed = c.run.value(GradientFlow.spectralNorm(g, w, start, 20));
    assertThat(largest(normed)).isCloseTo(1, within(0.02));
    // One step a time from the vector of the step before gets there, too.
    Node u = start;
    for (int i = 0; i < 20; i++) {
      u = GradientFlow.spectralStart(g, w, u, 1);
    }
    assertThat(largest(c.run.value(GradientFlow.spectralNorm(g, w, u, 0))))
        .isCloseTo(1, within(0.02));
  }

  private static double largest(double[] values) {
    double[][] rows = new double[8][6];
    for (int i = 0; i < values.length; i++) {
      rows[i / 6][i % 6] = values[i];
    }
    return new SingularValueDecomposition(new Array2DRowRealMatrix(rows)).getNorm();
  }

  @Test
  void shapesThatDoNotFitAreNamed() {
    Node a = c.normal(4, 3);
    Node b = c.normal(4, 2);
    assertThatThrownBy(() -> StructuredLosses.dice(g, a, b, 1))
        .isInstanceOf(GraphException.class)
        .hasMessageContaining("tversky")
        .hasMessageContaining("[4, 3]")
        .hasMessageContaining("[4, 2]");
  }
}
