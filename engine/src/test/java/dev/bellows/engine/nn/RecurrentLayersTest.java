package dev.bellows.engine.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.bellows.engine.graph.Node;
import dev.bellows.engine.kernel.reference.ReferenceExecutor;
import dev.bellows.engine.tensor.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** Layers rnn, lstm, gru and time_pool inside networks. */
final class RecurrentLayersTest {
  private static final int STEPS = 5;

  /** Tokens with lengths through an embedding, {@code layers}, and a dense layer. */
  private static NetworkSpec text(LayerSpec... layers) {
    InputSpec input =
        new InputSpec(0, List.of(), 0, List.of(InputPart.tokens("text", STEPS, 7, true)));
    List<LayerSpec> all = new ArrayList<>();
    all.add(
        LayerSpec.of("embedding", Map.of("dim", 3, "name", "words", "inputs", List.of("text"))));
    all.addAll(List.of(layers));
    all.add(LayerSpec.dense(2, Activation.LINEAR));
    return new NetworkSpec(input, all, LossSpec.of(LossKind.SOFTMAX_CROSS_ENTROPY), 2);
  }

  private static LayerSpec layer(String type, Map<String, Object> options, String... inputs) {
    Map<String, Object> all = new HashMap<>(options);
    all.put("inputs", List.of(inputs));
    return LayerSpec.of(type, all);
  }

  /** The network's scores for one row of tokens and its length. */
  private static double[] scores(NetworkSpec spec, int... tokensAndLength) {
    NetworkGraph net = Network.build(spec, 1, Mode.EVALUATE);
    ReferenceExecutor run = new ReferenceExecutor(net.graph());
    float[] flat = Initializers.init(net.layout(), 3);
    for (int i = 0; i < net.parameters().size(); i++) {
      Segment s = net.layout().segments().get(i);
      run.bind(net.parameters().get(i), Arrays.copyOfRange(flat, s.offset(), s.end()));
    }
    Node codes = Objects.requireNonNull(net.codes());
    run.bind(codes, tokensAndLength);
    return run.value(net.output());
  }

  @Test
  void whatLiesBeyondARowsLengthDoesNotMatter() {
    for (String type : List.of("rnn", "lstm", "gru")) {
      Map<String, Object> options =
          Map.of("units", 4, "layers", 2, "bidirectional", true, "return_sequences", false);
      NetworkSpec spec = text(layer(type, options, "words", "text.length"));
      double[] first = scores(spec, 1, 2, 3, 0, 0, 3);
      assertThat(scores(spec, 1, 2, 3, 6, 5, 3)).isEqualTo(first);
      assertThat(scores(spec, 1, 2, 4, 0, 0, 3)).isNotEqualTo(first);
    }
  }

  @Test
  void poolsKnowLengths() {
    for (String kind : List.of("mean", "max", "sum", "last")) {
      NetworkSpec spec =
          text(layer("time_pool", Map.of("kind", kind, "name", "p"), "words", "text.length"));
      double[] first = scores(spec, 1, 2, 3, 0, 0, 3);
      assertThat(scores(spec, 1, 2, 3, 6, 5, 3)).isEqualTo(first);
      assertThat(scores(spec, 1, 2, 4, 0, 0, 3)).isNotEqualTo(first);
      // All steps counted is the pool without lengths.
      NetworkSpec all = text(layer("time_pool", Map.of("kind", kind, "name", "p"), "words"));
      double[] full = scores(spec, 1, 2, 3, 4, 5, 5);
      double[] plain = scores(all, 1, 2, 3, 4, 5, 5);
      for (int i = 0; i < full.length; i++) {
        assertThat(full[i]).as(kind).isCloseTo(plain[i], within(1e-12));
      }
    }
  }

  @Test
  void returningTheLastStateIsPoolingTheLastOutput() {
    NetworkSpec pooled =
        text(
            layer("gru", Map.of("units", 4, "name", "r"), "words", "text.length"),
            layer("time_pool", Map.of("kind", "last"), "r", "text.length"));
    // A layer that does nothing keeps the dense layer's index, which its first weights hang on.
    NetworkSpec named =
        text(
            layer(
                "gru",
                Map.of("units", 4, "return_sequences", false, "name", "r"),
                "words",
                "text.length"),
            LayerSpec.of("activation", Map.of("kind", "linear")));
    double[] a = scores(named, 1, 2, 3, 0, 0, 3);
    double[] b = scores(pooled, 1, 2, 3, 0, 0, 3);
    for (int i = 0; i < a.length; i++) {
      assertThat(a[i]).isCloseTo(b[i], within(1e-12));
    }
  }

  @Test
  void segmentsOfAStackedBidirectionalLayer() {
    Map<String, Object> options =
        Map.of("units", 4, "layers", 2, "bidirectional", true, "name", "r", "dropout", 0.5);
    ParameterLayout layout = Network.layout(text(layer("lstm", options, "words")));
    assertThat(layout.segment("r.weight_l0").shape()).isEqualTo(Shape.of(3, 16));
    assertThat(layout.segment("r.weight_l1_reverse").shape()).isEqualTo(Shape.of(8, 16));
    float[] flat = Initializers.init(layout, 1);
    Segment bias = layout.segment("r.bias_l0");
    assertThat(Arrays.copyOfRange(flat, bias.offset(), bias.end()))
        .containsExactly(0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0);
  }

  @Test
  void recurrentWeightsStartOrthogonalGateByGate() {
    Map<String, Object> options = Map.of("units", 6, "name", "r");
    ParameterLayout layout = Network.layout(text(layer("gru", options, "words")));
    float[] flat = Initializers.init(layout, 1);
    Segment u = layout.segment("r.recurrent_l0");
    for (int gate = 0; gate < 3; gate++) {
      for (int i = 0; i < 6; i++) {
        for (int j = 0; j < 6; j++) {
          double dot = 0;
          for (int k = 0; k < 6; k++) {
            dot +=
                (double) flat[u.offset() + i * 18 + gate * 6 + k]
                    * flat[u.offset() + j * 18 + gate * 6 + k];
          }
          assertThat(dot).isCloseTo(i == j ? 1 : 0, within(1e-6));
        }
      }
    }
    ParameterLayout tall =
        Network.layout(
            new NetworkSpec(
                InputSpec.numeric(5),
                List.of(LayerSpec.dense(3, Activation.LINEAR, Initializer.ORTHOGONAL)),
                LossSpec.of(LossKind.MSE),
                3));
    float[] w = Initializers.init(tall, 1);
    for (int i = 0; i < 3; i++) {
      for (int j = 0; j < 3; j++) {
        double dot = 0;
        for (int k = 0; k < 5; k++) {
          dot += (double) w[k * 3 + i] * w[k * 3 + j];
        }
        assertThat(dot).isCloseTo(i == j ? 1 : 0, within(1e-6));
      }
    }
  }

  @Test
  void mistakesAreNamed() {
    assertThatThrownBy(
            () ->
                Network.layout(
                    new NetworkSpec(
                        InputSpec.numeric(6),
                        List.of(LayerSpec.of("lstm", Map.of("units", 2))),
                        LossSpec.of(LossKind.MSE),
                        2)))
        .isInstanceOf(NetworkException.class)
        .hasMessageContaining("sequences [N, T, features]")
        .hasMessageContaining("[N, 6]");
    assertThatThrownBy(
            () ->
                Network.layout(
                    text(
                        layer(
                            "rnn",
                            Map.of("units", 2, "bidirectional", true, "go_backwards", true),
                            "words"))))
        .hasMessageContaining("leave go_backwards out");
  }
}
