package dev.bellows.engine.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.bellows.engine.golden.GoldenValues;
import dev.bellows.engine.graph.Node;
import dev.bellows.engine.graph.Op;
import dev.bellows.engine.kernel.reference.ReferenceExecutor;
import dev.bellows.engine.tensor.Shape;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Layers with attention and normalisation inside networks, on the reference. */
final class AttentionLayersTest {
  private static final int STEPS = 3;
  private static final int MEMORY = 5;
  private static final int FEATURES = 4;

  /** A layer "under" over sequences "x" and "memory", with a dense layer behind it. */
  private static NetworkSpec spec(String type, Map<String, Object> options, String... inputs) {
    InputSpec input =
        new InputSpec(
            (STEPS + MEMORY) * FEATURES,
            List.of(),
            0,
            List.of(
                InputPart.numbers("x", 0, STEPS, FEATURES),
                InputPart.numbers("memory", STEPS * FEATURES, MEMORY, FEATURES),
                InputPart.tokens("text", MEMORY, 7, true)));
    Map<String, Object> all = new HashMap<>(options);
    all.put("inputs", List.of(inputs));
    all.put("name", "under");
    return new NetworkSpec(
        input,
        List.of(
            LayerSpec.of(type, all),
            LayerSpec.of("flatten", Map.of()),
            LayerSpec.dense(2, Activation.LINEAR)),
        LossSpec.of(LossKind.SOFTMAX_CROSS_ENTROPY),
        2);
  }

  /**
   * The output of layer "under". Parameters but those of norms have the values of
   * golden_curves.py's streams 0, 1, ..., within 0.5.
   */
  private static double[] output(NetworkSpec spec, float[] x, float[] memory, int length) {
    NetworkGraph net = Network.build(spec, 1, Mode.EVALUATE);
    ReferenceExecutor run = new ReferenceExecutor(net.graph());
    float[] start = Initializers.init(net.layout(), 3);
    int stream = 0;
    for (int i = 0; i < net.parameters().size(); i++) {
      Segment s = net.layout().segments().get(i);
      boolean plain = s.name().startsWith("under") && !s.name().contains("norm");
      run.bind(
          net.parameters().get(i),
          plain
              ? GoldenValues.values(stream++, s.end() - s.offset(), 0.5f)
              : Arrays.copyOfRange(start, s.offset(), s.end()));
    }
    float[] numbers = Arrays.copyOf(x, x.length + memory.length);
    System.arraycopy(memory, 0, numbers, x.length, memory.length);
    run.bind(Objects.requireNonNull(net.numeric()), numbers);
    run.bind(Objects.requireNonNull(net.codes()), new int[] {0, 0, 0, 0, 0, length});
    return run.value(net.layers().get(0).output());
  }

  private static float[] x() {
    return GoldenValues.values(100, STEPS * FEATURES, 2);
  }

  private static float[] memory() {
    return GoldenValues.values(101, MEMORY * FEATURES, 2);
  }

  private static void close(double[] found, double... expected) {
    assertThat(found).hasSameSizeAs(expected);
    for (int i = 0; i < expected.length; i++) {
      assertThat(found[i]).as("[%d]", i).isCloseTo(expected[i], within(1e-6));
    }
  }

  /**
   * torch 2.13: {@code nn.MultiheadAttention(4, 2)}, and {@code nn.TransformerEncoderLayer} and
   * {@code nn.TransformerDecoderLayer(4, 2, 6, dropout=0, activation='gelu', norm_first=...)} with
   * a causal mask, all batch_first. Parameters in the order of the modules from {@code
   * value(stream, shape, 0.5)} of golden_curves.py (matrices stored [in, out]; the decoder's query
   * projection of the memory before that of keys and values); x = value(100, (1, 3, 4), 2), memory
   * = value(101, (1, 5, 4), 2).
   */
  @Test
  @DisplayName("SEQ-10, SEQ-16 weights from PyTorch give equal outputs, 1e-6")
  void equalToPyTorch() {
    Map<String, Object> heads = Map.of("heads", 2);
    close(
        output(spec("multi_head_attention", heads, "x"), x(), memory(), 5),
        0.8400005,
        0.4579252,
        0.6171022,
        1.0728726,
        0.8537539,
        0.4843582,
        0.6297180,
        1.0838220,
        0.8255551,
        0.4947338,
        0.6192099,
        1.0516589);
    Map<String, Object> pre = Map.of("heads", 2, "hidden", 6, "norm", "pre");
    Map<String, Object> post = Map.of("heads", 2, "hidden", 6, "norm", "post");
    close(
        output(spec("transformer_encoder", pre, "x"), x(), memory(), 5),
        1.8354974,
        -1.0853902,
        1.3700124,
        3.0226741,
        2.3043852,
        -0.3836463,
        -0.4480807,
        2.7454712,
        0.7566438,
        1.0693022,
        -0.3478298,
        1.4621737);
    close(
        output(spec("transformer_decoder", pre, "x", "memory"), x(), memory(), 5),
        1.4464388,
        -0.4547682,
        1.4665816,
        2.0627148,
        1.9578905,
        -0.0890899,
        -0.5220151,
        1.7374665,
        -0.1475419,
        0.5464469,
        0.3481146,
        1.2858274);
    close(
        output(spec("transformer_encoder", post, "x"), x(), memory(), 5),
        0.4095296,
        -1.5890669,
        0.0368343,
        1.1427029,
        0.8843736,
        -0.9322371,
        -1.0594989,
        1.1073624,
        -0.2501183,
        0.4687009,
        -1.4683039,
        1.2497215);
    close(
        output(spec("transformer_decoder", post, "x", "memory"), x(), memory(), 5),
        0.2332522,
        -1.6857253,
        0.5696332,
        0.8828400,
        1.1972584,
        -0.8103023,
        -1.1513629,
        0.7644068,
        -1.0800810,
        0.2889021,
        -0.7082557,
        1.4994346);
  }

