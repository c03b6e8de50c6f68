package dev.bellows.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.bellows.engine.CatalogueData.Split;
import dev.bellows.engine.LocalTrainer.Samples;
import dev.bellows.engine.graph.Gradients;
import dev.bellows.engine.graph.Graph;
import dev.bellows.engine.graph.Node;
import dev.bellows.engine.kernel.reference.NetworkDiagnosis;
import dev.bellows.engine.kernel.reference.NetworkDiagnosis.Layer;
import dev.bellows.engine.kernel.reference.ReferenceExecutor;
import dev.bellows.engine.nn.Activation;
import dev.bellows.engine.nn.Initializer;
import dev.bellows.engine.nn.Initializers;
import dev.bellows.engine.nn.InputSpec;
import dev.bellows.engine.nn.LayerSpec;
import dev.bellows.engine.nn.LossKind;
import dev.bellows.engine.nn.LossSpec;
import dev.bellows.engine.nn.Mode;
import dev.bellows.engine.nn.Network;
import dev.bellows.engine.nn.NetworkGraph;
import dev.bellows.engine.nn.NetworkSpec;
import dev.bellows.engine.nn.Segment;
import dev.bellows.engine.optim.NanPolicy;
import dev.bellows.engine.optim.OptimizerSpec;
import dev.bellows.engine.optim.OptimizerSpec.Kind;
import dev.bellows.engine.optim.ScheduleSpec;
import dev.bellows.engine.optim.UpdateRule;
import dev.bellows.engine.optim.UpdateSpec;
import dev.bellows.engine.sample.Philox;
import dev.bellows.engine.tensor.DType;
import dev.bellows.engine.tensor.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * Catalogue rows about depth: initialisers on ten layers, vanishing and exploding gradients, dead
 * units. Ten layers of width 64.
 */
final class CatalogueDepthTest {
  private static NetworkSpec deep(Activation activation, Initializer init, boolean batchNorm) {
    List<LayerSpec> layers = new ArrayList<>();
    for (int i = 0; i < 9; i++) {
      if (batchNorm) {
        layers.add(LayerSpec.dense(64, Activation.LINEAR, init));
        layers.add(LayerSpec.batchNorm());
        layers.add(LayerSpec.activation(activation));
      } else {
        layers.add(LayerSpec.dense(64, activation, init));
      }
    }
    layers.add(LayerSpec.dense(10, Activation.LINEAR, init));
    return new NetworkSpec(
        InputSpec.numeric(64), layers, LossSpec.of(LossKind.SOFTMAX_CROSS_ENTROPY), 10);
  }

  private static Split digits() {
    return CatalogueData.fold(CatalogueData.digits(), 0, false);
  }

  private static double accuracy(NetworkSpec spec, int epochs) {
    Split data = digits();
    try (LocalTrainer trainer = new LocalTrainer(spec, OptimizerSpec.of(Kind.ADAM, 0.001), 32, 1)) {
      return trainer.epochs(data.train(), epochs).accuracy(data.test());
    }
  }

  /** The layers of a network on the first 256 training rows. */
  private static List<Layer> diagnose(NetworkSpec spec, float[] flat, Mode mode) {
    Samples rows = digits().train().take(Samples.identity(256));
    NetworkGraph net = Network.build(spec, 256, mode);
    ReferenceExecutor run = new ReferenceExecutor(net.graph());
    for (int i = 0; i < net.parameters().size(); i++) {
      Segment s = net.layout().segments().get(i);
      run.bind(net.parameters().get(i), Arrays.copyOfRange(flat, s.offset(), s.end()));
    }
    float[] ones = new float[256];
    Arrays.fill(ones, 1);
    run.bind(net.weights(), ones);
    run.bind(Objects.requireNonNull(net.numeric()), rows.x());
    run.bind(Objects.requireNonNull(net.labels()), rows.labels());
    return NetworkDiagnosis.of(net, run);
  }

  private static List<Layer> atStart(NetworkSpec spec, Mode mode) {
    return diagnose(spec, Initializers.init(Network.layout(spec), 1), mode);
  }

  @Test
  @DisplayName("TRN-25 zero initialisation: ten ReLU layers stay at accuracy .10")
  void trn25Zero() {
    assertThat(accuracy(deep(Activation.RELU, Initializer.ZERO, false), 5))
        .isCloseTo(0.10, within(0.01));
  }

