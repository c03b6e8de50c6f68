package dev.bellows.engine.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.bellows.engine.kernel.reference.ReferenceExecutor;
import dev.bellows.engine.sample.Philox;
import dev.bellows.engine.tensor.DType;
import dev.bellows.engine.tensor.Shape;
import java.util.List;
import java.util.function.BiFunction;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * Catalogue rows ACT-01 to ACT-14 on the reference. Their training figures are in
 * CatalogueTrainingTest.
 */
final class ActivationTest {
  private static final double[] POINTS = {-3, -1.5, -0.5, 0, 0.25, 1, 2.399, 5};

  /** f at points. */
  private static double[] values(BiFunction<Graph, Node, Node> f, double... x) {
    Graph g = new Graph();
    Node input = g.input("x", DType.FLOAT32, Shape.of(x.length));
    ReferenceExecutor run = new ReferenceExecutor(g);
    run.bind(input, x);
    return run.value(f.apply(g, input));
  }

  /** The derivative of order 1 or 2 at points. */
  private static double[] slopes(BiFunction<Graph, Node, Node> f, int order, double... x) {
    Graph g = new Graph();
    Node input = g.input("x", DType.FLOAT32, Shape.of(x.length));
    Node at = f.apply(g, input);
    for (int i = 0; i < order; i++) {
      at = Gradients.reverse(g, g.reduceSum(at), List.of(input)).get(input);
    }
    ReferenceExecutor run = new ReferenceExecutor(g);
    run.bind(input, x);
    return run.value(at);
  }

  private static double value(BiFunction<Graph, Node, Node> f, double x) {
    return values(f, x)[0];
  }

  /**
   * Golden numbers, torch 2.13.0+cpu in float64 at {@link #POINTS}: {@code v =
   * x.clone().requires_grad_(); y = f(v); y.sum().backward(); print(y.tolist(), v.grad.tolist())}
   * for torch.sigmoid, torch.tanh, F.elu, F.softplus, F.silu, F.mish, F.gelu.
   */
  @Test
  void goldenNumbersOfTorch() {
    golden(
        Graph::sigmoid,
        new double[] {
          0.0474258731775668,
          0.182425523806356,
          0.377540668798145,
          0.5,
          0.562176500885798,
          0.731058578630005,
          0.916751016714966,
          0.993307149075715
        },
        new double[] {
          0.0451766597309121,
          0.149146452070333,
          0.235003712201594,
          0.25,
          0.246134082737598,
          0.196611933241482,
          0.0763185900670424,
          0.00664805667079003
        });
    golden(
        Graph::tanh,
        new double[] {
          -0.99505475368673,
          -0.905148253644866,
          -0.46211715726001,
          0.0,
          0.244918662403709,
          0.761594155955765,
          0.983642442043684,
          0.999909204262595
        },
        new double[] {
          0.00986603716544017,
          0.180706638923649,
          0.786447732965927,
          1.0,
          0.940014848806378,
          0.419974341614026,
          0.0324475462103373,
          0.000181583230943853
        });
    golden(
        (g, x) -> g.elu(x, 1),
        new double[] {
          -0.950212931632136, -0.77686983985157, -0.393469340287367, 0.0, 0.25, 1.0, 2.399, 5.0
        },
        new double[] {
          0.0497870683678639, 0.22313016014843, 0.606530659712633, 1.0, 1.0, 1.0, 1.0, 1.0
        });
    golden(
        Graph::softplus,
        new double[] {
          0.0485873515737421,
          0.201413277982752,
          0.474076984180107,
          0.693147180559945,
          0.825939419878844,
          1.31326168751822,
          2.48591936298854,
          5.00671534848912
        },
        new double[] {
          0.0474258731775668,
          0.182425523806356,
          0.377540668798145,
          0.5,
          0.562176500885798,
          0.731058578630005,
          0.916751016714966,
          0.993307149075715
        });
    golden(
        (g, x) -> g.swish(x, 1),
        new double[] {
          -0.1422776195327,
          -0.273638285709535,
          -0.188770334399073,
          0.0,
          0.14054412522145,
          0.731058578630005,
          2.1992856890992,
          4.96653574537858
        },
        new double[] {
          -0.0881041060151696,
          -0.0412941542991429,
          0.260038812697348,
          0.5,
          0.623710021570198,
          0.927670511871487,
          1.0998393142858,
          1.02654743242967
        });
    golden(
        Graph::mish,
        new double[] {
          -0.145647461275625,
          -0.298099742166807,
          -0.22074377465173,
          0.0,
          0.169572409663818,
          0.86509838826731,
          2.36597683684603,
          4.99955207752941
        },
        new double[] {
          -0.0933931145323208,
          -0.0640978158922587,
          0.289510677913512,
          0.6,
          0.754172667720593,
          1.04903622009979,
          1.04636591632506,
          1.00080022483208
        });
    golden(
        Graph::gelu,
        new double[] {
          -0.00404969409489031,
          -0.100210801903287,
          -0.154268769362993,
          0.0,
          0.149676581420731,
          0.841344746068543,
          2.37928032232671,
          4.99999856674214
        },
        new double[] {
          -0.0119456472041839,
          -0.12746919222998,
          0.132504875343837,
          0.5,
          0.695373354883636,
          1.08331547058769,
          1.04563358750243,
          1.000007146946
        });
  }

