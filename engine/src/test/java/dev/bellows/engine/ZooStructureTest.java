package dev.bellows.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.bellows.engine.LocalTrainer.Samples;
import dev.bellows.engine.graph.Node;
import dev.bellows.engine.kernel.KernelProvider;
import dev.bellows.engine.kernel.reference.ReferenceExecutor;
import dev.bellows.engine.nn.Activation;
import dev.bellows.engine.nn.Initializers;
import dev.bellows.engine.nn.LossKind;
import dev.bellows.engine.nn.LossSpec;
import dev.bellows.engine.nn.Mode;
import dev.bellows.engine.nn.Model;
import dev.bellows.engine.nn.Network;
import dev.bellows.engine.nn.NetworkGraph;
import dev.bellows.engine.nn.NetworkSpec;
import dev.bellows.engine.nn.Segment;
import dev.bellows.engine.plan.Predictor;
import dev.bellows.engine.zoo.CapsuleNets;
import dev.bellows.engine.zoo.HighwayNets;
import dev.bellows.engine.zoo.ImageTask;
import dev.bellows.engine.zoo.Inception;
import java.util.Arrays;
import java.util.Objects;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What networks of the zoo do with real digits before any training. */
final class ZooStructureTest {
  private static final int ROWS = 32;

  /** A new network on some rows, in double. */
  private record Start(NetworkGraph net, ReferenceExecutor run) {
    static Start of(NetworkSpec spec, Mode mode, Samples rows) {
      NetworkGraph net = Network.build(spec, rows.rows(), mode);
      ReferenceExecutor run = new ReferenceExecutor(net.graph());
      float[] flat = Initializers.init(net.layout(), 1);
      for (int i = 0; i < net.parameters().size(); i++) {
        Segment s = net.layout().segments().get(i);
        run.bind(net.parameters().get(i), Arrays.copyOfRange(flat, s.offset(), s.end()));
      }
      float[] ones = new float[rows.rows()];
      Arrays.fill(ones, 1);
      run.bind(net.weights(), ones);
      run.bind(Objects.requireNonNull(net.numeric()), rows.x());
      run.bind(Objects.requireNonNull(net.labels()), rows.labels());
      return new Start(net, run);
    }

    Node node(String name) {
      return Objects.requireNonNull(net.graph().find(name), name);
    }

    double gradientNorm(String segment) {
      int index = net.layout().segments().indexOf(net.layout().segment(segment));
      return norm(run.value(net.gradients().get(index)));
    }
  }

  private static Samples first(int rows) {
    return Digits.judging().train().take(Samples.identity(rows));
  }

  private static double norm(double... values) {
    return Math.sqrt(Arrays.stream(values).map(v -> v * v).sum());
  }

  @Test
  @DisplayName(
      "VIS-06 auxiliary classifiers: first layer's gradient at the start 3 times as long or more")
  void vis06GradientOfTheFirstLayer() {
    Samples rows = first(8);
    double alone = Start.of(veryDeep(false), Mode.TRAIN, rows).gradientNorm("conv1.weight");
    double helped = Start.of(veryDeep(true), Mode.TRAIN, rows).gradientNorm("conv1.weight");
    assertThat(helped).isGreaterThanOrEqualTo(3 * alone);
    // Inception modules start with He's variance and lose less on the way.
    Samples large = Digits.enlarged(rows, 4);
    double[] norms = new double[2];
    for (int i = 0; i < 2; i++) {
      NetworkSpec spec = Inception.small(ImageTask.square(32, 1, 10), 8, 2, i == 1);
      norms[i] = Start.of(spec, Mode.TRAIN, large).gradientNorm("stem.weight");
    }
    assertThat(norms[1]).isGreaterThanOrEqualTo(2 * norms[0]);
  }

  /** 18 convolutions with Glorot's variance, which ReLU halves; classifiers after 6 and 12. */
  private static NetworkSpec veryDeep(boolean auxiliary) {
    Model.Builder b = Model.builder().input(8, 8, 1);
    for (int i = 1; i <= 18; i++) {
      b.conv2d(6, 3).as("conv" + i).relu().with("initializer", "glorot");
    }
    for (int i = 6; auxiliary && i <= 12; i += 6) {
      b.flatten().from("conv" + i).dense(10).as("auxiliary" + i);
    }
    b.flatten().from("conv18").dense(10);
    LossSpec loss = LossSpec.of(LossKind.SOFTMAX_CROSS_ENTROPY);
    LossSpec shared = loss.with("weight", 0.3).with("target", "main");
    for (int i = 6; auxiliary && i <= 12; i += 6) {
      b.head("auxiliary" + i, "auxiliary" + i, shared);
    }
    return b.loss(loss).build();
  }