  @Test
  @DisplayName("TRN-26 small random: layer-10 pre-activations collapse to 1e-13, accuracy .10")
  void trn26SmallRandom() {
    NetworkSpec spec = deep(Activation.RELU, Initializer.SMALL_RANDOM, false);
    assertThat(atStart(spec, Mode.EVALUATE).get(9).deviation()).isBetween(1e-14, 1e-12);
    assertThat(accuracy(spec, 5)).isCloseTo(0.10, within(0.01));
  }

  @Test
  @DisplayName(
      "TRN-27 Xavier on ten tanh layers: layer-10 deviation .15 or more, accuracy .93 or more")
  void trn27Xavier() {
    NetworkSpec spec = deep(Activation.TANH, Initializer.XAVIER, false);
    assertThat(atStart(spec, Mode.EVALUATE).get(9).deviation()).isGreaterThanOrEqualTo(0.15);
    assertThat(accuracy(spec, 15)).isGreaterThanOrEqualTo(0.93);
  }

  @Test
  @DisplayName(
      "TRN-28 He on ten ReLU layers: layer-10 deviation within a factor 2 of layer 1, accuracy .94 or more")
  void trn28He() {
    NetworkSpec spec = deep(Activation.RELU, Initializer.HE, false);
    List<Layer> layers = atStart(spec, Mode.EVALUATE);
    assertThat(layers.get(9).deviation() / layers.get(0).deviation()).isBetween(0.5, 2.0);
    assertThat(accuracy(spec, 15)).isGreaterThanOrEqualTo(0.94);
  }

  @Test
  @DisplayName(
      "TRN-30 deviations at the start: Xavier tanh .421 -> .215, He ReLU .596, each within 20 %; He keeps it to layer 10")
  void trn30ActivationVariance() {
    // One draw of 64 units varies by 13 % at layer 1 and more at layer 10: the mean of 16 draws is
    // compared.
    double[] tanh = meanDeviations(deep(Activation.TANH, Initializer.XAVIER, false));
    double[] relu = meanDeviations(deep(Activation.RELU, Initializer.HE, false));
    assertThat(tanh[0]).isCloseTo(0.421, within(0.2 * 0.421));
    assertThat(tanh[9]).isCloseTo(0.215, within(0.2 * 0.215));
    assertThat(relu[0]).isCloseTo(0.596, within(0.2 * 0.596));
    // The reference .465 for layer 10 is a single draw; what is expected is the value of layer 1
    // (He et al., section 2.2).
    assertThat(relu[9]).isCloseTo(relu[0], within(0.25 * relu[0]));
    assertThat(meanDeviations(deep(Activation.RELU, Initializer.ZERO, false))).containsOnly(0);
  }

  private static double[] meanDeviations(NetworkSpec spec) {
    double[] mean = new double[10];
    for (int seed = 1; seed <= 16; seed++) {
      List<Layer> layers =
          diagnose(spec, Initializers.init(Network.layout(spec), seed), Mode.EVALUATE);
      for (int i = 0; i < 10; i++) {
        mean[i] += layers.get(i).deviation() / 16;
      }
    }
    return mean;
  }

  @Test
  @DisplayName(
      "TRN-23 ten sigmoid layers: gradients vanish (layer 1 / layer 10 below 1e-4), accuracy .10; with batch norm .95 or more")
  void trn23VanishingGradient() {
    NetworkSpec plain = deep(Activation.SIGMOID, Initializer.XAVIER, false);
    List<Layer> layers = atStart(plain, Mode.TRAIN);
    double ratio = layers.get(0).gradientNorm() / layers.get(9).gradientNorm();
    double stuck = accuracy(plain, 5);
    double normalised = accuracy(deep(Activation.SIGMOID, Initializer.XAVIER, true), 15);
    assertThat(Math.pow(0.9, 50)).isCloseTo(0.00515, within(1e-5));
    assertThat(ratio).isLessThan(1e-4);
    assertThat(stuck).isCloseTo(0.10, within(0.01));
    assertThat(normalised).isGreaterThanOrEqualTo(0.95);
  }

