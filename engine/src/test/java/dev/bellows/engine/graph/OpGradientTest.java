package dev.bellows.engine.graph;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bellows.engine.tensor.DType;
import dev.bellows.engine.tensor.Shape;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * Finite-difference check of every rule in the gradient table; an op without a case fails the test.
 */
final class OpGradientTest {
  private static final int[] LABELS = {2, 0, 1, 2};
  private static final double[] TARGET = {1, 0, 0, 1, 1, 1, 0, 1, 0, 0, 1, 0};
  private static final double[] WEIGHTS = {1, 2, 0.5, 0};

  private final Map<Op, List<Function<GradientCheck, Node>>> cases = new EnumMap<>(Op.class);

  OpGradientTest() {
    arithmetic();
    layout();
    activations();
    normalisation();
    losses();
  }

  private void on(Op op, Function<GradientCheck, Node> build) {
    cases.computeIfAbsent(op, o -> new ArrayList<>()).add(build);
  }

  private void arithmetic() {
    on(Op.ADD, c -> c.graph.add(c.normal(3, 4), c.normal(4)));
    on(Op.ADD, c -> c.graph.add(c.normal(3, 1), c.normal(3, 4)));
    on(Op.ADD, c -> c.graph.add(c.normal(), c.normal(2, 3)));
    on(Op.SUB, c -> c.graph.sub(c.normal(3, 4), c.normal(3, 1)));
    on(Op.SUB, c -> c.graph.sub(c.normal(4), c.normal(3, 4)));
    on(Op.MUL, c -> c.graph.mul(c.normal(3, 4), c.normal(1, 4)));
    on(Op.MUL, c -> square(c));
    on(Op.DIV, c -> c.graph.div(c.normal(3, 4), c.positive(4)));
    on(Op.DIV, c -> c.graph.div(c.normal(), c.positive(3, 2)));
    on(Op.NEG, c -> c.graph.neg(c.normal(5)));
    on(Op.EXP, c -> c.graph.exp(c.normal(2, 3)));
    on(Op.LOG, c -> c.graph.log(c.positive(2, 3)));
    on(Op.SQRT, c -> c.graph.sqrt(c.positive(2, 3)));
    on(Op.POW, c -> c.graph.pow(c.positive(5), 2.5));
    on(Op.POW, c -> c.graph.pow(c.normal(5), 3));
    on(Op.POW, c -> c.graph.pow(c.normal(5), 1));
    on(Op.POW, c -> c.graph.pow(c.normal(5), 0));
    on(Op.ABS, c -> c.graph.abs(c.normal(6)));
    on(Op.SIGN, c -> c.graph.sign(c.normal(6)));
    on(Op.MAX, c -> c.graph.max(c.normal(3, 4), c.normal(4)));
    on(Op.MIN, c -> c.graph.min(c.normal(3, 1), c.normal(3, 4)));
    on(Op.GREATER, c -> c.graph.greater(c.normal(3, 4), c.normal(3, 4)));
    on(Op.CLAMP, c -> c.graph.clamp(c.normal(3, 4), -0.5, 0.7));
  }

  private static Node square(GradientCheck c) {
    Node x = c.normal(3);
    return c.graph.mul(x, x);
  }