  private static void golden(BiFunction<Graph, Node, Node> f, double[] values, double[] slopes) {
    assertThat(values(f, POINTS)).containsExactly(values, within(1e-13));
    assertThat(slopes(f, 1, POINTS)).containsExactly(slopes, within(1e-13));
  }

  @Test
  @DisplayName("ACT-01 sigmoid(0) = .5, sigmoid(+-800) finite")
  void act01Sigmoid() {
    assertThat(values(Graph::sigmoid, 0, 800, -800)).containsExactly(0.5, 1, 0);
    assertThat(slopes(Graph::sigmoid, 1, 800, -800)).containsExactly(0, 0);
  }

  @Test
  @DisplayName("ACT-02 tanh(1) = .761594")
  void act02Tanh() {
    assertThat(value(Graph::tanh, 1)).isCloseTo(0.761594, within(1e-6));
  }

  @Test
  @DisplayName("ACT-03 ReLU, subgradient 0 at 0")
  void act03Relu() {
    assertThat(values(Graph::relu, -2, 0, 3)).containsExactly(0, 0, 3);
    assertThat(slopes(Graph::relu, 1, -2, 0, 3)).containsExactly(0, 0, 1);
  }

  @Test
  @DisplayName("ACT-04 leaky ReLU(-2) = -.02")
  void act04LeakyRelu() {
    assertThat(values((g, x) -> g.leakyRelu(x, 0.01), -2, 5)).containsExactly(-0.02, 5);
  }

  @Test
  @DisplayName("ACT-05 ELU(-1) = -.632121")
  void act05Elu() {
    assertThat(value((g, x) -> g.elu(x, 1), -1)).isCloseTo(-0.632121, within(1e-6));
  }

  @Test
  @DisplayName("ACT-06 softplus without overflow: f(0) = .693147, f(100) = 100, f(-100) = 3.7e-44")
  void act06Softplus() {
    assertThat(value(Graph::softplus, 0)).isCloseTo(0.693147, within(1e-6));
    assertThat(value(Graph::softplus, 100)).isCloseTo(100, within(1e-12));
    assertThat(value(Graph::softplus, -100)).isCloseTo(3.7e-44, within(0.03e-44));
  }

  @Test
  @DisplayName(
      "ACT-07 swish: f(1) = .731059, f'(1.278465) = 1, max f' = 1.0998 at 2.399; gradient of beta")
  void act07Swish() {
    BiFunction<Graph, Node, Node> swish = (g, x) -> g.swish(x, 1);
    assertThat(value(swish, 1)).isCloseTo(0.731059, within(1e-6));
    assertThat(value(swish, -1.278465)).isCloseTo(-0.278465, within(1e-6));
    assertThat(slopes(swish, 1, 1.278465)[0]).isCloseTo(1, within(1e-6));
    double[] grid = new double[2001];
    for (int i = 0; i < grid.length; i++) {
      grid[i] = i * 0.005 - 5;
    }
    double[] slopes = slopes(swish, 1, grid);
    int best = 0;
    for (int i = 1; i < slopes.length; i++) {
      best = slopes[i] > slopes[best] ? i : best;
    }
    assertThat(slopes[best]).isCloseTo(1.0998, within(5e-5));
    assertThat(grid[best]).isCloseTo(2.399, within(0.005));
    GradientCheck check = new GradientCheck(7);
    Node x = check.normal(3, 4);
    Node beta = check.of(new double[] {1.3}, 1);
    check.verify(
        "swish with a trained beta",
        check.graph.mul(x, check.graph.sigmoid(check.graph.mul(x, beta))));
  }

  @Test
  @DisplayName("ACT-08 swish derivatives: f'(0) = .5, f''(0) = .5, f' crosses 0 at -1.2785")
  void act08SwishDerivatives() {
    BiFunction<Graph, Node, Node> swish = (g, x) -> g.swish(x, 1);
    assertThat(slopes(swish, 1, 0)[0]).isCloseTo(0.5, within(1e-12));
    assertThat(slopes(swish, 2, 0)[0]).isCloseTo(0.5, within(1e-12));
    assertThat(slopes(swish, 1, -1.27856)[0]).isNegative();
    assertThat(slopes(swish, 1, -1.2784)[0]).isPositive();
  }

