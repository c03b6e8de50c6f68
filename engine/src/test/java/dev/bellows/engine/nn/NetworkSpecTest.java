package dev.bellows.engine.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bellows.engine.model.Json;
import dev.bellows.engine.nn.InputSpec.Categorical;
import dev.bellows.engine.nn.layer.CoreLayers;
import dev.bellows.engine.nn.layer.LayerType;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/** Options, their errors, and the JSON round trip. */
final class NetworkSpecTest {
  private static final NetworkSpec FULL =
      new NetworkSpec(
          new InputSpec(3, List.of(new Categorical("color", 4, 2)), 5),
          List.of(
              LayerSpec.dense(8, Activation.LINEAR, Initializer.HE),
              LayerSpec.batchNorm(),
              new LayerSpec(CoreLayers.ACTIVATION, Map.of("kind", "leaky_relu", "alpha", 0.2)),
              LayerSpec.dropout(0.25),
              new LayerSpec(CoreLayers.ACTIVATION, Map.of("kind", "swish", "trained", true)),
              LayerSpec.dense(3, Activation.LINEAR)),
          new LossSpec(LossKind.SOFTMAX_CROSS_ENTROPY, 0.1f, new float[] {1, 2.5f, 0.3f}, 1),
          3);

  @Test
  void aLayerCannotTakeTheNumberedNameOfAnother() {
    refused(
        () -> network(LossKind.MSE, 2, layer(CoreLayers.DENSE, "units", 2, "name", "layer4")),
        "layer 0 (dense 'layer4')",
        "'layer4' is how inputs name layer 4");
  }

  private static void refused(ThrowingCallable what, String... parts) {
    assertThatThrownBy(what).isInstanceOf(NetworkException.class).hasMessageContainingAll(parts);
  }

  private static LayerSpec layer(LayerType type, Object... options) {
    Map<String, Object> map = new LinkedHashMap<>();
    for (int i = 0; i < options.length; i += 2) {
      map.put((String) options[i], options[i + 1]);
    }
    return new LayerSpec(type, map);
  }

  private static NetworkSpec network(LossKind kind, int outputs, LayerSpec... layers) {
    return new NetworkSpec(InputSpec.numeric(4), List.of(layers), LossSpec.of(kind), outputs);
  }

  @Test
  void jsonTreeRoundTrip() {
    assertThat(NetworkSpec.fromJson(FULL.toJson())).isEqualTo(FULL).hasSameHashCodeAs(FULL);
    for (LossKind kind : LossKind.values()) {
      LossSpec loss = LossSamples.of(kind);
      assertThat(LossSpec.fromJson(loss.toJson())).isEqualTo(loss);
    }
    for (Activation kind : Activation.values()) {
      LayerSpec layer = LayerSpec.activation(kind);
      assertThat(LayerSpec.fromJson(layer.toJson())).isEqualTo(layer);
    }
  }

  @Test
  void jsonTextRoundTrip() throws Exception {
    String text = Json.pretty(FULL.toJson());
    NetworkSpec read = NetworkSpec.fromJson(Json.parseObject(text, "model.json"));
    assertThat(read).isEqualTo(FULL);
    assertThat(Json.pretty(read.toJson())).isEqualTo(text);
  }

  @Test
  void defaultsAreWrittenOut() {
    assertThat(layer(CoreLayers.DENSE, "units", 10).options())
        .containsExactly(
            Map.entry("units", 10L),
            Map.entry("activation", "linear"),
            Map.entry("bias", true),
            Map.entry("initializer", "auto"));
    assertThat(LayerSpec.batchNorm().options())
        .containsExactly(Map.entry("momentum", 0.9), Map.entry("epsilon", 1e-5));
    assertThat(LayerSpec.activation(Activation.ELU).options()).containsEntry("alpha", 1.0);
    assertThat(LayerSpec.dense(10, Activation.LINEAR))
        .isEqualTo(LayerSpec.fromJson(Map.of("dense", Map.of("units", 10))));
  }

