package dev.bellows.engine.plan;

import dev.bellows.engine.nn.Activation;
import dev.bellows.engine.nn.InputSpec;
import dev.bellows.engine.nn.LayerSpec;
import dev.bellows.engine.nn.LossKind;
import dev.bellows.engine.nn.LossSamples;
import dev.bellows.engine.nn.LossSpec;
import dev.bellows.engine.nn.NetworkSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Networks that between them use every layer, input and loss. */
final class Networks {
  private Networks() {}

  static NetworkSpec mlp() {
    return network(
        InputSpec.numeric(784),
        LossSpec.of(LossKind.SOFTMAX_CROSS_ENTROPY),
        10,
        LayerSpec.dense(256, Activation.RELU),
        LayerSpec.dense(128, Activation.RELU));
  }

  static Map<String, NetworkSpec> all() {
    InputSpec mixed =
        new InputSpec(
            5,
            List.of(
                new InputSpec.Categorical("colour", 7, 3),
                new InputSpec.Categorical("city", 33, 9)),
            0);
    InputSpec sparse = new InputSpec(0, List.of(), 50);
    InputSpec everything = new InputSpec(3, List.of(new InputSpec.Categorical("colour", 7, 3)), 50);
    LossSpec weighted =
        new LossSpec(LossKind.SOFTMAX_CROSS_ENTROPY, 0.1f, new float[] {1, 0.5f, 3}, 1);
    LossSpec binary = new LossSpec(LossKind.SIGMOID_CROSS_ENTROPY, 0, new float[] {1, 2.5f}, 1);
    Map<String, NetworkSpec> networks = new TreeMap<>();
    networks.put("linear", network(InputSpec.numeric(13), LossSpec.of(LossKind.MSE), 1));
    networks.put(
        "mlp",
        network(
            InputSpec.numeric(33),
            LossSpec.of(LossKind.SOFTMAX_CROSS_ENTROPY),
            10,
            LayerSpec.dense(31, Activation.RELU),
            LayerSpec.dense(17, Activation.RELU)));
    networks.put(
        "dropout",
        network(
            InputSpec.numeric(20),
            weighted,
            3,
            LayerSpec.dropout(0.2),
            LayerSpec.dense(24, Activation.TANH),
            LayerSpec.dropout(0.5)));
    networks.put(
        "batch norm",
        network(
            InputSpec.numeric(20),
            weighted,
            3,
            LayerSpec.dense(24, Activation.LINEAR),
            LayerSpec.batchNorm(),
            LayerSpec.activation(Activation.RELU),
            LayerSpec.dense(12, Activation.GELU),
            LayerSpec.batchNorm()));
    networks.put("embeddings", network(mixed, binary, 1, LayerSpec.dense(16, Activation.ELU)));
    networks.put(
        "sparse",
        network(
            sparse,
            LossSpec.of(LossKind.SOFTMAX_CROSS_ENTROPY),
            4,
            LayerSpec.dense(16, Activation.SWISH)));
    networks.put(
        "everything",
        network(
            everything,
            LossSpec.of(LossKind.HUBER),
            2,
            LayerSpec.dense(16, Activation.MISH),
            LayerSpec.dense(9, Activation.SOFTPLUS)));
    networks.put(
        "hinge",
        network(
            InputSpec.numeric(9),
            LossSpec.of(LossKind.HINGE),
            1,
            LayerSpec.dense(8, Activation.LEAKY_RELU)));
    networks.put(
        "mae",
        network(
            InputSpec.numeric(9),
            LossSpec.of(LossKind.MAE),
            3,
            LayerSpec.dense(8, Activation.SIGMOID)));
    for (LossKind kind : LossKind.values()) {
      networks.put(
          "loss " + kind.id(),
          network(
              InputSpec.numeric(9),
              LossSamples.of(kind),
              LossSamples.outputs(kind),
              LayerSpec.dense(8, Activation.TANH)));
    }
    networks.putAll(GraphNetworks.all());
    return networks;
  }

  private static NetworkSpec network(
      InputSpec input, LossSpec loss, int outputs, LayerSpec... layers) {
    List<LayerSpec> all = new ArrayList<>(List.of(layers));
    all.add(LayerSpec.dense(outputs, Activation.LINEAR));
    return new NetworkSpec(input, all, loss, outputs);
  }
}