  @Test
  @DisplayName("ACT-09 mish(1) = .865098, minimum -0.308843 at -1.19243")
  void act09Mish() {
    assertThat(value(Graph::mish, 1)).isCloseTo(0.865098, within(1e-6));
    assertThat(value(Graph::mish, -1.19243)).isCloseTo(-0.308843, within(1e-6));
    assertThat(slopes(Graph::mish, 1, -1.19243)[0]).isCloseTo(0, within(1e-5));
  }

  @Test
  @DisplayName("ACT-10 softmax of (1,2,3) and (1000,1001,1002); rows sum to 1 on 10k random rows")
  void act10Softmax() {
    BiFunction<Graph, Node, Node> softmax = (g, x) -> g.softmax(x, 1);
    double[] small = values(softmax, 1, 2, 3);
    assertThat(small).containsExactly(new double[] {0.0900, 0.2447, 0.6652}, within(5e-5));
    assertThat(values(softmax, 1000, 1001, 1002)).containsExactly(small, within(1e-15));
    Graph g = new Graph();
    Node x = g.input("x", DType.FLOAT32, Shape.of(10_000, 7));
    float[] draws = new float[70_000];
    Philox.fillNormal(10, 0, draws, 0, draws.length);
    ReferenceExecutor run = new ReferenceExecutor(g);
    run.bind(x, draws);
    for (double sum : run.value(g.reduceSum(g.softmax(g.mul(x, 20), 1), 1))) {
      assertThat(sum).isCloseTo(1, within(1e-7));
    }
  }

  @Test
  @DisplayName("ACT-11 softmax with temperature 2 and 5")
  void act11Temperature() {
    assertThat(values((g, x) -> g.softmax(x, 2), 1, 2, 3))
        .containsExactly(new double[] {0.1863, 0.3072, 0.5065}, within(5e-5));
    assertThat(values((g, x) -> g.softmax(x, 5), 1, 2, 3))
        .containsExactly(new double[] {0.2693, 0.3289, 0.4018}, within(5e-5));
    assertThatThrownBy(() -> values((g, x) -> g.softmax(x, 0), 1, 2))
        .isInstanceOf(GraphException.class)
        .hasMessageContaining("temperature");
  }

  @Test
  @DisplayName("ACT-12 exp magnifies gaps, and argmax has no gradient and says so")
  void act12Argmax() {
    assertThat(values((g, x) -> g.div(x, g.reduceSum(x)), 1, 2, 3))
        .containsExactly(new double[] {0.167, 0.333, 0.5}, within(5e-4));
    assertThat(values(Graph::argmax, 1, 3, 3)).containsExactly(1);
    Graph g = new Graph();
    Node x = g.input("scores", DType.FLOAT32, Shape.of(2, 3));
    Node loss = g.reduceSum(g.argmax(x));
    assertThatThrownBy(() -> Gradients.reverse(g, loss, List.of(x)))
        .isInstanceOf(GraphException.class)
        .hasMessageContaining("argmax has no gradient")
        .hasMessageContaining("scores [2, 3]");
  }

  @Test
  @DisplayName("ACT-14 step(0) = 1, and step has no gradient")
  void act14Step() {
    assertThat(values(Graph::step, -1e-9, 0, 2)).containsExactly(0, 1, 1);
    assertThatThrownBy(() -> slopes(Graph::step, 1, 1))
        .isInstanceOf(GraphException.class)
        .hasMessageContaining("step has no gradient");
  }

  @Test
  @DisplayName("ACT-16 nine functions on [-5, 5] equal their closed forms")
  void act16ClosedForms() {
    for (double x = -5; x <= 5; x += 0.125) {
      double s = 1 / (1 + Math.exp(-x));
      double sp = Math.log(1 + Math.exp(x));
      assertThat(value(Graph::sigmoid, x)).isCloseTo(s, within(1e-6));
      assertThat(value(Graph::tanh, x)).isCloseTo(2 / (1 + Math.exp(-2 * x)) - 1, within(1e-6));
      assertThat(value(Graph::relu, x)).isEqualTo(Math.max(0, x));
      assertThat(value((g, v) -> g.leakyRelu(v, 0.01), x))
          .isCloseTo(x > 0 ? x : 0.01 * x, within(1e-6));
      assertThat(value((g, v) -> g.elu(v, 1), x))
          .isCloseTo(x > 0 ? x : Math.exp(x) - 1, within(1e-6));
      assertThat(value(Graph::softplus, x)).isCloseTo(sp, within(1e-6));
      assertThat(value((g, v) -> g.swish(v, 1), x)).isCloseTo(x * s, within(1e-6));
      assertThat(value(Graph::mish, x)).isCloseTo(x * Math.tanh(sp), within(1e-6));
      assertThat(value(Graph::step, x)).isEqualTo(x >= 0 ? 1 : 0);
    }
  }
}