  @Test
  @DisplayName("VIS-06 auxiliary classifiers are not computed when predicting")
  void vis06HeadsAreAbsent() {
    NetworkSpec spec = Inception.small(Digits.TASK, 3, 2, true);
    KernelProvider kernels = KernelProvider.choose(KernelProvider.Preference.AUTO);
    float[] flat = Initializers.init(Network.layout(spec), 1);
    float[][] scores = new float[2][10 * ROWS];
    Samples rows = Digits.judging().test();
    for (int i = 0; i < 2; i++) {
      NetworkSpec used = i == 0 ? spec : spec.withoutHeads();
      assertThat(Network.layout(used)).isEqualTo(Network.layout(spec));
      try (Predictor predictor = new Predictor(used, ROWS, kernels)) {
        predictor.setParameters(flat);
        rows.fill(predictor.batch(), Samples.identity(ROWS), 0, ROWS);
        predictor.run();
        predictor.outputs(scores[i]);
        assertThat(predictor.describe().toString().contains("auxiliary")).isEqualTo(i == 0);
      }
    }
    assertThat(scores[1]).isEqualTo(scores[0]);
  }

  @Test
  @DisplayName(
      "VIS-17 capsules: lengths in [0, 1); each round of routing sharpens the coupling on the mean")
  void vis17Routing() {
    NetworkSpec spec = CapsuleNets.of(Digits.TASK, 16, 4, 8, 8, 3);
    Start start = Start.of(spec, Mode.EVALUATE, first(ROWS));
    for (double length : start.run().value(start.net().output())) {
      assertThat(length).isGreaterThanOrEqualTo(0).isLessThan(1);
    }
    double[] entropy = new double[3];
    for (int round = 1; round <= 3; round++) {
      double[] shares = start.run().value(start.node("digits.coupling" + round));
      for (double share : shares) {
        entropy[round - 1] -= share * Math.log(share) / (shares.length / 10.0);
      }
    }
    assertThat(entropy[0]).as("equal shares").isCloseTo(Math.log(10), within(1e-12));
    assertThat(entropy[1]).isLessThan(entropy[0]);
    assertThat(entropy[2]).isLessThan(entropy[1]);
  }

  /**
   * With x' = g H + (1 - g) x a layer moves by g (H - x), g = sigmoid(-3) = .0474 where the gate's
   * sum is 0. H - x is a little longer than x.
   */
  @Test
  @DisplayName("LAY-30 gates that start at -3: a layer moves by 4 to 9 % of x, half of them by 6")
  void lay30GatesStartClosed() {
    NetworkSpec spec = HighwayNets.dense(64, 50, 20, Activation.RELU, -3, 10);
    Start start = Start.of(spec, Mode.EVALUATE, first(ROWS));
    double[] shares = new double[20];
    for (int i = 1; i <= 20; i++) {
      double[] x = start.run().value(layer(start, i == 1 ? "widen" : "highway" + (i - 1)));
      double[] y = start.run().value(layer(start, "highway" + i));
      double[] moved = new double[x.length];
      Arrays.setAll(moved, j -> y[j] - x[j]);
      shares[i - 1] = norm(moved) / norm(x);
    }
    Arrays.sort(shares);
    assertThat(shares[10]).isBetween(0.04, 0.06);
    assertThat(shares[19]).isLessThanOrEqualTo(0.09);
  }

  /** With small weights H(x) is small, and a layer moves by g |H - x| / |x|, about .0474. */
  @Test
  @DisplayName(
      "LAY-30 gates at -3 and small weights: a layer's output is within 5 % of x; 20 of them learn DG to .94 or more")
  void lay30SmallWeights() {
    Model.Builder b = Model.builder().input(64).dense(50).as("widen").relu();
    for (int i = 1; i <= 20; i++) {
      b.layer("highway", "gate_start", -3, "initializer", "small_random");
      b.with("gate_initializer", "small_random").as("highway" + i);
    }
    NetworkSpec spec = b.dense(10).loss(LossKind.SOFTMAX_CROSS_ENTROPY).build();
    Start start = Start.of(spec, Mode.EVALUATE, first(ROWS));
    for (int i = 1; i <= 20; i++) {
      double[] x = start.run().value(layer(start, i == 1 ? "widen" : "highway" + (i - 1)));
      double[] y = start.run().value(layer(start, "highway" + i));
      double[] moved = new double[x.length];
      Arrays.setAll(moved, j -> y[j] - x[j]);
      assertThat(norm(moved) / norm(x)).isPositive().isLessThanOrEqualTo(0.05);
    }
    assertThat(new Digits.Recipe(0.003, 15, 0.3).accuracy(spec, Digits.judging()))
        .isGreaterThanOrEqualTo(0.94);
  }

  private static Node layer(Start start, String name) {
    return start.net().layers().stream()
        .filter(layer -> layer.name().equals(name))
        .findFirst()
        .orElseThrow()
        .output();
  }
}
