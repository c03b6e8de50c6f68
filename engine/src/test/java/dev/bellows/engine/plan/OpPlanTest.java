package dev.bellows.engine.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bellows.engine.graph.Gradients;
import dev.bellows.engine.graph.Node;
import dev.bellows.engine.graph.Op;
import dev.bellows.engine.graph.OpFamily;
import dev.bellows.engine.kernel.KernelProvider;
import dev.bellows.engine.tensor.Memory;
import dev.bellows.engine.tensor.Shape;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Every op, planned and run by one provider's kernels, against the double-precision reference at
 * awkward sizes.
 */
abstract class OpPlanTest {
  private static final int[] SIZES = {1, 3, 7, 16, 17, 33, 127};

  private final KernelProvider provider = KernelProvider.choose(preference());
  private long before;

  abstract KernelProvider.Preference preference();

  @BeforeEach
  void count() {
    before = Memory.allocatedBytes();
  }

  @AfterEach
  void memoryReturns() {
    assertThat(Memory.allocatedBytes()).isEqualTo(before);
  }

  private static Map<String, BiFunction<PlanCheck, Node, Node>> unary() {
    return Map.ofEntries(
        Map.entry("neg", (c, x) -> c.graph.neg(x)),
        Map.entry("exp", (c, x) -> c.graph.exp(x)),
        Map.entry("pow2", (c, x) -> c.graph.pow(x, 2)),
        Map.entry("abs", (c, x) -> c.graph.abs(x)),
        Map.entry("sign", (c, x) -> c.graph.sign(x)),
        Map.entry("clamp", (c, x) -> c.graph.clamp(x, -0.5, 0.75)),
        Map.entry("relu", (c, x) -> c.graph.relu(x)),
        Map.entry("leaky", (c, x) -> c.graph.leakyRelu(x, 0.1)),
        Map.entry("elu", (c, x) -> c.graph.elu(x, 1.3)),
        Map.entry("sigmoid", (c, x) -> c.graph.sigmoid(x)),
        Map.entry("tanh", (c, x) -> c.graph.tanh(x)),
        Map.entry("softplus", (c, x) -> c.graph.softplus(x)),
        Map.entry("swish", (c, x) -> c.graph.swish(x, 1.5)),
        Map.entry("mish", (c, x) -> c.graph.mish(x)),
        Map.entry("gelu", (c, x) -> c.graph.gelu(x)),
        Map.entry("softmax", (c, x) -> c.graph.softmax(x, 0.7)),
        Map.entry("log_softmax", (c, x) -> c.graph.logSoftmax(x)),
        Map.entry("reduce_max", (c, x) -> c.graph.reduceMax(x)),
        Map.entry("stop", (c, x) -> c.graph.mul(x, c.graph.stopGradient(x))));
  }

  @Test
  void oneInputOpsAndTheirGradients() {
    for (int n : SIZES) {
      unary().forEach((name, op) -> value(n, 3 * n, c -> c.normal(3, n), op));
    }
    Map<String, BiFunction<PlanCheck, Node, Node>> positive =
        Map.of(
            "log", (c, x) -> c.graph.log(x),
            "sqrt", (c, x) -> c.graph.sqrt(x),
            "pow", (c, x) -> c.graph.pow(x, 1.7),
            "inverse", (c, x) -> c.graph.pow(x, -1));
    positive.forEach((name, op) -> value(17, 51, c -> c.positive(3, 17), op));
    try (PlanCheck c = new PlanCheck(1)) {
      Node x = c.normal(5, 9);
      c.agree(provider, 1, c.graph.step(x), c.graph.argmax(x));
    }
  }

  /** y = op(x) and the gradient of sum(y * random). */
  private void value(
      int n, int terms, Function<PlanCheck, Node> input, BiFunction<PlanCheck, Node, Node> op) {
    try (PlanCheck c = new PlanCheck(n)) {
      Node x = input.apply(c);
      Node y = op.apply(c, x);
      c.agree(provider, terms, y, gradient(c, y, x).get(x));
    }
  }

  private static Map<Node, Node> gradient(PlanCheck c, Node y, Node... wrt) {
    Node weight = c.normal(y.shape().dims());
    Node scalar = c.graph.reduceSum(c.graph.mul(y, weight));
    return Gradients.reverse(c.graph, scalar, List.of(wrt));
  }