  @Test
  void whatLiesBeyondTheLengthOfTheMemoryDoesNotMatter() {
    Map<String, Map<String, Object>> cases =
        Map.of(
            "multi_head_attention", Map.of("heads", 2),
            "transformer_decoder", Map.of("heads", 2, "hidden", 6),
            "attention", Map.of("score", "additive", "units", 3));
    cases.forEach(
        (type, options) -> {
          NetworkSpec spec = spec(type, options, "x", "memory", "text.length");
          double[] before = output(spec, x(), memory(), 3);
          float[] changed = memory();
          for (int i = 3 * FEATURES; i < changed.length; i++) {
            changed[i] += 7;
          }
          assertThat(output(spec, x(), changed, 3)).as(type).isEqualTo(before);
          assertThat(output(spec, x(), changed, 4)).as(type).isNotEqualTo(before);
        });
  }

  @Test
  @DisplayName("SEQ-16 causal mask: output t of a decoder is exactly unchanged by inputs after t")
  void decodersDoNotSeeTheFuture() {
    Map<String, Object> options = Map.of("heads", 2, "hidden", 6);
    Map<String, Object> causal = Map.of("heads", 2, "hidden", 6, "causal", true);
    for (NetworkSpec spec :
        List.of(
            spec("transformer_decoder", options, "x", "memory"),
            spec("transformer_encoder", causal, "x"))) {
      double[] before = output(spec, x(), memory(), 5);
      float[] changed = x();
      changed[changed.length - 1] += 5;
      double[] after = output(spec, changed, memory(), 5);
      for (int i = 0; i < before.length; i++) {
        assertThat(after[i] == before[i]).as("[%d]", i).isEqualTo(i < 2 * FEATURES);
      }
    }
  }

  @Test
  @DisplayName("SEQ-15 local attention: nothing outside the window is seen")
  void localAttention() {
    Map<String, Object> options = Map.of("score", "dot", "window", 1, "aligned", "monotonic");
    NetworkSpec spec = spec("attention", options, "x", "memory");
    double[] before = output(spec, x(), memory(), 5);
    float[] changed = memory();
    for (int i = 3 * FEATURES; i < changed.length; i++) {
      changed[i] += 7; // place 3 and later: only query 2 looks there
    }
    double[] after = output(spec, x(), changed, 5);
    for (int i = 0; i < before.length; i++) {
      assertThat(after[i] == before[i]).as("[%d]", i).isEqualTo(i < 2 * FEATURES);
    }
    Map<String, Object> predicted = Map.of("score", "general", "window", 2);
    assertThat(output(spec("attention", predicted, "x", "memory"), x(), memory(), 5))
        .doesNotContain(Double.NaN);
  }

  @Test
  @DisplayName("SEQ-15 local attention: softmax within the window, times a Gaussian when predicted")
  void localWeights() {
    double[] asking = doubles(x());
    double[] asked = doubles(memory());
    double[] hidden = doubles(GoldenValues.values(0, FEATURES * FEATURES, 0.5f));
    double[] vector = doubles(GoldenValues.values(1, FEATURES, 0.5f));
    for (String aligned : List.of("monotonic", "predicted")) {
      boolean predicted = aligned.equals("predicted");
      for (int length : new int[] {5, 2}) {
        double[] expected = new double[STEPS * FEATURES];
        for (int t = 0; t < STEPS; t++) {
          double centre = predicted ? MEMORY * place(asking, t, hidden, vector) : t;
          double sum = 0;
          double[] weights = new double[MEMORY];
          for (int j = 0; j < length; j++) {
            double score = 0;
            for (int f = 0; f < FEATURES; f++) {
              score += asking[t * FEATURES + f] * asked[j * FEATURES + f];
            }
            weights[j] = Math.abs(j - centre) <= 1 ? Math.exp(score) : 0;
            sum += weights[j];
          }
          for (int j = 0; j < MEMORY && sum > 0; j++) {
            double gauss = predicted ? Math.exp(-2 * (j - centre) * (j - centre)) : 1;
            for (int f = 0; f < FEATURES; f++) {
              expected[t * FEATURES + f] += weights[j] / sum * gauss * asked[j * FEATURES + f];
            }
          }
        }
        Map<String, Object> options = Map.of("score", "dot", "window", 1, "aligned", aligned);
        NetworkSpec spec = spec("attention", options, "x", "memory", "text.length");
        close(output(spec, x(), memory(), length), expected);
      }
    }
  }

