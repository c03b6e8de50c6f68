package dev.bellows.engine.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.bellows.engine.graph.GradientCheck;
import dev.bellows.engine.graph.Node;
import dev.bellows.engine.graph.Op;
import dev.bellows.engine.nn.InputSpec.Categorical;
import dev.bellows.engine.nn.layer.CoreLayers;
import dev.bellows.engine.sample.Philox;
import dev.bellows.engine.tensor.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Graphs, layouts, running statistics and gradients of whole networks. */
final class NetworkTest {
  private static final InputSpec MIXED =
      new InputSpec(3, List.of(new Categorical("color", 4, 2), new Categorical("size", 3, 1)), 5);

  private static NetworkSpec softmax(int inputs, int outputs, LayerSpec... layers) {
    return new NetworkSpec(
        InputSpec.numeric(inputs),
        List.of(layers),
        LossSpec.of(LossKind.SOFTMAX_CROSS_ENTROPY),
        outputs);
  }

  private static double[] draw(long key, int count) {
    double[] values = new double[count];
    for (int i = 0; i < count; i++) {
      values[i] = Philox.normal(key, i);
    }
    return values;
  }

  /**
   * Golden logits, numpy 2.4.6 (float64), weights by a closed formula that is repeated below:
   *
   * <pre>
   * x=np.array([[((7*i+3*n)%17)/16.0 for i in range(64)] for n in range(3)])
   * W1=np.array([[np.sin(1.0+i*64+j)/8 for j in range(64)] for i in range(64)]); b1=np.array([np.cos(j)/10 for j in range(64)])
   * W2=np.array([[np.sin(2.0+3*(i*10+j))/8 for j in range(10)] for i in range(64)]); b2=np.array([np.cos(2*j)/10 for j in range(10)])
   * z=np.maximum(x@W1+b1,0)@W2+b2
   * </pre>
   */
  @Test
  @DisplayName("TRN-01 feed-forward pass of a 64-64-10 MLP equals NumPy")
  void trn01FeedForward() {
    double[][] golden = {
      {
        0.0784588066687773,
        -0.0208567141432225,
        -0.0849236368772138,
        0.113986129717326,
        -0.0305692790148511,
        -0.0701583286026857,
        0.0731822057092635,
        0.0221070459164915,
        -0.101260613020654,
        0.0684777009482314
      },
      {
        0.170681859869024,
        -0.108802979134401,
        -0.00301440518685733,
        0.0397533451569839,
        0.0345012887277837,
        -0.124764291671823,
        0.116230625382802,
        -0.00852221594899246,
        -0.0836635538477147,
        0.064265049726827
      },
      {
        0.152498302004458,
        -0.0961818887445577,
        -0.00982041689201408,
        0.0406080558069,
        0.0396149861725775,
        -0.135744046522201,
        0.132856677770781,
        -0.0304617953229842,
        -0.0568495683180498,
        0.0331133401441764
      }
    };
    NetworkSpec spec =
        softmax(
            64, 10, LayerSpec.dense(64, Activation.RELU), LayerSpec.dense(10, Activation.LINEAR));
    NetworkRun run =
        new NetworkRun(spec, 3, Mode.EVALUATE, new float[Network.layout(spec).length()]);
    double[] w1 = new double[64 * 64];
    double[] b1 = new double[64];
    double[] w2 = new double[640];
    double[] b2 = new double[10];
    double[] x = new double[3 * 64];
    Arrays.setAll(w1, k -> Math.sin(1.0 + k) / 8);
    Arrays.setAll(b1, j -> Math.cos(j) / 10);
    Arrays.setAll(w2, k -> Math.sin(2.0 + 3 * k) / 8);
    Arrays.setAll(b2, j -> Math.cos(2 * j) / 10);
    Arrays.setAll(x, k -> (7 * (k % 64) + 3 * (k / 64)) % 17 / 16.0);
    double[][] values = {w1, b1, w2, b2};
    for (int i = 0; i < 4; i++) {
      run.run.bind(run.net.parameters().get(i), values[i]);
    }
    run.numeric(x);
    for (int n = 0; n < 3; n++) {
      assertThat(Arrays.copyOfRange(run.output(), 10 * n, 10 * n + 10))
          .containsExactly(golden[n], within(1e-12));
    }
  }

