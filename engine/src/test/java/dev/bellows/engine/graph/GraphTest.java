package dev.bellows.engine.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bellows.engine.kernel.reference.ReferenceExecutor;
import dev.bellows.engine.tensor.DType;
import dev.bellows.engine.tensor.Shape;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/** Shape inference, its errors, and the algebra of shape operations. */
final class GraphTest {
  private final Graph g = new Graph();
  private final ReferenceExecutor run = new ReferenceExecutor(g);

  private Node x(String name, int... dims) {
    return g.input(name, DType.FLOAT32, Shape.of(dims));
  }

  /** An input bound to 0, 1, 2, ... */
  private Node counting(String name, int... dims) {
    Node node = x(name, dims);
    double[] values = new double[(int) node.shape().size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = i;
    }
    run.bind(node, values);
    return node;
  }

  private static void refused(ThrowingCallable what, String... parts) {
    assertThatThrownBy(what).isInstanceOf(GraphException.class).hasMessageContainingAll(parts);
  }

  @Test
  void broadcastsLikeNumpy() {
    assertThat(g.add(x("a", 3, 4), x("b", 4)).shape()).isEqualTo(Shape.of(3, 4));
    assertThat(g.add(x("c", 3, 1), x("d", 1, 4)).shape()).isEqualTo(Shape.of(3, 4));
    assertThat(g.mul(x("e"), x("f", 2, 3)).shape()).isEqualTo(Shape.of(2, 3));
    Node sum = g.add(counting("row", 1, 3), counting("column", 2, 1));
    assertThat(run.value(sum)).containsExactly(0, 1, 2, 1, 2, 3);
  }

  @Test
  void errorsNameTheNodeAndBothShapes() {
    Node a = x("images", 128, 784);
    Node b = x("weight", 785, 10);
    refused(
        () -> g.named("layer0.matmul").matmul(a, b),
        "layer0.matmul",
        "images [128, 784]",
        "weight [785, 10]",
        "784 against 785");
    Graph other = new Graph();
    Node c = other.input("bias", DType.FLOAT32, Shape.of(11));
    refused(() -> new Graph().relu(c), "bias [11]", "another graph");
    assertThat(g.find("layer0.matmul")).isNull();
    Node d = x("bias", 11);
    refused(() -> g.named("sum").add(b, d), "weight [785, 10]", "bias [11]", "10 against 11");
  }

  @Test
  void everyBuilderChecksItsInputs() {
    Node a = x("a", 4, 3);
    Node v = x("v", 4);
    Node ints = g.input("ints", DType.INT32, Shape.of(4, 2));
    Node labels = g.input("labels", DType.INT32, Shape.of(5));
    Node csr = g.sparseInput("csr", 4, 6);
    refused(() -> g.matmul(a, v), "v [4]", "rank 2");
    refused(() -> g.sparseMatmul(csr, a), "csr [4, 6]", "a [4, 3]", "6 against 4");
    refused(() -> g.sparseMatmul(a, a), "first input must be a sparse input");
    refused(() -> g.relu(csr), "csr [4, 6]", "can only feed sparse_matmul");
    refused(() -> g.reshape(a, Shape.of(5, 2)), "12", "[5, 2]");
    refused(() -> g.concat(1, List.of(a, v)), "a [4, 3]", "v [4]");
    refused(() -> g.slice(a, 1, 2, 5), "[2, 5)", "a [4, 3]");
    refused(() -> g.slice(a, 2, 0, 1), "axis 2");
    refused(() -> g.broadcast(a, Shape.of(4, 4)), "a [4, 3]", "[4, 4]");
    refused(() -> g.reduceSum(a, 0, 0), "named twice");
    refused(() -> g.gatherRows(a, v, 0), "v [4]");
    refused(() -> g.gatherRows(a, ints, 2), "column 2", "ints [4, 2]");
    refused(() -> g.scatterAddRows(x("dy", 5, 3), ints, 0, 7), "dy [5, 3]", "ints [4, 2]");
    refused(() -> g.clamp(a, 2, 1), "min 2.0", "max 1.0");
    refused(() -> g.leakyRelu(a, -1), "alpha");
    refused(() -> g.elu(a, Double.NaN), "alpha");
    refused(() -> g.dropout(a, 1, 0), "rate", "1.0");
    refused(() -> g.softmaxCrossEntropy(a, labels, v, 0), "labels [5]", "a [4, 3]");
    refused(() -> g.softmaxCrossEntropy(a, v, v, 0), "int32");
    refused(() -> g.mse(a, x("t", 4, 2), v), "a [4, 3]", "t [4, 2]");
    refused(() -> g.huber(a, a, v, 0), "delta");
    refused(() -> g.sigmoidCrossEntropy(a, a, v, 1), "smoothing");
    refused(() -> g.constant(new double[3], Shape.of(2)), "2 values, got 3");
    refused(() -> g.batchNorm(a, v, v, v, v, 1e-5, false), "v [4]", "channel of a [4, 3]");
    Node k = x("k", 3);
    refused(
        () -> g.batchNorm(a, k, k, k, k, 1e-5, true), "batch_mean and batch_variance of a [4, 3]");
    refused(() -> x("a", 1), "a exists already");
    refused(() -> Gradients.reverse(g, a, List.of(a)), "only a scalar");
    refused(() -> Gradients.forward(g, a, Map.of(a, v)), "a [4, 3]", "v [4]");
  }

