package dev.bellows.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bellows.engine.LocalTrainer.Samples;
import dev.bellows.engine.kernel.KernelProvider;
import dev.bellows.engine.kernel.reference.ReferenceExecutor;
import dev.bellows.engine.nn.Activation;
import dev.bellows.engine.nn.Initializers;
import dev.bellows.engine.nn.LayerCost;
import dev.bellows.engine.nn.LossKind;
import dev.bellows.engine.nn.LossSpec;
import dev.bellows.engine.nn.Mode;
import dev.bellows.engine.nn.Model;
import dev.bellows.engine.nn.Network;
import dev.bellows.engine.nn.NetworkException;
import dev.bellows.engine.nn.NetworkGraph;
import dev.bellows.engine.nn.NetworkSpec;
import dev.bellows.engine.nn.ParameterLayout;
import dev.bellows.engine.nn.Segment;
import dev.bellows.engine.optim.OptimizerSpec;
import dev.bellows.engine.optim.OptimizerSpec.Kind;
import dev.bellows.engine.plan.SanityChecks;
import dev.bellows.engine.sample.Philox;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Layers as parts of networks, and the diagnoses of a training, with the catalogue's figures. */
final class CatalogueLayerTest {
  private static final KernelProvider KERNELS =
      KernelProvider.choose(KernelProvider.Preference.AUTO);
  private static final LossSpec MSE = LossSpec.of(LossKind.MSE);

  private static LayerCost cost(NetworkSpec spec, int layer) {
    return Network.costs(spec).get(layer);
  }

  @Test
  @DisplayName(
      "LAY-05 summary of an AlexNet-size network: conv1 55x55x96, 34,944; total 62,378,344")
  void lay05SizesAndParameters() {
    NetworkSpec spec =
        Model.builder()
            .input(227, 227, 3)
            .layer("conv2d", "filters", 96, "kernel", 11, "stride", 4, "padding", "valid")
            .layer("maxpool2d", "size", 3, "stride", 2)
            .conv2d(256, 5)
            .layer("maxpool2d", "size", 3, "stride", 2)
            .conv2d(384, 3)
            .conv2d(384, 3)
            .conv2d(256, 3)
            .layer("maxpool2d", "size", 3, "stride", 2)
            .flatten()
            .dense(4096)
            .dense(4096)
            .dense(1000)
            .loss(LossKind.SOFTMAX_CROSS_ENTROPY)
            .build();
    assertThat(cost(spec, 0).output().dims()).containsExactly(1, 55, 55, 96);
    assertThat(cost(spec, 0).parameters()).isEqualTo(34_944);
    assertThat(cost(spec, 0).multiplyAdds()).isEqualTo(55L * 55 * 96 * 11 * 11 * 3);
    assertThat(Network.layout(spec).trainable()).isEqualTo(62_378_344);
    assertThat(Network.summary(spec)).contains("62,378,344 trained parameters");
  }

  @Test
  @DisplayName("LAY-26 bottleneck 256-64-64-256: 69,632 weights, two 3x3x256: 1,179,648")
  void lay26Bottleneck() {
    NetworkSpec bottleneck =
        Model.builder()
            .input(14, 14, 256)
            .conv2d(64, 1)
            .with("bias", false)
            .conv2d(64, 3)
            .with("bias", false)
            .conv2d(256, 1)
            .with("bias", false)
            .loss(MSE)
            .build();
    assertThat(Network.layout(bottleneck).trainable()).isEqualTo(69_632);
    NetworkSpec plain =
        Model.builder()
            .input(14, 14, 256)
            .repeat(2, block -> block.conv2d(256, 3).with("bias", false))
            .loss(MSE)
            .build();
    assertThat(Network.layout(plain).trainable()).isEqualTo(1_179_648);
  }

  @Test
  @DisplayName("LAY-25 multiply-adds 3x3, 512 to 512 at 14x14: 462,422,016; separable 52,283,392")
  void lay25SeparableCost() {
    NetworkSpec standard = Model.builder().input(14, 14, 512).conv2d(512, 3).loss(MSE).build();
    NetworkSpec separable =
        Model.builder()
            .input(14, 14, 512)
            .layer("separable_conv2d", "filters", 512, "kernel", 3)
            .loss(MSE)
            .build();
    assertThat(cost(standard, 0).multiplyAdds()).isEqualTo(462_422_016L);
    assertThat(cost(separable, 0).multiplyAdds()).isEqualTo(52_283_392L);
  }

  /** Reference values of a network with the first parameters of a seed. */
  private static ReferenceExecutor reference(NetworkGraph net, float[] flat) {
    ReferenceExecutor run = new ReferenceExecutor(net.graph());
    for (int i = 0; i < net.parameters().size(); i++) {
      Segment s = net.layout().segments().get(i);
      run.bind(net.parameters().get(i), Arrays.copyOfRange(flat, s.offset(), s.end()));
    }
    double[] weights = new double[net.rows()];
    Arrays.fill(weights, 1);
    run.bind(net.weights(), weights);
    return run;
  }

