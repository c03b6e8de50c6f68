package dev.bellows.engine.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.bellows.engine.kernel.reference.ReferenceExecutor;
import dev.bellows.engine.sample.Philox;
import dev.bellows.engine.tensor.DType;
import dev.bellows.engine.tensor.Shape;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Catalogue rows LOS-01 to LOS-12 as far as they are functions; golden numbers from torch. */
final class LossTest {
  private static final double[] SCORES = {0.2, -1.3, 2.1, 1.5, 0.3, -0.7, 0, 0.4, -2.2, 3, -1, 0.5};
  private static final int[] LABELS = {2, 0, 1, 2};
  private static final double[] TARGET = {1, 0, 0, 1, 1, 1, 0, 1, 0, 0, 1, 0};
  private static final double[] WEIGHTS = {1, 2, 0.5, 3};

  private final Graph g = new Graph();
  private final ReferenceExecutor run = new ReferenceExecutor(g);

  private Node input(String name, double[] values, int... dims) {
    Node node = g.input(name, DType.FLOAT32, Shape.of(dims));
    run.bind(node, values);
    return node;
  }

  private Node ints(String name, int... values) {
    Node node = g.input(name, DType.INT32, Shape.of(values.length));
    run.bind(node, values);
    return node;
  }

  private double[] gradient(Node scalar, Node x) {
    return run.value(Gradients.reverse(g, scalar, List.of(x)).get(x));
  }

  /**
   * torch 2.13.0+cpu, float64: {@code F.cross_entropy(s, lab, reduction='none', label_smoothing=.1)
   * * w} and, for the others, {@code f(s, t, reduction='none').mean(1) * w}, summed; then {@code
   * s.grad}.
   */
  @Test
  void goldenNumbersOfTorch() {
    Node s = input("s", SCORES, 4, 3);
    Node t = input("t", TARGET, 4, 3);
    Node w = input("w", WEIGHTS, 4);
    golden(
        g.softmaxCrossEntropy(s, ints("labels", LABELS), w, 0.1),
        s,
        9.276632161335302,
        0.09310450828028952,
        -0.0051212374852638645,
        -0.08798327079502566,
        -0.4502334337838476,
        0.35995482463772666,
        0.09027860914612086,
        0.1754468538455443,
        -0.18006697201573757,
        0.004620118170193317,
        2.6262797727755403,
        -0.050066444172182964,
        -2.576213328603357);
    golden(
        g.sigmoidCrossEntropy(s, t, w, 0),
        s,
        7.811992311749442,
        -0.150055334229174,
        0.07138833898581379,
        0.296967726268129,
        -0.12161701587090423,
        -0.2837049887922273,
        -0.4454585147787774,
        0.08333333333333333,
        -0.066885389981258,
        0.016625081519947522,
        0.9525741268224334,
        -0.7310585786300049,
        0.6224593312018546);
    golden(
        g.mse(s, t, w),
        s,
        18.78333333333333,
        -0.5333333333333333,
        -0.8666666666666667,
        1.4,
        0.6666666666666666,
        -0.9333333333333332,
        -2.2666666666666666,
        0.0,
        -0.19999999999999998,
        -0.7333333333333334,
        6.0,
        -4.0,
        1.0);
    golden(
        g.mae(s, t, w),
        s,
        9.3,
        -0.3333333333333333,
        -0.3333333333333333,
        0.3333333333333333,
        0.6666666666666666,
        -0.6666666666666666,
        -0.6666666666666666,
        0.0,
        -0.16666666666666666,
        -0.16666666666666666,
        1.0,
        -1.0,
        1.0);
    golden(
        g.huber(s, t, w, 0.6),
        s,
        4.448333333333333,
        -0.19999999999999998,
        -0.19999999999999998,
        0.19999999999999998,
        0.3333333333333333,
        -0.39999999999999997,
        -0.39999999999999997,
        0.0,
        -0.09999999999999999,
        -0.09999999999999999,
        0.6,
        -0.6,
        0.5);
  }

  private void golden(Node loss, Node scores, double value, double... slopes) {
    assertThat(run.scalar(loss)).isCloseTo(value, within(1e-12));
    assertThat(gradient(loss, scores)).containsExactly(slopes, within(1e-12));
  }

