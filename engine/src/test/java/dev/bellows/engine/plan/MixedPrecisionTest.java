package dev.bellows.engine.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.bellows.engine.graph.Graph;
import dev.bellows.engine.graph.GraphException;
import dev.bellows.engine.graph.Node;
import dev.bellows.engine.graph.Op;
import dev.bellows.engine.graph.ProductRounding;
import dev.bellows.engine.kernel.KernelProvider;
import dev.bellows.engine.kernel.Kernels;
import dev.bellows.engine.kernel.reference.ReferenceExecutor;
import dev.bellows.engine.tensor.Bfloat16;
import dev.bellows.engine.tensor.DType;
import dev.bellows.engine.tensor.Memory;
import dev.bellows.engine.tensor.Shape;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Products of bfloat16 operands, on native and on plain kernels. */
abstract class MixedPrecisionTest {
  private final KernelProvider provider = KernelProvider.choose(preference());

  abstract KernelProvider.Preference preference();

  @Test
  void convertingHasTheBitsOfTheDefinition() {
    float[] special = {
      0,
      -0f,
      1,
      1.00390625f,
      1.01171875f,
      Float.MAX_VALUE,
      Float.MIN_VALUE,
      Float.NaN,
      Float.NEGATIVE_INFINITY,
      Float.intBitsToFloat(0x7F800001),
      1e-40f
    };
    SplittableRandom random = new SplittableRandom(4);
    for (int n : new int[] {1, 7, 31, 32, 33, 1000}) {
      long x = Memory.allocate(4L * n);
      long rounded = Memory.allocate(2L * n);
      long back = Memory.allocate(4L * n);
      try (Kernels kernels = provider.open()) {
        for (int i = 0; i < n; i++) {
          float value = i < special.length ? special[i] : Float.intBitsToFloat(random.nextInt());
          Memory.putFloat(x + 4L * i, value);
        }
        kernels.layout().bindConvert(DType.FLOAT32, DType.BFLOAT16, n, x, rounded).run();
        kernels.layout().bindConvert(DType.BFLOAT16, DType.FLOAT32, n, rounded, back).run();
        for (int i = 0; i < n; i++) {
          short bits = Memory.getShort(rounded + 2L * i);
          assertThat(bits).isEqualTo(Bfloat16.round(Memory.getFloat(x + 4L * i)));
          assertThat(Memory.getInt(back + 4L * i)).isEqualTo(bits << 16);
        }
      } finally {
        Memory.free(x);
        Memory.free(rounded);
        Memory.free(back);
      }
    }
  }

  /** The reference of the same rounded graph: what is left is float32 rounding of the sums. */
  @Test
  void productsOfRoundedOperandsAgreeWithTheReferenceOfTheRoundedGraph() {
    for (int[] mkn : new int[][] {{1, 1, 1}, {3, 5, 7}, {16, 33, 10}, {17, 64, 128}}) {
      for (int transposed = 0; transposed < 4; transposed++) {
        boolean ta = (transposed & 1) != 0;
        boolean tb = (transposed & 2) != 0;
        try (PlanCheck c = new PlanCheck(7)) {
          Node a = ta ? c.normal(mkn[1], mkn[0]) : c.normal(mkn[0], mkn[1]);
          Node b = tb ? c.parameter(mkn[2], mkn[1]) : c.parameter(mkn[1], mkn[2]);
          Node product = c.graph.add(c.graph.matmul(a, b, ta, tb), c.parameter(mkn[2]));
          ProductRounding rounding = ProductRounding.of(c.graph);
          ReferenceExecutor reference = new ReferenceExecutor(rounding.graph());
          for (Node node : c.graph.nodes()) {
            if (node.op() == Op.INPUT || node.op() == Op.PARAMETER) {
              reference.bind(rounding.copy(node), c.reference.value(node));
            }
          }
          double[] expected = reference.value(rounding.copy(product));
          for (boolean fuse : new boolean[] {true, false}) {
            PlanOptions options = new PlanOptions(fuse, true, DType.BFLOAT16);
            float[] found = c.run(provider, options, fuse, product).get(product);
            for (int i = 0; i < expected.length; i++) {
              assertThat((double) found[i])
                  .as("%s element %d", product, i)
                  .isCloseTo(expected[i], within(16.0 * Math.ulp(1f) * mkn[1]));
            }
          }
        }
      }
    }
  }