  private void layout() {
    // To the same type: rounding itself has no slope to compare with.
    on(Op.CONVERT, c -> c.graph.convert(c.normal(3, 4), DType.FLOAT32));
    on(Op.MATMUL, c -> c.graph.matmul(c.normal(3, 4), c.normal(4, 2)));
    on(Op.MATMUL, c -> c.graph.matmul(c.normal(4, 3), c.normal(4, 2), true, false));
    on(Op.MATMUL, c -> c.graph.matmul(c.normal(3, 4), c.normal(2, 4), false, true));
    on(Op.MATMUL, c -> c.graph.matmul(c.normal(4, 3), c.normal(2, 4), true, true));
    on(Op.SPARSE_MATMUL, c -> c.graph.sparseMatmul(sparse(c), c.normal(5, 2)));
    on(Op.SPARSE_MATMUL_TRANSPOSED, c -> c.graph.sparseMatmulTransposed(sparse(c), c.normal(3, 2)));
    on(Op.TRANSPOSE, c -> c.graph.transpose(c.normal(3, 2)));
    on(Op.RESHAPE, c -> c.graph.reshape(c.normal(3, 4), Shape.of(2, 6)));
    on(Op.CONCAT, c -> c.graph.concat(1, List.of(c.normal(2, 3), c.normal(2, 1), c.normal(2, 2))));
    on(Op.CONCAT, c -> c.graph.concat(0, List.of(c.normal(2, 3), c.normal(1, 3))));
    on(Op.SLICE, c -> c.graph.slice(c.normal(3, 5), 1, 1, 4));
    on(Op.SLICE, c -> c.graph.slice(c.normal(3, 5), 0, 0, 2));
    on(Op.BROADCAST, c -> c.graph.broadcast(c.normal(3, 1), Shape.of(2, 3, 4)));
    on(Op.REDUCE_SUM, c -> c.graph.reduceSum(c.normal(3, 4), 0));
    on(Op.REDUCE_SUM, c -> c.graph.reduce(Op.REDUCE_SUM, c.normal(2, 3, 2), true, 0, 2));
    on(Op.REDUCE_SUM, c -> c.graph.reduceSum(c.normal(3, 4)));
    on(Op.REDUCE_MEAN, c -> c.graph.reduceMean(c.normal(3, 4), 1));
    on(Op.REDUCE_MAX, c -> c.graph.reduceMax(c.normal(3, 4)));
    on(Op.GATHER_ROWS, c -> c.graph.gatherRows(c.normal(4, 3), codes(c), 1));
    on(Op.SCATTER_ADD_ROWS, c -> c.graph.scatterAddRows(c.normal(5, 3), codes(c), 0, 4));
  }

  /** A 3 x 5 CSR matrix with an empty row and a column that stands twice in one row. */
  private static Node sparse(GradientCheck c) {
    Node node = c.graph.sparseInput("csr", 3, 5);
    c.run.bindSparse(
        node, new int[] {0, 3, 3, 5}, new int[] {4, 0, 4, 1, 2}, new double[] {0.5, -2, 1.5, 3, 1});
    return node;
  }

  private static Node codes(GradientCheck c) {
    return c.ints(new int[] {0, 3, 1, 3, 0, 2, 3, 0, 1, 1}, 5, 2);
  }