  @Test
  void badOptionsNameWhatWasFoundAndWhatToWrite() {
    refused(() -> layer(CoreLayers.DENSE), "dense.units is missing");
    refused(() -> layer(CoreLayers.DENSE, "units", 0), "dense.units must be above 0, got 0");
    refused(
        () -> layer(CoreLayers.DENSE, "units", "ten"),
        "dense.units must be a whole number, got String 'ten'");
    refused(() -> layer(CoreLayers.DENSE, "units", 1.5), "whole number, got Double '1.5'");
    refused(() -> layer(CoreLayers.DENSE, "units", 1L << 40), "whole number");
    refused(
        () -> layer(CoreLayers.DENSE, "unit", 10), "dense.units is missing; the keys are [unit]");
    refused(
        () -> layer(CoreLayers.DENSE, "units", 10, "activaton", "relu"),
        "dense.activaton is not a known option (did you mean 'activation'?)",
        "known are [activation, bias, initializer, inputs,");
    refused(
        () -> layer(CoreLayers.DENSE, "units", 10, "activation", "rellu"),
        "'rellu' is not known (did you mean 'relu'?)");
    refused(
        () -> layer(CoreLayers.DENSE, "units", 10, "bias", 1), "dense.bias must be true or false");
    refused(() -> layer(CoreLayers.DENSE, "units", 10, "initializer", "hee"), "did you mean 'he'");
    refused(() -> layer(CoreLayers.DROPOUT), "dropout.rate is missing");
    refused(() -> layer(CoreLayers.DROPOUT, "rate", 1), "dropout.rate must be in [0, 1), got 1.0");
    refused(() -> layer(CoreLayers.DROPOUT, "rate", Double.NaN), "dropout.rate must be a number");
    refused(() -> layer(CoreLayers.BATCH_NORM, "epsilon", 0), "batch_norm.epsilon must be above 0");
    refused(
        () -> layer(CoreLayers.BATCH_NORM, "momentum", 1.0),
        "batch_norm.momentum must be in [0, 1)");
    refused(
        () -> layer(CoreLayers.ACTIVATION, "kind", "relu", "alpha", 0.1),
        "activation.alpha is not a known option");
    refused(
        () -> layer(CoreLayers.ACTIVATION, "kind", "elu", "alpha", -1),
        "activation.alpha must be 0 or more");
    refused(
        () -> layer(CoreLayers.ACTIVATION, "kind", "softmax", "temperature", 0),
        "activation.temperature must be above 0");
    refused(
        () -> LayerSpec.fromJson(Map.of("dens", Map.of("units", 3))),
        "'dens' is not known (did you mean 'dense'?)");
    refused(
        () -> LayerSpec.fromJson(Map.of("dense", 3)), "dense must be a mapping, got Integer '3'");
    refused(() -> LayerSpec.fromJson(Map.of()), "a layer is a mapping of one key");
  }

  @Test
  void inputErrors() {
    refused(() -> InputSpec.numeric(0), "at least one numeric, categorical or sparse column");
    refused(() -> new InputSpec(-1, List.of(), 3), "0 or more, got -1 and 3");
    refused(() -> new Categorical("c", 0, 2), "'c'", "got 0, 2 and 0");
    refused(() -> new Categorical("", 1, 2), "empty name");
    Categorical c = new Categorical("c", 2, 2);
    refused(() -> new InputSpec(0, List.of(c, c), 0), "'c' stands twice");
    assertThat(new InputSpec(3, List.of(c), 4).width()).isEqualTo(9);
  }

  @Test
  void lossErrors() {
    refused(
        () -> new LossSpec(LossKind.MSE, 0.1f, new float[0], 1),
        "label_smoothing is for cross-entropies, not for mse");
    refused(
        () -> new LossSpec(LossKind.SOFTMAX_CROSS_ENTROPY, 1, new float[0], 1),
        "label_smoothing must be in [0, 1), got 1.0");
    refused(
        () -> new LossSpec(LossKind.HUBER, 0, new float[0], 0),
        "huber_delta must be a number above 0");
    refused(
        () -> new LossSpec(LossKind.MAE, 0, new float[] {1}, 1),
        "class_weights is for classification, not for mae");
    refused(
        () -> new LossSpec(LossKind.HINGE, 0, new float[] {1, -2}, 1),
        "class_weights must be numbers of 0 or more",
        "-2.0");
    refused(
        () -> LossSpec.fromJson(Map.of("kind", "mse", "delta", 1)),
        "loss.delta is not a known option");
    refused(
        () -> LossSpec.fromJson(Map.of("kind", "cross_entropy")),
        "loss.kind: 'cross_entropy' is not known");
    refused(
        () -> LossSpec.fromJson(Map.of("kind", "hinge", "class_weights", List.of(1, "x"))),
        "loss.class_weights[1] must be a number");
  }