  @Test
  void largeAndSmallArguments() {
    float[] values = {
      -200, -88, -30, -9, -1e-3f, -1e-6f, -1e-30f, 0, 1e-30f, 1e-6f, 1e-3f, 9, 30, 80, 0.34f, 0.35f,
      -0.34f, -0.35f, 0.62f, 0.63f
    };
    try (PlanCheck c = new PlanCheck(1)) {
      Node x = c.floats(values, values.length);
      Node[] bounded = {
        c.graph.sigmoid(x),
        c.graph.tanh(x),
        c.graph.softplus(x),
        c.graph.gelu(x),
        c.graph.mish(x),
        c.graph.elu(x, 1),
        c.graph.swish(x, 1)
      };
      c.agree(provider, 1, bounded);
      for (Node node : bounded) { // relative, also where the value is tiny; gelu's cdf is absolute
        if (node.op() == Op.GELU) {
          continue;
        }
        double[] expected = c.reference.value(node);
        float[] found = c.run(provider, PlanOptions.DEFAULT, false, node).get(node);
        for (int i = 0; i < found.length; i++) {
          if (Math.abs(expected[i]) > 1e-35) {
            assertThat(found[i] / expected[i])
                .as("%s of %s", node, values[i])
                .isBetween(1 - 3e-6, 1 + 3e-6);
          }
        }
      }
    }
  }

  @Test
  void twoInputOpsBroadcastAndGradientsSumBack() {
    int[][][] shapes = {
      {{7, 33}, {7, 33}},
      {{7, 33}, {33}},
      {{33}, {7, 33}},
      {{7, 33}, {7, 1}},
      {{7, 1}, {1, 33}},
      {{7, 33}, {}},
      {{}, {5}},
      {{2, 3, 5}, {3, 1}},
      {{2, 3, 1, 4}, {3, 5, 1}},
      {{1}, {1}}
    };
    for (int[][] pair : shapes) {
      try (PlanCheck c = new PlanCheck(pair[0].length + 10L * pair[1].length)) {
        Node a = c.normal(pair[0]);
        Node b = c.positive(pair[1]);
        Node[] results = {
          c.graph.add(a, b),
          c.graph.sub(a, b),
          c.graph.mul(a, b),
          c.graph.div(a, b),
          c.graph.max(a, b),
          c.graph.min(a, b),
          c.graph.greater(a, b)
        };
        c.agree(provider, 1, results);
        for (Node y : results) {
          Map<Node, Node> gradients = gradient(c, y, a, b);
          c.agree(provider, 256, gradients.get(a), gradients.get(b));
        }
      }
    }
  }

  @Test
  void matrixProducts() {
    int[][] sizes = {
      {1, 1, 1},
      {1, 7, 3},
      {16, 127, 33},
      {17, 3, 1},
      {3, 33, 17},
      {127, 16, 10},
      {7, 1, 127},
      {64, 784, 10}
    };
    for (int[] s : sizes) {
      for (int trans = 0; trans < 4; trans++) {
        boolean ta = (trans & 1) != 0;
        boolean tb = (trans & 2) != 0;
        try (PlanCheck c = new PlanCheck(s[0] + s[1])) {
          Node a = ta ? c.normal(s[1], s[0]) : c.normal(s[0], s[1]);
          Node b = tb ? c.normal(s[2], s[1]) : c.normal(s[1], s[2]);
          Node product = c.graph.matmul(a, b, ta, tb);
          Node withBias = c.graph.add(product, c.parameter(s[2]));
          Node again = c.graph.relu(c.graph.add(c.graph.matmul(a, b, ta, tb), c.parameter(s[2])));
          Map<Node, Node> gradients = gradient(c, product, a, b);
          int terms = Math.max(s[0], Math.max(s[1], s[2]));
          c.agree(provider, terms, again, withBias, product, gradients.get(a), gradients.get(b));
        }
      }
    }
  }

  @Test
  void sparseProducts() {
    for (int n : SIZES) {
      try (PlanCheck c = new PlanCheck(n)) {
        Node s = c.sparse(n, 19);
        Node w = c.normal(19, 17);
        Node y = c.graph.sparseMatmul(s, w);
        Node biased = c.graph.add(c.graph.sparseMatmul(s, w), c.parameter(17));
        c.agree(provider, 19 + n, y, biased, gradient(c, y, w).get(w));
      }
    }
  }