  /** sigmoid(v tanh(W q)) of query t. */
  private static double place(double[] x, int t, double[] weight, double[] vector) {
    double sum = 0;
    for (int u = 0; u < FEATURES; u++) {
      double inner = 0;
      for (int f = 0; f < FEATURES; f++) {
        inner += x[t * FEATURES + f] * weight[f * FEATURES + u];
      }
      sum += vector[u] * Math.tanh(inner);
    }
    return 1 / (1 + Math.exp(-sum));
  }

  private static double[] doubles(float[] values) {
    double[] wide = new double[values.length];
    for (int i = 0; i < wide.length; i++) {
      wide[i] = values[i];
    }
    return wide;
  }

  @Test
  @DisplayName("SEQ-15 local attention: cost linear in window and length")
  void localCost() {
    for (String score : List.of("dot", "additive")) {
      double base = largest(score, 128, 4);
      assertThat(largest(score, 256, 4) / base).isBetween(1.9, 2.1);
      assertThat(largest(score, 128, 13) / base).isBetween(2.9, 3.1); // 27 places for 9
      assertThat(largest(score, 256, 0) / largest(score, 128, 0)).isEqualTo(4);
    }
  }

  /** Elements of the largest tensor of attention of a sequence of 2 features to itself. */
  private static double largest(String score, int steps, int window) {
    NetworkSpec spec =
        Model.builder()
            .input(steps, 2)
            .layer("attention", "score", score, "window", window, "aligned", "monotonic")
            .flatten()
            .dense(2)
            .loss(LossKind.SOFTMAX_CROSS_ENTROPY)
            .build();
    return Network.build(spec, 1, Mode.TRAIN).graph().nodes().stream()
        .mapToLong(node -> node.shape().size())
        .max()
        .orElseThrow();
  }

  /** Equal memory positions: any weights that sum to 1 give that position back. */
  @Test
  @DisplayName("SEQ-08, SEQ-14 weights of every score sum to 1")
  void weightsSumToOne() {
    float[] same = new float[MEMORY * FEATURES];
    for (int i = 0; i < same.length; i++) {
      same[i] = i % FEATURES + 0.5f;
    }
    for (String score : List.of("dot", "general", "concat", "additive")) {
      double[] y = output(spec("attention", Map.of("score", score), "x", "memory"), x(), same, 5);
      for (int i = 0; i < y.length; i++) {
        assertThat(y[i]).as(score).isCloseTo(i % FEATURES + 0.5, within(1e-12));
      }
    }
  }

  @Test
  void positionsAndNorms() {
    double[] y = output(spec("positional_encoding", Map.of(), "x"), x(), memory(), 5);
    float[] x = x();
    assertThat(y[0] - x[0]).isCloseTo(0, within(1e-6)); // sin 0
    assertThat(y[1] - x[1]).isCloseTo(1, within(1e-6)); // cos 0
    assertThat(y[6] - x[6]).isCloseTo(Math.sin(1 / 100.0), within(1e-6)); // t 1, feature 2 of 4
    for (String type : List.of("layer_norm", "instance_norm")) {
      double[] normed = output(spec(type, Map.of("name", "norm"), "x"), x(), memory(), 5);
      assertThat(normed).hasSize(STEPS * FEATURES).doesNotContain(Double.NaN);
    }
    ParameterLayout layout = Network.layout(spec("group_norm", Map.of("groups", 2), "x"));
    assertThat(layout.segment("under.scale").shape()).isEqualTo(Shape.of(FEATURES));
    assertThatThrownBy(() -> Network.layout(spec("group_norm", Map.of("groups", 3), "x")))
        .isInstanceOf(NetworkException.class)
        .hasMessageContaining("under")
        .hasMessageContaining("3 groups");
  }

  /** Dropout makes attention a composition: parameters must not change their names or places. */
  @Test
  void trainingWithDropoutHasTheSameParameters() {
    Map<String, Object> with = Map.of("heads", 2, "hidden", 6, "dropout", 0.2);
    NetworkSpec spec = spec("transformer_decoder", with, "x", "memory", "text.length");
    NetworkGraph training = Network.build(spec, 2, Mode.TRAIN);
    NetworkGraph evaluating = Network.build(spec, 2, Mode.EVALUATE);
    assertThat(training.layout().segments()).isEqualTo(evaluating.layout().segments());
    for (Node gradient : training.gradients()) {
      assertThat(gradient.op()).isNotEqualTo(Op.CONSTANT);
    }
  }

  @Test
  void whatDoesNotFitIsNamed() {
    assertThatThrownBy(() -> Network.layout(spec("multi_head_attention", Map.of("heads", 3), "x")))
        .isInstanceOf(NetworkException.class)
        .hasMessageContaining("under")
        .hasMessageContaining("heads 3 must divide the features 4");
    assertThatThrownBy(() -> Network.layout(spec("transformer_decoder", Map.of("hidden", 3), "x")))
        .isInstanceOf(NetworkException.class)
        .hasMessageContaining("memory");
  }
}
