package dev.bellows.engine.plan;

import dev.bellows.engine.nn.Head;
import dev.bellows.engine.nn.InputPart;
import dev.bellows.engine.nn.InputSpec;
import dev.bellows.engine.nn.LayerSpec;
import dev.bellows.engine.nn.LossKind;
import dev.bellows.engine.nn.LossSpec;
import dev.bellows.engine.nn.NetworkSpec;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Networks whose layers form a graph, with shaped inputs, several outputs and tied weights. */
final class GraphNetworks {
  private static final LossSpec SOFTMAX = LossSpec.of(LossKind.SOFTMAX_CROSS_ENTROPY);
  private static final LossSpec MSE = LossSpec.of(LossKind.MSE);

  private GraphNetworks() {}

  static LayerSpec layer(String type, Object... options) {
    Map<String, Object> map = new LinkedHashMap<>();
    for (int i = 0; i < options.length; i += 2) {
      map.put((String) options[i], options[i + 1]);
    }
    return LayerSpec.of(type, map);
  }

  static NetworkSpec residual() {
    return new NetworkSpec(
        InputSpec.numeric(9),
        List.of(
            layer("dense", "units", 12, "activation", "relu", "name", "stem"),
            layer("dense", "units", 12, "activation", "tanh"),
            layer("dense", "units", 12, "name", "branch"),
            layer("add", "inputs", List.of("branch", "stem"), "name", "joined"),
            layer("dense", "units", 12, "activation", "sigmoid", "name", "gate"),
            layer("gate", "inputs", List.of("gate", "joined", "stem")),
            layer("concat", "inputs", List.of("layer5", "input", "stem")),
            layer("multiply", "inputs", List.of("layer6", "layer6")),
            layer("dense", "units", 4)),
        SOFTMAX,
        4);
  }

  static NetworkSpec tiedAutoencoder() {
    return new NetworkSpec(
        InputSpec.numeric(14),
        List.of(
            layer("dense", "units", 6, "activation", "tanh", "name", "encode"),
            layer("dense", "units", 14, "weights_of", "encode")),
        MSE.with("target", "input"),
        14);
  }

  /** Tokens to tokens, the output layer tied to the embedding. */
  static NetworkSpec language(String per) {
    return new NetworkSpec(
        InputSpec.tokens("text", 7, 11),
        List.of(
            layer("embedding", "dim", 6, "name", "tokens"),
            layer("dense", "units", 6, "activation", "gelu"),
            layer("dense", "units", 11, "weights_of", "tokens")),
        SOFTMAX.with("per", per),
        11);
  }

  static NetworkSpec frozen() {
    return new NetworkSpec(
        InputSpec.shaped("series", 4, 3),
        List.of(
            layer("dense", "units", 5, "trainable", false),
            layer("batch_norm", "trainable", false),
            layer("flatten"),
            layer("dense", "units", 8, "activation", "relu", "learning_rate_factor", 0.5),
            layer("dense", "units", 2, "weight_decay", false)),
        MSE,
        2);
  }

  static NetworkSpec heads() {
    InputSpec input =
        new InputSpec(
            10,
            List.of(new InputSpec.Categorical("colour", 5, 2)),
            0,
            List.of(InputPart.numbers("image", 2, 2, 3, 1), InputPart.tokens("text", 3, 7, true)));
    return new NetworkSpec(
        input,
        List.of(
            layer("flatten", "inputs", List.of("image"), "name", "pixels"),
            layer("embedding", "dim", 4, "inputs", List.of("text")),
            layer("slice", "axis", 0, "from", -1, "drop", true, "name", "last"),
            layer("concat", "inputs", List.of("features", "pixels", "last")),
            layer("dense", "units", 9, "activation", "relu", "name", "body"),
            layer("dense", "units", 2, "inputs", List.of("body"), "name", "side"),
            layer("dense", "units", 3, "inputs", List.of("body"), "name", "numbers"),
            layer("stop_gradient", "inputs", List.of("body")),
            layer("dense", "units", 4)),
        SOFTMAX,
        4,
        List.of(
            new Head("auxiliary", "side", SOFTMAX.with("weight", 0.3), 2),
            new Head("price", "numbers", MSE.with("weight", 2), 3)));
  }

  /** An MLP of which two blocks are computed twice when {@code recompute}. */
  static NetworkSpec deep(boolean recompute) {
    java.util.ArrayList<LayerSpec> layers = new java.util.ArrayList<>();
    for (int i = 0; i < 12; i++) {
      Map<String, Object> dense = new LinkedHashMap<>(Map.of("units", 24, "activation", "tanh"));
      Map<String, Object> dropout = new LinkedHashMap<>(Map.of("rate", 0.1));
      if (recompute && i % 4 != 3) {
        dense.put("recompute", "block" + i / 4);
        dropout.put("recompute", "block" + i / 4);
      }
      layers.add(LayerSpec.of("dense", dense));
      layers.add(LayerSpec.of("dropout", dropout));
    }
    layers.add(layer("dense", "units", 3));
    return new NetworkSpec(InputSpec.numeric(20), layers, SOFTMAX, 3);
  }

  static Map<String, NetworkSpec> all() {
    Map<String, NetworkSpec> all = new TreeMap<>();
    all.put("residual", residual());
    all.put("tied autoencoder", tiedAutoencoder());
    all.put("language per row", language("row"));
    all.put("language per position", language("position"));
    all.put("frozen", frozen());
    all.put("heads", heads());
    all.put("deep", deep(false));
    all.put("deep recomputed", deep(true));
    return all;
  }
}