  @Test
  @DisplayName(
      "TRN-22 linear RNN with orthogonal W x 1.1 over 50 steps: the gradient grows 117x, clipped it is c")
  void trn22Exploding() {
    int n = 8;
    Graph g = new Graph();
    Node start = g.input("start", DType.FLOAT32, Shape.of(1, n));
    Node w = g.constant(orthogonal(n, 1.1), Shape.of(n, n));
    Node state = start;
    for (int t = 0; t < 50; t++) {
      state = g.matmul(state, w);
    }
    double[] u = new double[n];
    u[3] = 1;
    Node gradient =
        Gradients.vectorJacobian(g, state, g.constant(u, Shape.of(1, n)), List.of(start))
            .get(start);
    ReferenceExecutor run = new ReferenceExecutor(g);
    run.bind(start, new double[n]);
    double[] exact = run.value(gradient);
    float[] flat = new float[n];
    for (int i = 0; i < n; i++) {
      flat[i] = (float) exact[i];
    }
    UpdateSpec clipped =
        new UpdateSpec(
            OptimizerSpec.of(Kind.SGD, 1),
            ScheduleSpec.constant(),
            0,
            0,
            0,
            1,
            NanPolicy.STOP,
            List.of(UpdateSpec.Range.trainable(0, n, true)));
    UpdateRule rule = new UpdateRule(clipped);
    double norm = UpdateRule.norm(rule.blockSquares(flat, n, 0));
    assertThat(norm).isCloseTo(117.39, within(0.01));
    float[] values = new float[n];
    rule.apply(1, 1, 1, rule.clipFactor(norm, 1), values, flat, new float[0][], 0, n, 0);
    double moved = 0;
    for (float v : values) {
      moved += v * v;
    }
    assertThat(Math.sqrt(moved)).isCloseTo(1, within(1e-5));
  }

  /** Gram-Schmidt on normal draws, times a factor. */
  private static double[] orthogonal(int n, double factor) {
    double[][] q = new double[n][n];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        q[i][j] = Philox.normal(22, (long) i * n + j);
      }
      for (int k = 0; k < i; k++) {
        double dot = 0;
        for (int j = 0; j < n; j++) {
          dot += q[i][j] * q[k][j];
        }
        for (int j = 0; j < n; j++) {
          q[i][j] -= dot * q[k][j];
        }
      }
      double norm = Math.sqrt(Arrays.stream(q[i]).map(v -> v * v).sum());
      for (int j = 0; j < n; j++) {
        q[i][j] /= norm;
      }
    }
    return Arrays.stream(q).flatMapToDouble(Arrays::stream).map(v -> v * factor).toArray();
  }

  @Test
  @DisplayName(
      "ACT-15 biases of -10: all ReLU units dead and accuracy .10; leaky ReLU recovers to .90 or more")
  void act15DeadUnits() {
    double[] accuracy = new double[2];
    for (int i = 0; i < 2; i++) {
      Activation activation = i == 0 ? Activation.RELU : Activation.LEAKY_RELU;
      NetworkSpec spec =
          new NetworkSpec(
              InputSpec.numeric(64),
              List.of(LayerSpec.dense(64, activation), LayerSpec.dense(10, Activation.LINEAR)),
              LossSpec.of(LossKind.SOFTMAX_CROSS_ENTROPY),
              10);
      Split data = digits();
      try (LocalTrainer trainer =
          new LocalTrainer(spec, OptimizerSpec.of(Kind.ADAM, 0.01), 32, 1)) {
        Segment bias = trainer.layout.segment("layer0.dense.bias");
        Arrays.fill(trainer.weights, bias.offset(), bias.end(), -10);
        if (i == 0) {
          assertThat(diagnose(spec, trainer.weights, Mode.EVALUATE).get(0).deadShare())
              .isEqualTo(1);
        }
        accuracy[i] = trainer.epochs(data.train(), 30).accuracy(data.test());
      }
    }
    assertThat(accuracy[0]).isCloseTo(0.10, within(0.01));
    assertThat(accuracy[1]).isGreaterThanOrEqualTo(0.90);
    NetworkSpec healthy = deep(Activation.RELU, Initializer.HE, false);
    assertThat(atStart(healthy, Mode.EVALUATE).get(0).deadShare()).isLessThan(0.5);
  }
}