  @Test
  void layoutNamesSegmentsInOrderOfUse() {
    NetworkSpec spec =
        new NetworkSpec(
            MIXED,
            List.of(
                LayerSpec.dense(4, Activation.RELU),
                LayerSpec.batchNorm(),
                LayerSpec.dropout(0.2),
                LayerSpec.dense(2, Activation.LINEAR)),
            LossSpec.of(LossKind.SOFTMAX_CROSS_ENTROPY),
            2);
    ParameterLayout layout = Network.layout(spec);
    assertThat(layout.segments().stream().map(s -> s.name() + " " + s.shape() + " " + s.kind()))
        .containsExactly(
            "embedding.color [4, 2] TRAINABLE",
            "embedding.size [3, 1] TRAINABLE",
            "layer0.dense.weight [6, 4] TRAINABLE",
            "layer0.dense.sparse_weight [5, 4] TRAINABLE",
            "layer0.dense.bias [4] TRAINABLE",
            "layer1.batch_norm.scale [4] TRAINABLE",
            "layer1.batch_norm.shift [4] TRAINABLE",
            "layer1.batch_norm.running_mean [4] STATE",
            "layer1.batch_norm.running_variance [4] STATE",
            "layer3.dense.weight [4, 2] TRAINABLE",
            "layer3.dense.bias [2] TRAINABLE");
    assertThat(layout.length()).isEqualTo(8 + 3 + 24 + 20 + 4 + 16 + 8 + 2);
    assertThat(layout.trainable()).isEqualTo(layout.length() - 8);
    assertThat(layout.segment("layer0.dense.weight").fanIn())
        .as("numbers, embeddings and sparse meet")
        .isEqualTo(11);
    assertThat(layout.segment("layer0.dense.weight").init()).isEqualTo(Initializer.HE);
    assertThat(layout.segment("layer3.dense.weight").init()).isEqualTo(Initializer.GLOROT);
    assertThat(layout.segment("layer0.dense.bias").decay()).isFalse();
    assertThat(layout.segment("layer1.batch_norm.running_mean").stateMomentum()).isEqualTo(0.9f);
    assertThatThrownBy(() -> layout.segment("layer9"))
        .isInstanceOf(NetworkException.class)
        .hasMessageContaining("layer9");
    for (Mode mode : Mode.values()) {
      assertThat(Network.build(spec, 7, mode).layout())
          .as("one layout for both graphs")
          .isEqualTo(layout);
    }
  }

  @Test
  void segmentsMustTileTheVector() {
    Segment s =
        new Segment(
            "w", Shape.of(2), 1, 2, Segment.Kind.TRAINABLE, Initializer.ZERO, true, 1, 1, 0);
    assertThatThrownBy(() -> new ParameterLayout(List.of(s), 3))
        .isInstanceOf(NetworkException.class)
        .hasMessageContaining("w must start at 0");
    assertThatThrownBy(() -> new ParameterLayout(List.of(), 3))
        .isInstanceOf(NetworkException.class)
        .hasMessageContaining("0 elements");
  }

  @Test
  @DisplayName(
      "TRN-02 gradient check through whole networks: every layer type, every loss, all input kinds")
  void trn02WholeNetworks() {
    LayerSpec trainedSwish =
        new LayerSpec(CoreLayers.ACTIVATION, Map.of("kind", "swish", "trained", true));
    LayerSpec noBias =
        new LayerSpec(CoreLayers.DENSE, Map.of("units", 4, "bias", false, "activation", "tanh"));
    for (LossKind kind : LossKind.values()) {
      LossSpec loss = LossSamples.of(kind);
      int outputs = LossSamples.outputs(kind);
      List<LayerSpec> layers =
          List.of(
              noBias,
              LayerSpec.batchNorm(),
              trainedSwish,
              LayerSpec.dropout(0.3),
              LayerSpec.dense(outputs, Activation.LINEAR));
      check("loss " + kind, new NetworkSpec(MIXED, layers, loss, outputs));
    }
    for (Activation activation : Activation.values()) {
      if (activation != Activation.STEP) {
        List<LayerSpec> layers =
            List.of(
                LayerSpec.dense(4, activation),
                LayerSpec.activation(activation),
                LayerSpec.dense(3, Activation.LINEAR));
        check(
            "activation " + activation,
            new NetworkSpec(MIXED, layers, LossSpec.of(LossKind.SOFTMAX_CROSS_ENTROPY), 3));
      }
    }
  }