  @Test
  @DisplayName(
      "LAY-17 embedding: a one-hot product is the look-up exactly, unused rows get nothing")
  void lay17Embedding() {
    NetworkSpec lookup =
        Model.builder().tokens(3, 9).embedding(4).flatten().dense(2).loss(MSE).build();
    NetworkGraph net = Network.build(lookup, 2, Mode.TRAIN);
    float[] flat = Initializers.init(net.layout(), 5);
    ReferenceExecutor run = reference(net, flat);
    int[] tokens = {1, 7, 1, 8, 0, 7};
    run.bind(Objects.requireNonNull(net.codes()), tokens);
    run.bind(Objects.requireNonNull(net.target()), new double[] {1, 2, 3, 4});
    double[] found = run.value(net.layers().get(0).output());
    Segment table = net.layout().segment("layer0.embedding.weight");
    for (int i = 0; i < tokens.length; i++) {
      for (int d = 0; d < 4; d++) {
        double product = 0;
        for (int v = 0; v < 9; v++) {
          product += (v == tokens[i] ? 1 : 0) * (double) flat[table.offset() + v * 4 + d];
        }
        assertThat(found[i * 4 + d]).isEqualTo(product);
      }
    }
    double[] gradient = run.value(net.gradients().get(0));
    for (int v = 0; v < 9; v++) {
      double[] row = Arrays.copyOfRange(gradient, v * 4, v * 4 + 4);
      int token = v;
      if (Arrays.stream(tokens).anyMatch(t -> t == token)) {
        assertThat(row).isNotEqualTo(new double[4]);
      } else {
        assertThat(row).containsOnly(0);
      }
    }
  }

  /** 2-norm of the first layer's gradient of a 50-layer tanh network. */
  private static double firstGradient(boolean skips) {
    Model.Builder builder = Model.builder().input(16).dense(16).tanh();
    for (int i = 0; i < 49; i++) {
      if (skips) {
        builder.residual(block -> block.dense(16).activation(Activation.SIGMOID));
      } else {
        builder.dense(16).activation(Activation.SIGMOID);
      }
    }
    NetworkSpec spec = builder.dense(3).loss(LossKind.SOFTMAX_CROSS_ENTROPY).build();
    NetworkGraph net = Network.build(spec, 8, Mode.TRAIN);
    ReferenceExecutor run = reference(net, Initializers.init(net.layout(), 2));
    double[] x = new double[8 * 16];
    for (int i = 0; i < x.length; i++) {
      x[i] = Philox.normal(4, i);
    }
    run.bind(Objects.requireNonNull(net.numeric()), x);
    run.bind(Objects.requireNonNull(net.labels()), new int[] {0, 1, 2, 0, 1, 2, 0, 1});
    return Math.sqrt(
        Arrays.stream(run.value(net.gradients().get(0))).map(value -> value * value).sum());
  }

  @Test
  @DisplayName(
      "LAY-27 skips by addition: 50 layers, first gradient at least 10 times the plain one")
  void lay27Skips() {
    assertThat(firstGradient(true)).isGreaterThan(10 * firstGradient(false));
  }

  @Test
  @DisplayName("LAY-28 skips by concatenation: widths add, the gradient splits exactly")
  void lay28Concatenation() {
    NetworkSpec spec =
        Model.builder()
            .input(5)
            .dense(3)
            .as("left")
            .dense(4)
            .from("input")
            .as("right")
            .layer("concat", "inputs", List.of("left", "right"))
            .dense(2)
            .loss(MSE)
            .build();
    NetworkGraph net = Network.build(spec, 6, Mode.TRAIN);
    assertThat(net.layers().get(2).output().shape().dims()).containsExactly(6, 7);
    ReferenceExecutor run = reference(net, Initializers.init(net.layout(), 3));
    double[] x = new double[30];
    Arrays.setAll(x, i -> Philox.normal(1, i));
    double[] target = new double[12];
    Arrays.setAll(target, i -> Philox.normal(2, i));
    run.bind(Objects.requireNonNull(net.numeric()), x);
    run.bind(Objects.requireNonNull(net.target()), target);
    // With y = [l, r] W the gradient of W's rows 0..2 is lᵀ dy and of rows 3..6 rᵀ dy; the biases
    // of both branches get the column sums of dy Wᵀ, cut at 3.
    double[] dy = new double[12];
    double[] y = run.value(net.output());
    Arrays.setAll(dy, i -> 2 * (y[i] - target[i]) / 2);
    float[] flat = Initializers.init(net.layout(), 3);
    Segment w = net.layout().segment("layer3.dense.weight");
    for (String side : List.of("left", "right")) {
      int width = side.equals("left") ? 3 : 4;
      int first = side.equals("left") ? 0 : 3;
      int index = net.layout().segments().indexOf(net.layout().segment(side + ".bias"));
      double[] found = run.value(net.gradients().get(index));
      for (int j = 0; j < width; j++) {
        double sum = 0;
        for (int row = 0; row < 6; row++) {
          for (int k = 0; k < 2; k++) {
            sum += dy[row * 2 + k] * flat[w.offset() + (first + j) * 2 + k];
          }
        }
        assertThat(found[j]).isCloseTo(sum, org.assertj.core.api.Assertions.within(1e-12));
      }
    }
  }

