package dev.bellows.engine.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.bellows.engine.graph.Node;
import dev.bellows.engine.sample.Philox;
import dev.bellows.engine.zoo.AdversarialNets;
import dev.bellows.engine.zoo.AdversarialNets.Blur;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Maker and judge in one network: each has the gradient of its own loss. */
final class AdversarialNetsTest {
  private static final List<LayerSpec> MAKER =
      List.of(LayerSpec.dense(5, Activation.TANH), LayerSpec.dense(3, Activation.SIGMOID));
  private static final List<LayerSpec> JUDGE =
      List.of(LayerSpec.dense(4, Activation.TANH), LayerSpec.dense(2, Activation.LINEAR));

  private static NetworkRun run(NetworkSpec spec) {
    float[] flat = Initializers.init(Network.layout(spec), 3);
    for (int i = 0; i < flat.length; i++) {
      flat[i] += 0.2f * Philox.normal(4, i);
    }
    double[] x = new double[3 * spec.input().numeric()];
    Arrays.setAll(x, i -> Philox.uniform(5, i));
    return new NetworkRun(spec, 3, Mode.TRAIN, flat).numeric(x);
  }

  /** The gradients of segments with this name in front, against differences of one loss alone. */
  private static void check(NetworkRun r, String segments, Node... losses) {
    int checked = 0;
    for (int p = 0; p < r.net.parameters().size(); p++) {
      Segment segment = r.net.layout().segments().get(p);
      if (segment.kind() != Segment.Kind.TRAINABLE || !segment.name().startsWith(segments)) {
        continue;
      }
      Node parameter = r.net.parameters().get(p);
      double[] exact = r.run.value(r.net.gradients().get(p)).clone();
      double[] values = r.run.value(parameter).clone();
      for (int i = 0; i < values.length; i++, checked++) {
        double slope = 0;
        for (int side : new int[] {1, -1}) {
          double at = values[i];
          values[i] = at + side * 1e-5;
          r.run.bind(parameter, values);
          for (Node loss : losses) {
            slope += side * r.run.scalar(loss) / 2e-5;
          }
          values[i] = at;
        }
        assertThat(exact[i]).as("%s[%d]", segment.name(), i).isCloseTo(slope, within(1e-7));
      }
      r.run.bind(parameter, values);
    }
    assertThat(checked).as("values of " + segments).isPositive();
  }

  private static Node loss(NetworkRun r, String head) {
    return r.net.heads().stream()
        .filter(h -> h.name().equals(head))
        .findFirst()
        .orElseThrow()
        .loss();
  }

  @ParameterizedTest
  @ValueSource(strings = {"logistic", "hinge", "least_squares"})
  @DisplayName("LOS-13 GAN: gradient check of maker and judge, each by its own loss")
  void ganGradients(String form) {
    NetworkSpec spec = AdversarialNets.gan(new int[] {3}, 2, MAKER, JUDGE, form, new Blur(0.2, 10));
    NetworkRun r = run(spec);
    check(r, "made", loss(r, Head.MAIN));
    check(r, "judged_real", loss(r, "judge"));
    assertThat(r.net.layout().segments().stream().map(Segment::name))
        .noneMatch(name -> name.startsWith("judged_made") || name.startsWith("score"));
  }

  @Test
  @DisplayName("LOS-15 CycleGAN: gradient check of both makers and both judges")
  void cycleGradients() {
    NetworkRun r = run(AdversarialNets.cycle(new int[] {3}, MAKER, MAKER, JUDGE, 1));
    Node toX = loss(r, "fool_x");
    Node toY = loss(r, Head.MAIN);
    check(r, "judged_x", loss(r, "judge_x"));
    check(r, "judged_y", loss(r, "judge_y"));
    check(r, "made_y", toY, loss(r, "cycle_x"), loss(r, "cycle_y"));
    check(r, "made_x", toX, loss(r, "cycle_x"), loss(r, "cycle_y"));
  }

  @Test
  void layersThatReadSomethingElseAreRefused() {
    List<LayerSpec> crossed =
        List.of(LayerSpec.of("dense", Map.of("units", 3, "inputs", List.of("real"))));
    assertThatThrownBy(
            () -> AdversarialNets.gan(new int[] {3}, 2, crossed, JUDGE, "hinge", Blur.NONE))
        .isInstanceOf(NetworkException.class)
        .hasMessageContaining("generator: expected one or more layers");
  }
}