  private void activations() {
    on(Op.RELU, c -> c.graph.relu(c.normal(3, 4)));
    on(Op.LEAKY_RELU, c -> c.graph.leakyRelu(c.normal(3, 4), 0.1));
    on(Op.ELU, c -> c.graph.elu(c.normal(3, 4), 1.3));
    on(Op.SIGMOID, c -> c.graph.sigmoid(c.normal(3, 4)));
    on(Op.TANH, c -> c.graph.tanh(c.normal(3, 4)));
    on(Op.SOFTPLUS, c -> c.graph.softplus(c.normal(3, 4)));
    on(Op.SWISH, c -> c.graph.swish(c.normal(3, 4), 1.7));
    on(Op.MISH, c -> c.graph.mish(c.normal(3, 4)));
    on(Op.GELU, c -> c.graph.gelu(c.normal(3, 4)));
    on(Op.GELU_SLOPE, c -> c.graph.geluSlope(c.normal(3, 4)));
    on(Op.SOFTMAX, c -> c.graph.softmax(c.normal(3, 4), 1));
    on(Op.SOFTMAX, c -> c.graph.softmax(c.normal(3, 4), 2.5));
    on(Op.LOG_SOFTMAX, c -> c.graph.logSoftmax(c.normal(3, 4)));
    for (Op op : List.of(Op.RELU_GRAD, Op.SIGMOID_GRAD, Op.TANH_GRAD, Op.MISH_GRAD)) {
      on(op, c -> c.graph.activationGrad(op, c.normal(3, 4), c.normal(3, 4), Attributes.NONE));
    }
    on(
        Op.LEAKY_RELU_GRAD,
        c ->
            c.graph.activationGrad(
                Op.LEAKY_RELU_GRAD, c.normal(3, 4), c.normal(3, 4), Attributes.of("alpha", 0.2)));
    on(
        Op.ELU_GRAD,
        c ->
            c.graph.activationGrad(
                Op.ELU_GRAD, c.normal(3, 4), c.normal(3, 4), Attributes.of("alpha", 0.7)));
    on(
        Op.SWISH_GRAD,
        c ->
            c.graph.activationGrad(
                Op.SWISH_GRAD, c.normal(3, 4), c.normal(3, 4), Attributes.of("beta", 1.7)));
    on(
        Op.SOFTMAX_GRAD,
        c ->
            c.graph.activationGrad(
                Op.SOFTMAX_GRAD,
                c.normal(3, 4),
                c.normal(3, 4),
                Attributes.of("temperature", 2.0)));
    // The same through the forward op: a second derivative.
    on(Op.SOFTMAX_GRAD, c -> second(c, x -> c.graph.softmax(x, 1.5)));
    on(Op.ELU_GRAD, c -> second(c, x -> c.graph.elu(x, 1)));
    on(Op.SIGMOID_GRAD, c -> second(c, c.graph::sigmoid));
    on(Op.SWISH_GRAD, c -> second(c, x -> c.graph.swish(x, 0.8)));
    on(Op.MISH_GRAD, c -> second(c, c.graph::mish));
  }

  private static Node second(GradientCheck c, Function<Node, Node> f) {
    Node x = c.normal(3, 4);
    Node y = f.apply(x);
    Node sum = c.graph.reduceSum(c.graph.mul(y, y));
    return Gradients.reverse(c.graph, sum, List.of(x)).get(x);
  }

  private void normalisation() {
    on(Op.DROPOUT, c -> c.graph.dropout(c.normal(5, 4), 0.4, 3));
    on(Op.BATCH_MEAN, c -> c.graph.batchMean(c.normal(5, 3)));
    on(Op.BATCH_VARIANCE, c -> c.graph.batchVariance(c.normal(5, 3)));
    on(
        Op.BATCH_NORM,
        c -> {
          Node x = c.normal(6, 3);
          return c.graph.batchNorm(
              x,
              c.graph.batchMean(x),
              c.graph.batchVariance(x),
              c.normal(3),
              c.normal(3),
              1e-3,
              true);
        });
    on(
        Op.BATCH_NORM,
        c -> {
          Node mean = c.fixed(new double[] {0.1, -0.2, 0.3}, 3);
          Node variance = c.fixed(new double[] {0.5, 1.5, 2}, 3);
          return c.graph.batchNorm(
              c.normal(4, 3), mean, variance, c.normal(3), c.normal(3), 1e-3, false);
        });
    for (boolean training : new boolean[] {true, false}) {
      Attributes at = Attributes.of("epsilon", 1e-3).with("training", training);
      on(
          Op.BATCH_NORM_GRAD,
          c -> {
            Node x = c.fixed(c.draw(Shape.of(5, 3), 1, 0), 5, 3);
            return c.graph.batchNormGrad(
                c.normal(5, 3), x, c.graph.batchMean(x), c.graph.batchVariance(x), c.normal(3), at);
          });
      on(
          Op.BATCH_NORM_GRAD_SCALE,
          c -> {
            Node x = c.fixed(c.draw(Shape.of(5, 3), 1, 0), 5, 3);
            return c.graph.batchNormGradScale(
                c.normal(5, 3), x, c.graph.batchMean(x), c.graph.batchVariance(x), at);
          });
    }
  }

