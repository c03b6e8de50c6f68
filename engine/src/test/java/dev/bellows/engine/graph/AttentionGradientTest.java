package dev.bellows.engine.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.bellows.engine.tensor.Shape;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Attention as one op, in double precision: gradients, known values, masks, shape errors. */
final class AttentionGradientTest {
  private final Set<Op> checked = EnumSet.noneOf(Op.class);

  private void check(String what, GradientCheck c, Node output) {
    c.verify(what, output);
    c.graph.nodes().forEach(node -> checked.add(node.op()));
  }

  private static @Nullable Node lengths(GradientCheck c, boolean some) {
    return some ? c.ints(new int[] {2, 0}, 2) : null;
  }

  @Test
  @DisplayName("SEQ-09, SEQ-10, SEQ-11 attention: gradient checks to the second derivative")
  void everyOpIsChecked() {
    for (int form = 0; form < 4; form++) {
      boolean padded = (form & 1) != 0;
      boolean causal = (form & 2) != 0;
      GradientCheck c = new GradientCheck(1 + form);
      Node q = c.normal(2, 2, 4);
      Node k = c.normal(2, 3, 4);
      Node v = c.normal(2, 3, 6);
      check("attention", c, Attentions.attention(c.graph, q, k, v, lengths(c, padded), 2, causal));

      GradientCheck s = new GradientCheck(10 + form);
      Node qkv = s.normal(2, 3, 12);
      check("self", s, Attentions.selfAttention(s.graph, qkv, lengths(s, padded), 2, causal));

      for (int of = 0; of < 3; of++) {
        GradientCheck d = new GradientCheck(20 + form);
        List<Node> inputs = List.of(d.normal(2, 2, 2), d.normal(2, 3, 2), d.normal(2, 3, 4));
        Node y =
            Attentions.attention(
                d.graph,
                inputs.get(0),
                inputs.get(1),
                inputs.get(2),
                lengths(d, padded),
                2,
                causal);
        check("gradient", d, slope(d, y, inputs.get(of)));
      }
      GradientCheck d = new GradientCheck(30 + form);
      Node all = d.normal(2, 3, 6);
      Node y = Attentions.selfAttention(d.graph, all, lengths(d, padded), 1, causal);
      check("self gradient", d, slope(d, y, all));
    }
    for (Op op : Op.values()) {
      if (op.family() == OpFamily.ATTENTION && op.differentiable()) {
        assertThat(checked).as("gradient check of %s", op.id()).contains(op);
      }
    }
  }

  private static Node slope(GradientCheck c, Node y, Node x) {
    return Gradients.reverse(c.graph, c.graph.reduceSum(c.graph.mul(y, y)), List.of(x)).get(x);
  }

  private static double[] cycle(int n, int period, double shift, double divisor) {
    double[] values = new double[n];
    for (int i = 0; i < n; i++) {
      values[i] = (i % period - shift) / divisor;
    }
    return values;
  }

  /**
   * torch 2.13 in float64: {@code q=(torch.arange(8)%5-2).view(1,2,4)/2}, {@code
   * k=(torch.arange(12)%7-3).view(1,3,4)/3}, {@code
   * v=(torch.arange(12)%4).view(1,3,4)+torch.arange(3).view(1,3,1)}, each {@code
   * .view(1,-1,2,2).transpose(1,2)} into {@code F.scaled_dot_product_attention}: plain, {@code
   * is_causal=True}, and masking the last key.
   */
  @Test
  @DisplayName("SEQ-09 scaled dot-product attention equals PyTorch's, also masked and causal")
  void knownValues() {
    GradientCheck c = new GradientCheck(1);
    Node q = c.fixed(cycle(8, 5, 2, 2), 1, 2, 4);
    Node k = c.fixed(cycle(12, 7, 3, 3), 1, 3, 4);
    double[] values = cycle(12, 4, 0, 1);
    for (int i = 0; i < values.length; i++) {
      values[i] += i / 4;
    }
    Node v = c.fixed(values, 1, 3, 4);
    Node two = c.ints(new int[] {2}, 1);
    close(
        c.run.value(Attentions.attention(c.graph, q, k, v, null, 2, false)),
        0.846908,
        1.846908,
        3.044239,
        4.044239,
        1.000000,
        2.000000,
        2.955761,
        3.955761);
    close(
        c.run.value(Attentions.attention(c.graph, q, k, v, null, 2, true)),
        0.000000,
        1.000000,
        2.000000,
        3.000000,
        0.500000,
        1.500000,
        2.384284,
        3.384284);
    close(
        c.run.value(Attentions.attention(c.graph, q, k, v, two, 2, false)),
        0.195570,
        1.195570,
        2.412521,
        3.412521,
        0.500000,
        1.500000,
        2.384284,
        3.384284);
  }

  private static void close(double[] found, double... expected) {
    for (int i = 0; i < expected.length; i++) {
      assertThat(found[i]).as("[%d]", i).isCloseTo(expected[i], within(1e-6));
    }
  }