  @Test
  void layoutOps() {
    try (PlanCheck c = new PlanCheck(3)) {
      Node x = c.normal(6, 35);
      Node cube = c.graph.reshape(x, Shape.of(2, 3, 35));
      Node joined = c.graph.concat(1, List.of(x, c.normal(6, 1), x));
      Node stacked = c.graph.concat(0, List.of(x, c.normal(2, 35)));
      Node cut = c.graph.slice(x, 1, 3, 20);
      Node rows = c.graph.slice(cube, 1, 1, 3);
      Node turned = c.graph.transpose(x);
      Node spread = c.graph.broadcast(c.graph.slice(x, 0, 1, 2), Shape.of(4, 6, 35));
      Node column = c.graph.broadcast(c.graph.slice(x, 1, 0, 1), Shape.of(6, 35));
      for (Node y : List.of(joined, stacked, cut, rows, turned, spread, column)) {
        c.agree(provider, 200, y, gradient(c, y, x).get(x));
      }
      c.agree(
          provider,
          210,
          c.graph.reduceSum(x),
          c.graph.reduceSum(cube, 0),
          c.graph.reduceSum(cube, 1),
          c.graph.reduceSum(cube, 2),
          c.graph.reduceSum(cube, 0, 2),
          c.graph.reduceSum(cube, 0, 1),
          c.graph.reduceMean(cube, 0, 2),
          c.graph.reduceMean(cube, 1),
          c.graph.reduceMean(x));
    }
  }

  @Test
  void embeddings() {
    for (int n : SIZES) {
      try (PlanCheck c = new PlanCheck(n)) {
        Node first = c.parameter(5, 3);
        Node second = c.parameter(9, 17);
        Node codes = c.ints(5, n, 2);
        Node gathered = c.graph.gatherRows(second, codes, 1);
        Node joined =
            c.graph.concat(
                1,
                List.of(
                    c.normal(n, 4),
                    c.graph.gatherRows(first, codes, 0),
                    c.graph.gatherRows(second, codes, 1)));
        Map<Node, Node> gradients = gradient(c, joined, first, second);
        c.agree(provider, n, gathered, joined, gradients.get(first), gradients.get(second));
      }
    }
  }

  @Test
  void dropoutUsesTheReferenceMask() {
    for (int n : new int[] {1, 3, 17, 127, 1001}) {
      try (PlanCheck c = new PlanCheck(n)) {
        Node x = c.positive(n);
        Node y = c.graph.dropout(x, 0.4, 2);
        Node z = c.graph.dropout(x, 0.4, 3);
        c.agree(provider, 1, y, z, gradient(c, y, x).get(x));
        if (n > 1000) {
          float[] values = c.run(provider, PlanOptions.DEFAULT, false, y).get(y);
          int kept = 0;
          for (float value : values) {
            kept += value != 0 ? 1 : 0;
          }
          assertThat(kept / (double) n).isBetween(0.55, 0.65);
        }
      }
    }
  }

  @Test
  void batchNormAndItsGradients() {
    for (int n : SIZES) {
      for (int width : new int[] {1, 17, 130}) {
        try (PlanCheck c = new PlanCheck(n)) {
          Node x = c.normal(n, width);
          Node scale = c.positive(width);
          Node shift = c.normal(width);
          Node mean = c.graph.batchMean(x);
          Node variance = c.graph.batchVariance(x);
          // A wide epsilon: with one row the variance is 0 and 1/sqrt(epsilon) would only magnify
          // rounding.
          Node y = c.graph.batchNorm(x, mean, variance, scale, shift, 0.1, true);
          Map<Node, Node> gradients = gradient(c, y, x, scale, shift);
          c.agree(
              provider,
              4 * n,
              mean,
              variance,
              y,
              gradients.get(x),
              gradients.get(scale),
              gradients.get(shift));
          Node fixed = c.graph.batchNorm(x, shift, scale, shift, scale, 1e-5, false);
          c.agree(provider, 16, fixed, gradient(c, fixed, x).get(x));
        }
      }
    }
  }

  @Test
  void lossesTheirGradientsAndMetrics() {
    for (int n : SIZES) {
      try (PlanCheck c = new PlanCheck(n)) {
        int k = n % 9 + 2;
        Node scores = c.normal(n, k);
        Node labels = c.ints(k, n);
        Node target = c.bits(n, k);
        Node one = c.normal(n, 1);
        Node sign = c.bits(n, 1);
        Node weights = c.positive(n);
        Node byClass = c.graph.classWeights(weights, labels, classWeights(k));
        Node byTarget = c.graph.classWeights(weights, sign, new double[] {0.5, 3});
        checkLoss(c, scores, c.graph.softmaxCrossEntropy(scores, labels, byClass, 0));
        checkLoss(c, scores, c.graph.softmaxCrossEntropy(scores, labels, weights, 0.1));
        checkLoss(c, scores, c.graph.sigmoidCrossEntropy(scores, target, weights, 0.2));
        checkLoss(c, one, c.graph.hinge(one, sign, byTarget));
        checkLoss(c, scores, c.graph.mse(scores, target, weights));
        checkLoss(c, scores, c.graph.mae(scores, target, weights));
        checkLoss(c, scores, c.graph.huber(scores, target, weights, 0.7));
        c.agree(
            provider,
            n,
            byClass,
            c.graph.reduceSum(byTarget),
            c.graph.correct(scores, labels),
            c.graph.correctBinary(scores, target),
            c.graph.absoluteError(scores, target));
      }
    }
  }