  private void losses() {
    on(
        Op.SOFTMAX_CROSS_ENTROPY,
        c ->
            c.graph.softmaxCrossEntropy(c.normal(4, 3), c.ints(LABELS, 4), c.fixed(WEIGHTS, 4), 0));
    on(
        Op.SOFTMAX_CROSS_ENTROPY,
        c ->
            c.graph.softmaxCrossEntropy(
                c.normal(4, 3), c.ints(LABELS, 4), c.fixed(WEIGHTS, 4), 0.1));
    on(
        Op.SIGMOID_CROSS_ENTROPY,
        c ->
            c.graph.sigmoidCrossEntropy(
                c.normal(4, 3), c.fixed(TARGET, 4, 3), c.fixed(WEIGHTS, 4), 0.2));
    on(Op.MSE, c -> c.graph.mse(c.normal(4, 3), c.fixed(TARGET, 4, 3), c.fixed(WEIGHTS, 4)));
    on(Op.MAE, c -> c.graph.mae(c.normal(4, 3), c.fixed(TARGET, 4, 3), c.fixed(WEIGHTS, 4)));
    on(
        Op.HUBER,
        c -> c.graph.huber(c.normal(4, 3), c.fixed(TARGET, 4, 3), c.fixed(WEIGHTS, 4), 0.6));
    on(Op.HINGE, c -> c.graph.hinge(c.normal(4, 3), c.fixed(TARGET, 4, 3), c.fixed(WEIGHTS, 4)));
    on(
        Op.SOFTMAX_CROSS_ENTROPY_GRAD,
        c ->
            c.graph.lossGrad(
                Op.SOFTMAX_CROSS_ENTROPY_GRAD,
                c.normal(),
                c.normal(4, 3),
                c.ints(LABELS, 4),
                c.fixed(WEIGHTS, 4),
                Attributes.of("smoothing", 0.1)));
    lossGrad(Op.SIGMOID_CROSS_ENTROPY_GRAD, Attributes.of("smoothing", 0.2));
    lossGrad(Op.MSE_GRAD, Attributes.NONE);
    lossGrad(Op.MAE_GRAD, Attributes.NONE);
    lossGrad(Op.HUBER_GRAD, Attributes.of("delta", 0.6));
    lossGrad(Op.HINGE_GRAD, Attributes.NONE);
  }

  private void lossGrad(Op op, Attributes attributes) {
    on(
        op,
        c ->
            c.graph.lossGrad(
                op,
                c.normal(),
                c.normal(4, 3),
                c.fixed(TARGET, 4, 3),
                c.fixed(WEIGHTS, 4),
                attributes));
  }

  @TestFactory
  @DisplayName("TRN-02 gradient check of every differentiable op")
  Stream<DynamicTest> everyRule() {
    return cases.entrySet().stream()
        .flatMap(
            entry ->
                java.util.stream.IntStream.range(0, entry.getValue().size())
                    .mapToObj(
                        i ->
                            DynamicTest.dynamicTest(
                                entry.getKey().id() + " " + i,
                                () -> {
                                  for (long seed = 1; seed <= 3; seed++) {
                                    GradientCheck check = new GradientCheck(100 * i + seed);
                                    Node output = entry.getValue().get(i).apply(check);
                                    boolean made =
                                        check.graph.nodes().stream()
                                            .anyMatch(n -> n.op() == entry.getKey());
                                    assertThat(made).as("the case holds the op").isTrue();
                                    check.verify(entry.getKey().id(), output);
                                  }
                                })));
  }

  @Test
  void everyDifferentiableOpHasACase() {
    for (Op op : Op.values()) {
      if (op.family() != OpFamily.CORE) {
        continue; // Each other family has its own test.
      }
      if (op.differentiable()) {
        assertThat(cases).as("gradient check for op %s", op.id()).containsKey(op);
      } else {
        assertThat(cases).doesNotContainKey(op);
      }
    }
  }
}