  @Test
  @DisplayName("LOS-01 cross-entropy H(P,Q) in bits and nats, and KL")
  void los01CrossEntropy() {
    Node p = input("p", new double[] {2 / 9.0, 3 / 9.0, 4 / 9.0}, 3);
    Node q = input("q", new double[] {4 / 9.0, 4 / 9.0, 1 / 9.0}, 3);
    Node h = g.neg(g.reduceSum(g.mul(p, g.log(q))));
    Node kl = g.reduceSum(g.mul(p, g.log(g.div(p, q))));
    assertThat(run.scalar(h) / Math.log(2)).isCloseTo(2.0588, within(1e-4));
    assertThat(run.scalar(kl) / Math.log(2)).isCloseTo(0.5283, within(1e-4));
    double[][] cases = {{0.15, 0.60, 0.25, 0.7370, 0.5108}, {0.05, 0.90, 0.05, 0.1520, 0.1054}};
    for (double[] c : cases) {
      Node scores =
          input(
              "scores" + c[0], new double[] {Math.log(c[0]), Math.log(c[1]), Math.log(c[2])}, 1, 3);
      double nats =
          run.scalar(
              g.softmaxCrossEntropy(
                  scores, ints("labels" + c[0], 1), g.constant(1, Shape.of(1)), 0));
      assertThat(nats / Math.log(2)).isCloseTo(c[3], within(1e-4));
      assertThat(nats).isCloseTo(c[4], within(1e-4));
    }
  }

  @Test
  @DisplayName("LOS-02 binary cross-entropy from logits stays finite: loss(1, logit -100) = 100")
  void los02BinaryCrossEntropy() {
    Node s = input("s", new double[] {-100, 100, 800, 0.3}, 4, 1);
    Node t = input("t", new double[] {1, 1, 0, 1}, 4, 1);
    assertThat(each(Op.SIGMOID_CROSS_ENTROPY, s, t))
        .containsExactly(
            new double[] {100, 0, 800, -Math.log(1 / (1 + Math.exp(-0.3)))}, within(1e-12));
    assertThat(gradient(g.sigmoidCrossEntropy(s, t, g.constant(1, Shape.of(4)), 0), s))
        .doesNotContain(Double.NaN);
  }

  /** The loss of each row alone: weights pick one row at a time. */
  private double[] each(Op op, Node s, Node t) {
    int rows = s.shape().dim(0);
    double[] losses = new double[rows];
    for (int i = 0; i < rows; i++) {
      double[] pick = new double[rows];
      pick[i] = 1;
      Node w = g.constant(pick, Shape.of(rows));
      losses[i] = run.scalar(op == Op.HINGE ? g.hinge(s, t, w) : g.sigmoidCrossEntropy(s, t, w, 0));
    }
    return losses;
  }

  @Test
  @DisplayName("LOS-03 softmax loss of (1000,0,0): 0 with finite gradient; gradient = softmax - y")
  void los03SoftmaxLoss() {
    Node far = input("far", new double[] {1000, 0, 0}, 1, 3);
    Node loss = g.softmaxCrossEntropy(far, ints("label", 0), g.constant(1, Shape.of(1)), 0);
    assertThat(run.scalar(loss)).isEqualTo(0);
    assertThat(gradient(loss, far)).containsExactly(0, 0, 0);
    Node s = input("s", SCORES, 4, 3);
    double[] p = run.value(g.softmax(s, 1)).clone();
    for (int i = 0; i < 4; i++) {
      p[i * 3 + LABELS[i]] -= 1;
    }
    Node sum = g.softmaxCrossEntropy(s, ints("labels", LABELS), g.constant(1, Shape.of(4)), 0);
    assertThat(gradient(sum, s)).containsExactly(p, within(1e-12));
  }

  @Test
  @DisplayName(
      "LOS-05 maximum likelihood: a sigmoid fitted by BCE on 7 heads, 3 tails gives p = 0.7")
  void los05MaximumLikelihood() {
    Node theta = input("theta", new double[] {0}, 1, 1);
    double[] tosses = {1, 1, 1, 1, 1, 1, 1, 0, 0, 0};
    Node loss =
        g.sigmoidCrossEntropy(
            g.broadcast(theta, Shape.of(10, 1)),
            input("t", tosses, 10, 1),
            g.constant(1, Shape.of(10)),
            0);
    Node slope = Gradients.reverse(g, loss, List.of(theta)).get(theta);
    double value = 0;
    for (int i = 0; i < 60; i++) {
      value -= 0.4 * run.value(slope)[0];
      run.bind(theta, new double[] {value});
    }
    assertThat(1 / (1 + Math.exp(-value))).isCloseTo(0.7, within(1e-6));
  }

  @Test
  @DisplayName("LOS-06 MSE: the gradient of the mean over N rows is 2 (yhat - y) / N")
  void los06MeanSquaredError() {
    Node o = input("o", new double[] {1, 2.5, -1}, 3, 1);
    Node t = input("t", new double[] {0, 3, 1}, 3, 1);
    Node mean = g.mul(g.mse(o, t, g.constant(1, Shape.of(3))), 1 / 3.0);
    assertThat(run.scalar(mean)).isCloseTo((1 + 0.25 + 4) / 3, within(1e-12));
    assertThat(gradient(mean, o))
        .containsExactly(new double[] {2 / 3.0, -1 / 3.0, -4 / 3.0}, within(1e-12));
  }