  /** The same draws at each evaluation: gradients go through what they were multiplied with. */
  @Test
  void noiseHasTheSlopesOfItsDraws() {
    List<LayerSpec> layers =
        List.of(
            LayerSpec.dense(5, Activation.TANH),
            LayerSpec.of("gaussian_noise", Map.of("sigma", 0.5, "steps", 3)),
            LayerSpec.of("drop_connect", Map.of("units", 8, "rate", 0.4, "activation", "tanh")),
            LayerSpec.of("sampling", Map.of()),
            LayerSpec.of("gumbel_softmax", Map.of("temperature", 0.6)),
            LayerSpec.of("top_k", Map.of("k", 3)),
            LayerSpec.of("dense", Map.of("units", 3, "weight_norm", "weight")));
    LossSpec loss = LossSpec.of(LossKind.SOFTMAX_CROSS_ENTROPY);
    check("noise", new NetworkSpec(MIXED, layers, loss, 3));
  }

  /** The gradient nodes against central differences of the loss. */
  private static void check(String what, NetworkSpec spec) {
    int rows = 5;
    ParameterLayout layout = Network.layout(spec);
    float[] flat = Initializers.init(layout, 11);
    for (int i = 0; i < flat.length; i++) {
      flat[i] += 0.3f * Philox.normal(12, i);
    }
    NetworkRun run = new NetworkRun(spec, rows, Mode.TRAIN, flat);
    bindMixed(run, rows, spec.targetWidth());
    run.checkGradients(what);
  }

  private static void bindMixed(NetworkRun run, int rows, int targets) {
    run.numeric(draw(1, rows * 3));
    run.run.bind(NetworkRun.node(run.net.codes()), new int[] {0, 2, 3, 0, 1, 1, 3, 2, 0, 0});
    run.run.bindSparse(
        NetworkRun.node(run.net.sparse()),
        new int[] {0, 2, 2, 3, 5, 6},
        new int[] {0, 4, 2, 1, 3, 4},
        draw(2, 6));
    run.run.bind(run.net.weights(), new double[] {1, 2, 0.5, 1, 1.5});
    run.run.dropout(3, 4, 5);
    if (run.net.labels() != null) {
      run.labels(2, 0, 1, 1, 0);
    } else if (run.net.target() != null) {
      double[] target = new double[rows * targets];
      Arrays.setAll(target, i -> i * 7 % 3 == 0 ? 1 : 0);
      run.target(target);
    }
  }

  @Test
  void reverseAndForwardModeAgreeOnANetwork() {
    NetworkSpec spec =
        new NetworkSpec(
            InputSpec.numeric(4),
            List.of(LayerSpec.dense(5, Activation.GELU), LayerSpec.dense(3, Activation.LINEAR)),
            LossSpec.of(LossKind.MSE),
            3);
    GradientCheck check = new GradientCheck(9);
    Node x = check.normal(2, 4);
    Node hidden =
        check.graph.gelu(
            check.graph.add(check.graph.matmul(x, check.normal(4, 5)), check.normal(5)));
    check.verify("mlp", check.graph.matmul(hidden, check.normal(5, spec.outputs())));
  }

  @Test
  void lossSumsRowsAndWeightSumCountsClassWeights() {
    LossSpec weighted = new LossSpec(LossKind.SOFTMAX_CROSS_ENTROPY, 0, new float[] {1, 4}, 1);
    NetworkSpec spec =
        new NetworkSpec(
            InputSpec.numeric(1),
            List.of(LayerSpec.dense(2, Activation.LINEAR, Initializer.ZERO)),
            weighted,
            2);
    NetworkRun run =
        new NetworkRun(spec, 3, Mode.EVALUATE, new float[4]).numeric(1, 2, 3).labels(0, 1, 1);
    run.run.bind(run.net.weights(), new double[] {1, 2, 0.5});
    assertThat(run.run.scalar(run.net.weightSum())).isEqualTo(1 + 8 + 2);
    assertThat(run.run.scalar(run.net.loss())).isCloseTo(11 * Math.log(2), within(1e-12));
    assertThat(run.run.scalar(run.net.metric()))
        .as("equal scores: the first class wins")
        .isEqualTo(1);
    assertThat(run.net.gradients()).isEmpty();
  }