  @Test
  @DisplayName("LAY-33 weight tying: one segment, the pair is the same after 100 Adam steps")
  void lay33TiedWeights() {
    NetworkSpec spec =
        Model.builder()
            .input(12)
            .dense(12)
            .tanh()
            .as("first")
            .dense(12)
            .with("shared_with", "first")
            .as("second")
            .dense(12)
            .with("weights_of", "first")
            .loss(MSE.with("target", "input"))
            .build();
    ParameterLayout layout = Network.layout(spec);
    assertThat(layout.trainable()).isEqualTo(12 * 12 + 12 + 12);
    float[] x = new float[64 * 12];
    Philox.fillNormal(6, 0, x, 0, x.length);
    Samples rows = new Samples(12, x, new int[0], 12, new float[0]);
    try (LocalTrainer trainer = new LocalTrainer(spec, OptimizerSpec.of(Kind.ADAM, 0.01), 16, 3)) {
      double before = trainer.evaluate(rows)[0];
      trainer.epochs(rows, 25);
      assertThat(trainer.evaluate(rows)[0]).isLessThan(before);
      // The plan reads one segment for all: layer by layer the function is that of one matrix.
      NetworkGraph net = Network.build(spec, 1, Mode.EVALUATE);
      ReferenceExecutor run = reference(net, trainer.weights);
      run.bind(Objects.requireNonNull(net.numeric()), new double[12]);
      assertThat(net.layers().get(1).segments()).isEmpty();
      assertThat(net.layers().get(1).nodes().get(0).inputs())
          .contains(Objects.requireNonNull(net.graph().find("first.weight")));
    }
  }

  @Test
  @DisplayName("LAY-34 wrong rank or size fails when the network is built, naming layer and shapes")
  void lay34ShapeErrors() {
    assertThatThrownBy(
            () -> Model.builder().input(4, 4, 1).dense(3).dense(2).maxPool2d(5).loss(MSE).build())
        .isInstanceOf(NetworkException.class)
        .hasMessageContaining("layer 2 (maxpool2d)");
    assertThatThrownBy(
            () -> Model.builder().input(6).dense(3).as("a").dense(4).add("a").loss(MSE).build())
        .isInstanceOf(NetworkException.class)
        .hasMessageContainingAll("layer 2 (add)", "[N, 4] and [N, 3]");
  }

  private static NetworkSpec digits(double dropout) {
    return Model.builder()
        .input(8, 8, 1)
        .conv2d(16, 3)
        .relu()
        .maxPool2d(2)
        .flatten()
        .dropout(dropout)
        .dense(64)
        .relu()
        .dropout(dropout)
        .dense(10)
        .loss(LossKind.SOFTMAX_CROSS_ENTROPY)
        .build();
  }

  @Test
  @DisplayName(
      "TRN-37 DG CNN, dropout .5: running loss above validation loss and above re-measured")
  void trn37RunningLossIsAboveValidationLoss() {
    CatalogueData.Split data = CatalogueData.fold(CatalogueData.digits(), 0, false);
    try (LocalTrainer trainer =
        new LocalTrainer(digits(0.5), OptimizerSpec.of(Kind.ADAM, 0.001), 32, 1)) {
      for (int epoch = 0; epoch < 3; epoch++) {
        double running = trainer.epoch(data.train());
        double measured = trainer.evaluate(data.train())[0];
        double validation = trainer.evaluate(data.test())[0];
        assertThat(running).as("epoch " + epoch).isGreaterThan(validation);
        assertThat(measured).as("epoch " + epoch).isLessThan(running);
      }
    }
  }

  private static List<String> failed(NetworkSpec spec, Samples rows) {
    Consumer<dev.bellows.engine.plan.BatchBuffers> fill =
        batch -> rows.fill(batch, Samples.identity(32), 0, 32);
    return SanityChecks.run(spec, 32, fill, KERNELS, 3, 400).stream()
        .filter(finding -> !finding.passed())
        .map(SanityChecks.Finding::check)
        .toList();
  }

  @Test
  @DisplayName("TOO-20 sanity checks pass on DG; planted faults are each found")
  void too20SanityChecks() {
    Samples digits = CatalogueData.digits();
    NetworkSpec spec = digits(0);
    assertThat(failed(spec, digits)).isEmpty();

    float[] unscaled = digits.x().clone();
    for (int i = 0; i < unscaled.length; i++) {
      unscaled[i] *= 4000;
    }
    assertThat(failed(spec, new Samples(64, unscaled, digits.labels(), 0, new float[0])))
        .contains("input", "first loss");

    Samples contradicting =
        new Samples(64, new float[64 * 32], Arrays.copyOf(digits.labels(), 32), 0, new float[0]);
    assertThat(failed(spec, contradicting)).contains("input", "one batch");

    NetworkSpec unread =
        Model.builder()
            .input(64)
            .dense(16)
            .relu()
            .as("unread")
            .dense(10)
            .from("input")
            .loss(LossKind.SOFTMAX_CROSS_ENTROPY)
            .build();
    assertThat(failed(unread, digits)).contains("gradients");
  }
}