  /** bfloat16 keeps 8 bits: gradients move by about 2^-8 of their size, and do move. */
  @Test
  void gradientsAreThoseOfFloat32ToEightBits() {
    TrainerFixture fixture = new TrainerFixture(Networks.all().get("everything"), 17);
    float[] exact = gradient(fixture, PlanOptions.DEFAULT);
    float[] mixed = gradient(fixture, PlanOptions.MIXED);
    double difference = 0;
    double size = 0;
    for (int i = 0; i < exact.length; i++) {
      difference += Math.pow(exact[i] - mixed[i], 2);
      size += Math.pow(exact[i], 2);
    }
    assertThat(Math.sqrt(difference / size)).isBetween(1e-6, 0.03);
  }

  private float[] gradient(TrainerFixture fixture, PlanOptions options) {
    try (SliceTrainer trainer = new SliceTrainer(fixture.spec, 17, provider, 3, options)) {
      trainer.setParameters(fixture.parameters);
      fixture.fill(trainer.batch());
      trainer.run(9, 1);
      float[] gradient = new float[fixture.parameters.length];
      trainer.gradient(gradient);
      return gradient;
    }
  }

  /** Rounded weights are kept from slice to slice, and made anew when the weights change. */
  @Test
  void keptRoundedWeightsFollowTheParameters() {
    TrainerFixture fixture = new TrainerFixture(Networks.all().get("everything"), 17);
    float[] moved = fixture.parameters.clone();
    for (int i = 0; i < moved.length; i++) {
      moved[i] *= 1.25f;
    }
    try (SliceTrainer trainer = new SliceTrainer(fixture.spec, 17, provider, 3, PlanOptions.MIXED);
        SliceTrainer fresh = new SliceTrainer(fixture.spec, 17, provider, 3, PlanOptions.MIXED)) {
      trainer.setParameters(fixture.parameters);
      fixture.fill(trainer.batch());
      trainer.run(9, 1);
      trainer.run(9, 1);
      trainer.setParameters(moved);
      fresh.setParameters(moved);
      fixture.fill(fresh.batch());
      assertThat(trainer.run(9, 1).lossSum()).isEqualTo(fresh.run(9, 1).lossSum());
      float[] gradient = new float[moved.length];
      float[] expected = new float[moved.length];
      trainer.gradient(gradient);
      fresh.gradient(expected);
      assertThat(gradient).isEqualTo(expected);
    }
  }

  @Test
  void aTensorIsRoundedOnceHoweverManyProductsReadIt() {
    Graph graph = new Graph();
    Node x = graph.input("x", DType.FLOAT32, Shape.of(4, 4));
    Node y = graph.matmul(graph.matmul(x, x), x);
    Graph rounded = ProductRounding.of(graph).graph();
    assertThat(rounded.nodes().stream().filter(n -> n.op() == Op.CONVERT)).hasSize(2);
    assertThat(y.inputs()).hasSize(2);
    assertThat(rounded.find(y.name())).isNotNull();
  }

  @Test
  void operandsOfDifferentTypesAreRefusedWithBothNames() {
    Graph graph = new Graph();
    Node x = graph.input("x", DType.FLOAT32, Shape.of(4, 4));
    Node rounded = graph.named("rounded").convert(x, DType.BFLOAT16);
    assertThatThrownBy(() -> graph.named("product").matmul(x, rounded))
        .isInstanceOf(GraphException.class)
        .hasMessageContainingAll("product", "x [4, 4] of FLOAT32", "rounded [4, 4] of BFLOAT16");
    assertThatThrownBy(() -> graph.named("c").convert(x, DType.INT32))
        .hasMessageContaining("converts between FLOAT32 and BFLOAT16 only");
  }

  @Test
  void whatDependsOnParametersAloneIsNotRunAgain() {
    try (PlanCheck c = new PlanCheck(2)) {
      Node w = c.parameter(3, 3);
      Node doubled = c.graph.mul(w, 2);
      Node y = c.graph.matmul(c.normal(2, 3), doubled);
      Map<Node, Long> outputs = new LinkedHashMap<>(Map.of(y, 0L));
      List<Step> steps = Fusion.steps(c.graph, outputs.keySet(), true);
      boolean[] once = ParameterSteps.of(steps, outputs);
      for (int i = 0; i < once.length; i++) {
        assertThat(once[i]).isEqualTo(steps.get(i).main() == doubled);
      }
      outputs.put(doubled, 0L);
      assertThat(ParameterSteps.of(steps, outputs)).containsOnly(false);
    }
  }
}