  @Test
  void batchNormStateGradientIsWeightSumTimesStatistic() {
    NetworkSpec spec =
        new NetworkSpec(
            InputSpec.numeric(2),
            List.of(LayerSpec.batchNorm(), LayerSpec.dense(1, Activation.LINEAR)),
            LossSpec.of(LossKind.MSE),
            1);
    ParameterLayout layout = Network.layout(spec);
    NetworkRun run =
        new NetworkRun(spec, 3, Mode.TRAIN, Initializers.init(layout, 1))
            .numeric(1, 10, 2, 20, 6, 60)
            .target(0, 0, 0);
    run.run.bind(run.net.weights(), new double[] {1, 2, 0.5});
    double[] mean = state(run, "layer0.batch_norm.running_mean");
    assertThat(mean).containsExactly(new double[] {3.5 * 3, 3.5 * 30}, within(1e-9));
    double[] variance = state(run, "layer0.batch_norm.running_variance");
    assertThat(variance)
        .as("unbiased: sum of squares 14 over N - 1")
        .containsExactly(new double[] {3.5 * 7, 3.5 * 700}, within(1e-9));
    NetworkRun single =
        new NetworkRun(spec, 1, Mode.TRAIN, Initializers.init(layout, 1)).numeric(5, 5).target(0);
    assertThat(state(single, "layer0.batch_norm.running_variance"))
        .as("one row has no variance, and no NaN")
        .containsExactly(0, 0);
  }

  private static double[] state(NetworkRun run, String name) {
    int index = run.net.layout().segments().indexOf(run.net.layout().segment(name));
    return run.run.value(run.net.gradients().get(index));
  }

  @Test
  @DisplayName(
      "TRN-36 evaluation is deterministic and row by row; training draws new masks per step and slice")
  void trn36Modes() {
    NetworkSpec spec =
        softmax(
            4,
            3,
            LayerSpec.dense(16, Activation.RELU),
            LayerSpec.batchNorm(),
            LayerSpec.dropout(0.5),
            LayerSpec.dense(3, Activation.LINEAR));
    float[] flat = Initializers.init(Network.layout(spec), 7);
    double[] x = draw(3, 6 * 4);
    NetworkRun evaluate = new NetworkRun(spec, 6, Mode.EVALUATE, flat).numeric(x);
    evaluate.run.dropout(1, 1, 0);
    double[] batched = evaluate.output().clone();
    evaluate.run.dropout(1, 2, 0);
    assertThat(evaluate.output()).containsExactly(batched);
    NetworkRun single = new NetworkRun(spec, 1, Mode.EVALUATE, flat);
    for (int row = 0; row < 6; row++) {
      single.numeric(Arrays.copyOfRange(x, 4 * row, 4 * row + 4));
      assertThat(single.output())
          .containsExactly(Arrays.copyOfRange(batched, 3 * row, 3 * row + 3), within(1e-6));
    }
    NetworkRun train = new NetworkRun(spec, 6, Mode.TRAIN, flat).numeric(x);
    List<double[]> seen = new ArrayList<>();
    long[][] steps = {{1, 0}, {2, 0}, {1, 1}};
    for (long[] step : steps) {
      train.run.dropout(5, step[0], (int) step[1]);
      for (double[] earlier : seen) {
        assertThat(train.output()).isNotEqualTo(earlier);
      }
      seen.add(train.output().clone());
    }
    train.run.dropout(5, 1, 0);
    assertThat(train.output())
        .as("the same step and slice: the same mask")
        .containsExactly(seen.get(0));
  }

  @Test
  @DisplayName(
      "REG-04 inverted dropout: mean over 10k masks = evaluation output within 1 %; keep rate .5 +- .01")
  void reg04Dropout() {
    NetworkSpec spec =
        new NetworkSpec(
            InputSpec.numeric(4),
            List.of(LayerSpec.dropout(0.5), LayerSpec.dense(1, Activation.LINEAR, Initializer.ONE)),
            LossSpec.of(LossKind.MSE),
            1);
    float[] flat = {1, 1, 1, 1, 0};
    double[] x = {1, 2, 3, 4};
    double expected = new NetworkRun(spec, 1, Mode.EVALUATE, flat).numeric(x).output()[0];
    assertThat(expected).isEqualTo(10);
    NetworkRun train = new NetworkRun(spec, 1, Mode.TRAIN, flat).numeric(x);
    Node mask =
        train.net.graph().nodes().stream()
            .filter(n -> n.op() == Op.DROPOUT)
            .findFirst()
            .orElseThrow();
    double sum = 0;
    int kept = 0;
    boolean[] states = new boolean[16];
    for (int step = 0; step < 10_000; step++) {
      train.run.dropout(42, step, 0);
      sum += train.output()[0];
      int state = 0;
      double[] values = train.run.value(mask);
      for (int i = 0; i < 4; i++) {
        boolean on = values[i] != 0;
        assertThat(values[i]).isEqualTo(on ? 2 * x[i] : 0);
        kept += on ? 1 : 0;
        state |= on ? 1 << i : 0;
      }
      states[state] = true;
    }
    assertThat(sum / 10_000).isCloseTo(expected, within(0.1));
    assertThat(kept / 40_000.0).isCloseTo(0.5, within(0.01));
    assertThat(states).as("4 units have 16 states").doesNotContain(false);
  }