  private static double[] classWeights(int k) {
    double[] weights = new double[k];
    for (int i = 0; i < k; i++) {
      weights[i] = 0.25 + i;
    }
    return weights;
  }

  /**
   * The loss with its gradient (fused), and the gradient of a multiple of it (upstream gradient not
   * 1).
   */
  private void checkLoss(PlanCheck c, Node scores, Node loss) {
    Node gradient = Gradients.reverse(c.graph, loss, List.of(scores)).get(scores);
    Node doubled = c.graph.mul(loss, c.graph.constant(2.5, Shape.SCALAR));
    Node scaled = Gradients.reverse(c.graph, doubled, List.of(scores)).get(scores);
    c.agree(provider, 127, loss, gradient, scaled);
  }

  @Test
  void constantsAliasesAndSecondDerivatives() {
    try (PlanCheck c = new PlanCheck(8)) {
      Node x = c.normal(4, 3);
      Node table = c.graph.constant(new double[] {1, -2, 0.5}, Shape.of(3));
      Node y = c.graph.reduceSum(c.graph.mul(c.graph.tanh(c.graph.mul(x, table)), 3));
      Node slope = Gradients.reverse(c.graph, y, List.of(x)).get(x);
      Node curve = Gradients.reverse(c.graph, c.graph.reduceSum(slope), List.of(x)).get(x);
      Node tangent = Gradients.forward(c.graph, slope, Map.of(x, c.normal(4, 3)));
      Node alias = c.graph.reshape(slope, Shape.of(12));
      c.agree(
          provider, 16, y, slope, curve, tangent, alias, c.graph.reshape(x, Shape.of(2, 6)), table);
    }
  }

  @Test
  void everyOpHasAKernel() {
    Set<String> missing = new TreeSet<>();
    Set<Op> sources = EnumSet.of(Op.INPUT, Op.SPARSE_INPUT, Op.PARAMETER, Op.CONSTANT);
    Consumer<PlanCheck> all =
        c -> {
          for (Op op : Op.values()) {
            boolean named =
                op.family() != OpFamily.CORE
                    || sources.contains(op)
                    || Placement.isAlias(op)
                    || ElementwiseOps.isUnary(op)
                    || ElementwiseOps.isArithmetic(op)
                    || ElementwiseOps.isGradient(op)
                    || LossOps.isScalarSum(op)
                    || LossOps.isGradient(op)
                    || OTHERS.contains(op);
            if (!named) {
              missing.add(op.id());
            }
          }
        };
    try (PlanCheck c = new PlanCheck(1)) {
      all.accept(c);
    }
    assertThat(missing).isEmpty();
  }

  /** The ops that the tests above plan one by one. */
  private static final Set<Op> OTHERS =
      EnumSet.of(
          Op.CONVERT, // by MixedPrecisionTest
          Op.MATMUL,
          Op.SPARSE_MATMUL,
          Op.SPARSE_MATMUL_TRANSPOSED,
          Op.TRANSPOSE,
          Op.CONCAT,
          Op.SLICE,
          Op.BROADCAST,
          Op.REDUCE_SUM,
          Op.REDUCE_MEAN,
          Op.REDUCE_MAX,
          Op.GATHER_ROWS,
          Op.SCATTER_ADD_ROWS,
          Op.SOFTMAX,
          Op.SOFTMAX_GRAD,
          Op.LOG_SOFTMAX,
          Op.ARGMAX,
          Op.DROPOUT,
          Op.RANDOM, // by the layers of noise of GraphNetworks
          Op.BATCH_MEAN,
          Op.BATCH_VARIANCE,
          Op.BATCH_NORM,
          Op.BATCH_NORM_GRAD,
          Op.BATCH_NORM_GRAD_SCALE,
          Op.CLASS_WEIGHTS);
}