  @Test
  void shapeOperationsUndoEachOther() {
    Node a = counting("a", 3, 4);
    double[] values = run.value(a);
    assertThat(run.value(g.transpose(g.transpose(a)))).containsExactly(values);
    assertThat(run.value(g.reshape(g.reshape(a, Shape.of(2, 6)), Shape.of(3, 4))))
        .containsExactly(values);
    for (int axis = 0; axis < 2; axis++) {
      Node left = g.slice(a, axis, 0, 1);
      Node right = g.slice(a, axis, 1, a.shape().dim(axis));
      assertThat(run.value(g.concat(axis, List.of(left, right)))).containsExactly(values);
    }
    assertThat(run.value(g.reduceSum(g.broadcast(counting("v", 4), Shape.of(3, 4)), 0)))
        .containsExactly(0, 3, 6, 9);
    assertThat(run.value(g.reduceMean(a, 1))).containsExactly(1.5, 5.5, 9.5);
    assertThat(run.value(g.reduceMax(g.neg(a)))).containsExactly(-0.0, -4, -8);
    assertThat(g.reduce(Op.REDUCE_SUM, a, true, 1).shape()).isEqualTo(Shape.of(3, 1));
    assertThat(run.value(g.transpose(a))).containsExactly(0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11);
  }

  @Test
  void matmulFlagsEqualExplicitTransposes() {
    Node a = counting("a", 3, 4);
    Node b = counting("b", 4, 2);
    double[] product = run.value(g.matmul(a, b));
    assertThat(product).containsExactly(28, 34, 76, 98, 124, 162);
    assertThat(run.value(g.matmul(g.transpose(a), b, true, false))).containsExactly(product);
    assertThat(run.value(g.matmul(a, g.transpose(b), false, true))).containsExactly(product);
    assertThat(run.value(g.matmul(g.transpose(a), g.transpose(b), true, true)))
        .containsExactly(product);
  }

  @Test
  void gradientIsZeroWhereTheLossDoesNotDepend() {
    Node a = counting("a", 2);
    Node b = counting("b", 3);
    Node loss = g.reduceSum(g.mul(a, g.stopGradient(a)));
    Map<Node, Node> gradients = Gradients.reverse(g, loss, List.of(a, b));
    assertThat(run.value(gradients.get(a))).containsExactly(0, 1);
    assertThat(run.value(gradients.get(b))).containsExactly(0, 0, 0);
  }

  @Test
  void namesAreFoundAndPrinted() {
    Node a = x("a", 2, 3);
    Node y = g.named("hidden").leakyRelu(a, 0.5);
    assertThat(g.find("hidden")).isSameAs(y);
    assertThat(g.find("nothing")).isNull();
    assertThat(y.toString()).isEqualTo("hidden [2, 3]");
    assertThat(y.attributes().toString()).isEqualTo("{alpha=0.5}");
    assertThat(g.tanh(a).name()).isEqualTo("tanh_2");
    assertThat(y.attributes().flag("absent")).isFalse();
    refused(() -> y.attributes().number("absent"), "absent");
  }
}