  @Test
  @DisplayName("LOS-08 hinge: (1,.3) -> .7, (1,2) -> 0, (-1,.5) -> 1.5")
  void los08Hinge() {
    Node s = input("s", new double[] {0.3, 2, 0.5}, 3, 1);
    Node t = input("t", new double[] {1, 1, 0}, 3, 1);
    assertThat(each(Op.HINGE, s, t)).containsExactly(0.7, 0, 1.5);
  }

  @Test
  @DisplayName("LOS-10 sigmoid-squared loss is flat where BCE is steep: a = -10")
  void los10SigmoidSquared() {
    Node a = input("a", new double[] {-10}, 1, 1);
    Node x = g.constant(new double[] {-2, -1, 1, 2}, Shape.of(4, 1));
    Node t = g.constant(new double[] {0, 0, 1, 1}, Shape.of(4, 1));
    Node ones = g.constant(1, Shape.of(4));
    Node scores = g.matmul(x, a);
    assertThat(Math.abs(gradient(g.mse(g.sigmoid(scores), t, ones), a)[0])).isLessThan(1e-3);
    assertThat(Math.abs(gradient(g.sigmoidCrossEntropy(scores, t, ones, 0), a)[0]))
        .isGreaterThan(0.5);
  }

  @Test
  @DisplayName("LOS-11 KL of two Gaussians: closed form against 1e6 samples, 0 for equal ones")
  void los11KlDivergence() {
    Node mean = input("mean", new double[] {0.8}, 1);
    Node logVariance = input("logVariance", new double[] {-0.5}, 1);
    Node one = g.constant(1, Shape.SCALAR);
    Node inside = g.sub(g.sub(g.add(one, logVariance), g.mul(mean, mean)), g.exp(logVariance));
    Node kl = g.mul(g.reduceSum(inside), -0.5);
    double exact = run.scalar(kl);
    float[] draws = new float[1_000_000];
    Philox.fillNormal(11, 0, draws, 0, draws.length);
    double deviation = Math.exp(-0.25);
    double sum = 0;
    for (float z : draws) {
      double x = 0.8 + deviation * z;
      sum += -0.5 * z * z + 0.25 + 0.5 * x * x; // log q(x) - log p(x)
    }
    assertThat(sum / draws.length).isCloseTo(exact, within(0.01 * exact));
    run.bind(mean, new double[] {0});
    run.bind(logVariance, new double[] {0});
    assertThat(run.scalar(kl)).isEqualTo(0);
  }

  @Test
  @DisplayName("LOS-12 label smoothing: K = 10, eps = .1 gives targets .91 and .01")
  void los12LabelSmoothing() {
    Node s = input("s", new double[10], 1, 10);
    double[] slope =
        gradient(g.softmaxCrossEntropy(s, ints("label", 3), g.constant(1, Shape.of(1)), 0.1), s);
    for (int k = 0; k < 10; k++) {
      assertThat(0.1 - slope[k]).isCloseTo(k == 3 ? 0.91 : 0.01, within(1e-12));
    }
    assertThat(
            run.scalar(g.softmaxCrossEntropy(s, ints("same", 3), g.constant(1, Shape.of(1)), 0.1)))
        .isCloseTo(Math.log(10), within(1e-12));
  }

  @Test
  void classWeightsMultiplyRowWeights() {
    Node weights = input("w", WEIGHTS, 4);
    double[] perClass = {1, 10, 100};
    assertThat(run.value(g.classWeights(weights, ints("labels", LABELS), perClass)))
        .containsExactly(100, 2, 5, 300);
    Node binary = input("t", new double[] {1, 0, 1, 0}, 4, 1);
    assertThat(run.value(g.classWeights(weights, binary, new double[] {1, 10})))
        .containsExactly(10, 2, 5, 3);
  }

  @Test
  void metricSums() {
    Node s = input("s", SCORES, 4, 3);
    Node t = input("t", TARGET, 4, 3);
    assertThat(run.scalar(g.correct(s, ints("labels", LABELS)))).isEqualTo(3);
    // Rows: (+,-,+) against (1,0,0): 2/3; (+,+,-) against (1,1,1): 2/3; (0,+,-) against (0,1,0): 1;
    // (+,-,+) against (0,1,0): 0.
    assertThat(run.scalar(g.correctBinary(s, t))).isCloseTo(7 / 3.0, within(1e-12));
    assertThat(run.scalar(g.absoluteError(s, t)))
        .isCloseTo(
            (0.8 + 1.3 + 2.1 + 0.5 + 0.7 + 1.7 + 0.6 + 2.2 + 3 + 2 + 0.5) / 3, within(1e-12));
  }
}