  @Test
  void partsThatDoNotFitAreRefusedNamingBoth() {
    LayerSpec one = LayerSpec.dense(1, Activation.LINEAR);
    LayerSpec three = LayerSpec.dense(3, Activation.LINEAR);
    refused(
        () -> network(LossKind.SOFTMAX_CROSS_ENTROPY, 1, one),
        "loss softmax_cross_entropy",
        "the network has 1",
        "sigmoid_cross_entropy");
    refused(
        () -> network(LossKind.HINGE, 3, three), "loss hinge needs 1 output, the network has 3");
    refused(
        () -> network(LossKind.MSE, 2, three),
        "ends with 3 values per row (layer 0 (dense))",
        "2 outputs",
        "{dense: {units: 2}}");
    refused(() -> network(LossKind.MSE, 2), "ends with 4 values per row (the input)", "2 outputs");
    refused(() -> network(LossKind.MSE, 0, one), "outputs must be 1 or more");
    LossSpec two = new LossSpec(LossKind.SOFTMAX_CROSS_ENTROPY, 0, new float[] {1, 2}, 1);
    refused(
        () -> new NetworkSpec(InputSpec.numeric(4), List.of(three), two, 3),
        "class_weights of softmax_cross_entropy must hold 3 values, got 2");
    LossSpec binary = new LossSpec(LossKind.SIGMOID_CROSS_ENTROPY, 0, new float[] {1, 2}, 1);
    refused(
        () -> new NetworkSpec(InputSpec.numeric(4), List.of(three), binary, 3),
        "class_weights with sigmoid_cross_entropy needs 1 output, the network has 3");
    assertThat(new NetworkSpec(InputSpec.numeric(4), List.of(one), binary, 1).outputs())
        .isEqualTo(1);
    refused(
        () -> network(LossKind.SOFTMAX_CROSS_ENTROPY, 3, LayerSpec.dense(3, Activation.SOFTMAX)),
        "softmax_cross_entropy works on raw scores",
        "softmax");
    refused(
        () ->
            network(
                LossKind.SIGMOID_CROSS_ENTROPY, 1, one, LayerSpec.activation(Activation.SIGMOID)),
        "works on raw scores",
        "sigmoid");
    refused(
        () ->
            new NetworkSpec(
                new InputSpec(0, List.of(), 9),
                List.of(LayerSpec.dropout(0.1), one),
                LossSpec.of(LossKind.MSE),
                1),
        "sparse input needs a dense layer first, got dropout");
    assertThat(network(LossKind.MSE, 1, LayerSpec.dense(1, Activation.SIGMOID)).outputs())
        .as("a squashed regression is allowed")
        .isEqualTo(1);
  }

  @Test
  void unknownAndMisplacedKeysOfATreeAreRefused() {
    Map<String, Object> tree = new LinkedHashMap<>(FULL.toJson());
    tree.put("ouputs", 3);
    refused(
        () -> NetworkSpec.fromJson(tree), "ouputs is not a known option (did you mean 'outputs'?)");
    Map<String, Object> missing = new LinkedHashMap<>(FULL.toJson());
    missing.remove("input");
    refused(() -> NetworkSpec.fromJson(missing), "input is missing");
    Map<String, Object> bad = new LinkedHashMap<>(FULL.toJson());
    bad.put(
        "layers",
        List.of(Map.of("dense", Map.of("units", 3)), Map.of("dropout", Map.of("rate", 2))));
    refused(() -> NetworkSpec.fromJson(bad), "layers[1]: dropout.rate must be in [0, 1)");
    bad.put("layers", Map.of());
    refused(() -> NetworkSpec.fromJson(bad), "layers must be a list");
  }

  @Test
  void networksNeedRows() {
    NetworkSpec spec = network(LossKind.MSE, 1, LayerSpec.dense(1, Activation.LINEAR));
    refused(() -> Network.build(spec, 0, Mode.TRAIN), "rows must be 1 or more, got 0");
    LayerSpec swish = layer(CoreLayers.ACTIVATION, "kind", "swish", "trained", true, "beta", 0.5);
    refused(
        () -> Network.layout(network(LossKind.MSE, 4, swish)),
        "a trained beta starts at 0 or 1, got 0.5");
  }
}