  /** By hand: Q = K = V = identity; scores are 1/sqrt(2) or 0, weights 1/(1 + e^(-1/sqrt(2))). */
  @Test
  @DisplayName("SEQ-09 hand case 2 x 2; SEQ-10 one head is single attention")
  void handCase() {
    GradientCheck c = new GradientCheck(1);
    Node one = c.fixed(new double[] {1, 0, 0, 1}, 1, 2, 2);
    double near = 1 / (1 + Math.exp(-1 / Math.sqrt(2)));
    Node y = Attentions.attention(c.graph, one, one, one, null, 1, false);
    close(c.run.value(y), near, 1 - near, 1 - near, near);

    Node packed = c.normal(2, 3, 12);
    Node[] parts = new Node[3];
    for (int i = 0; i < 3; i++) {
      parts[i] = c.graph.slice(packed, 2, 4 * i, 4 * i + 4);
    }
    Node self = Attentions.selfAttention(c.graph, packed, null, 1, false);
    Node scores = c.graph.mul(Indexings.batchMatmul(c.graph, parts[0], parts[1], false, true), 0.5);
    Node single =
        Indexings.batchMatmul(c.graph, c.graph.softmax(scores, 1), parts[2], false, false);
    close(c.run.value(self), c.run.value(single));
  }

  /** Scores of random vectors spread like sqrt(d); a softmax of such scores hardly learns. */
  @Test
  @DisplayName(
      "SEQ-09 d = 512: logits spread 22.6 unscaled, 1.0 scaled; scaling keeps the median gradient")
  void scaling() {
    GradientCheck c = new GradientCheck(5);
    Node q = c.fixed(c.draw(Shape.of(64, 512), 1, 0), 64, 512);
    Node k = c.fixed(c.draw(Shape.of(64, 512), 1, 0), 64, 512);
    Node raw = c.graph.matmul(q, k, false, true);
    Node scaled = c.graph.mul(raw, 1 / Math.sqrt(512));
    assertThat(deviation(c.run.value(raw))).isCloseTo(22.6, within(0.7)); // 4,096 draws: 3 sigma
    assertThat(deviation(c.run.value(scaled))).isCloseTo(1.0, within(0.03));
    Node random = c.graph.constant(c.draw(Shape.of(64, 64), 1, 0), Shape.of(64, 64));
    double[] norms = new double[2];
    Node[] scores = {raw, scaled};
    for (int i = 0; i < 2; i++) {
      Node sum = c.graph.reduceSum(c.graph.mul(c.graph.softmax(scores[i], 1), random));
      double[] slope =
          c.run.value(Gradients.reverse(c.graph, sum, List.of(scores[i])).get(scores[i]));
      norms[i] = medianNorm(slope, 64);
    }
    // Of the median query: a few unscaled ones sit between two keys and have large gradients.
    assertThat(norms[1]).isGreaterThan(2 * norms[0]);
  }

  private static double medianNorm(double[] rows, int width) {
    double[] norms = new double[rows.length / width];
    for (int i = 0; i < rows.length; i++) {
      norms[i / width] += rows[i] * rows[i];
    }
    Arrays.sort(norms);
    return Math.sqrt(norms[norms.length / 2]);
  }

  private static double deviation(double[] values) {
    double mean = Arrays.stream(values).average().orElseThrow();
    return Math.sqrt(
        Arrays.stream(values).map(v -> (v - mean) * (v - mean)).average().orElseThrow());
  }

  @Test
  @DisplayName("SEQ-11 self-attention without positions is permutation equivariant")
  void permutationEquivariance() {
    GradientCheck c = new GradientCheck(2);
    Node x = c.normal(1, 4, 6);
    Node order = c.ints(new int[] {2, 0, 3, 1}, 4);
    Node before =
        Attentions.selfAttention(c.graph, Indexings.gather(c.graph, x, order, 1), null, 2, false);
    Node after =
        Indexings.gather(c.graph, Attentions.selfAttention(c.graph, x, null, 2, false), order, 1);
    close(c.run.value(before), c.run.value(after));
  }

  @Test
  @DisplayName("SEQ-16 causal mask: output t is exactly unchanged by inputs after t")
  void causal() {
    GradientCheck c = new GradientCheck(3);
    double[] values = c.draw(Shape.of(1, 5, 12), 1, 0);
    Node x = c.fixed(values, 1, 5, 12);
    Node y = Attentions.selfAttention(c.graph, x, null, 2, true);
    double[] before = c.run.value(y).clone();
    for (int i = 3 * 12; i < values.length; i++) {
      values[i] += 100;
    }
    c.run.bind(x, values);
    double[] after = c.run.value(y);
    for (int i = 0; i < before.length; i++) {
      assertThat(after[i] == before[i]).as("element %d", i).isEqualTo(i < 3 * 4);
    }
  }

  @Test
  void shapesThatDoNotFitAreNamed() {
    GradientCheck c = new GradientCheck(4);
    Node qkv = c.normal(2, 3, 12);
    assertThatThrownBy(() -> Attentions.selfAttention(c.graph.named("mha"), qkv, null, 3, false))
        .isInstanceOf(GraphException.class)
        .hasMessageContaining("mha")
        .hasMessageContaining("4 features")
        .hasMessageContaining("3 heads");
    assertThatThrownBy(
            () ->
                Attentions.attention(
                    c.graph,
                    c.normal(2, 3, 4),
                    c.normal(2, 5, 6),
                    c.normal(2, 5, 4),
                    null,
                    2,
                    false))
        .isInstanceOf(GraphException.class)
        .hasMessageContaining("[2, 5, 6]");
  }
}