  @Test
  void dropoutRateZeroAndEvaluationAddNoNode() {
    NetworkSpec spec = softmax(4, 2, LayerSpec.dropout(0.5), LayerSpec.dense(2, Activation.LINEAR));
    assertThat(Network.build(spec, 2, Mode.EVALUATE).graph().nodes())
        .noneMatch(n -> n.op() == Op.DROPOUT);
    assertThat(Network.build(spec, 2, Mode.TRAIN).graph().nodes())
        .anyMatch(n -> n.op() == Op.DROPOUT);
  }

  @Test
  @DisplayName("ACT-14 a network with a step unit predicts, but refuses to be trained and says why")
  void act14StepNetwork() {
    NetworkSpec spec =
        softmax(2, 2, LayerSpec.dense(2, Activation.STEP), LayerSpec.dense(2, Activation.LINEAR));
    NetworkRun run =
        new NetworkRun(spec, 1, Mode.EVALUATE, new float[] {1, -1, 1, -1, 0, 0, 1, 0, 0, 1, 0, 0})
            .numeric(1, 1);
    assertThat(run.output()).containsExactly(1, 0);
    assertThatThrownBy(() -> Network.build(spec, 2, Mode.TRAIN))
        .isInstanceOf(NetworkException.class)
        .hasMessageContaining("layer0.dense.step")
        .hasMessageContaining("no gradient");
  }

  @Test
  void sparseAndDenseInputOfTheSameNumbersAgree() {
    NetworkSpec dense = softmax(5, 2, LayerSpec.dense(2, Activation.LINEAR));
    NetworkSpec sparse =
        new NetworkSpec(new InputSpec(0, List.of(), 5), dense.layers(), dense.loss(), 2);
    float[] flat = Initializers.init(Network.layout(dense), 3);
    double[] expected =
        new NetworkRun(dense, 2, Mode.EVALUATE, flat)
            .numeric(0, 2, 0, -1, 0, 3, 0, 0, 0, 0.5)
            .output();
    NetworkRun run = new NetworkRun(sparse, 2, Mode.EVALUATE, flat);
    run.run.bindSparse(
        NetworkRun.node(run.net.sparse()),
        new int[] {0, 2, 4},
        new int[] {1, 3, 0, 4},
        new double[] {2, -1, 3, 0.5});
    assertThat(run.output()).containsExactly(expected, within(1e-12));
  }

  @Test
  void summaryShowsLayersShapesAndParameters() {
    NetworkSpec spec =
        new NetworkSpec(
            MIXED,
            List.of(
                LayerSpec.dense(128, Activation.RELU),
                LayerSpec.batchNorm(),
                LayerSpec.dropout(0.2),
                LayerSpec.dense(2, Activation.LINEAR)),
            LossSpec.of(LossKind.SOFTMAX_CROSS_ENTROPY),
            2);
    assertThat(Network.summary(spec))
        .isEqualTo(
            """
            layer                      output    parameters  multiply-adds  bytes
            numeric                    [N, 3]             0              0     12
            embedding color (4 codes)  [N, 2]             8              0      8
            embedding size (3 codes)   [N, 1]             3              0      4
            sparse                     [N, 5]             0              0      0
            dense relu                 [N, 128]       1,536            768  2,560
            batch_norm                 [N, 128]         512              0    512
            dropout rate 0.2           [N, 128]           0              0      0
            dense                      [N, 2]           258            256     16
            2,061 trained parameters, 256 running statistics, loss softmax_cross_entropy
            2,048 FLOPs and 3,088 bytes per row, forward
            """);
  }
}
