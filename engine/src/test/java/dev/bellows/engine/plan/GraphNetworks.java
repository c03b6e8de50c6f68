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

  /** Every layer that draws random numbers, with ramps. */
  static NetworkSpec noise() {
    return new NetworkSpec(
        InputSpec.numeric(9),
        List.of(
            layer("gaussian_noise", "sigma", 0.5, "sigma_end", 0.1, "steps", 4),
            layer("drop_connect", "units", 12, "rate", 0.3, "activation", "tanh"),
            layer("sampling", "name", "code"),
            layer("dense", "units", 6, "name", "variance"),
            layer("sampling", "inputs", List.of("code", "variance")),
            layer("gumbel_softmax", "temperature", 0.7),
            layer("dense", "units", 5, "weight_norm", "weight"),
            layer("gumbel_softmax", "hard", true),
            layer("dense", "units", 4)),
        SOFTMAX,
        4);
  }

  /** Channels that drop out; weights divided by their norms. */
  static NetworkSpec channels() {
    return new NetworkSpec(
        InputSpec.shaped("image", 5, 4, 2),
        List.of(
            layer("conv2d", "filters", 6, "weight_norm", "spectral"),
            layer("spatial_dropout", "rate", 0.4),
            layer("conv2d", "filters", 3, "weight_norm", "weight", "activation", "relu"),
            layer("flatten"),
            layer("gaussian_noise"),
            layer("dense", "units", 4, "weight_norm", "spectral")),
        SOFTMAX,
        4);
  }

  /** Layers whose gradient is not that of their value. */
  static NetworkSpec gradients() {
    return new NetworkSpec(
        InputSpec.numeric(9),
        List.of(
            layer("dense", "units", 8, "activation", "tanh"),
            layer("gradient_reversal", "factor", 0.5),
            layer("top_k", "k", 3),
            layer("straight_through", "kind", "quantise", "levels", 7),
            layer("gradient_reversal", "steps", 3),
            layer("dense", "units", 6),
            layer("top_k", "k", 2, "rest", -0.5),
            layer("dense", "units", 4)),
        SOFTMAX,
        4);
  }

  static Map<String, NetworkSpec> all() {
    Map<String, NetworkSpec> all = new TreeMap<>();
    all.put("residual", residual());
    all.put("tied autoencoder", tiedAutoencoder());
    all.put("language per row", language("row"));
    all.put("language per position", language("position"));
    all.put("frozen", frozen());
    all.put("heads", heads());
    all.put("noise", noise());
    all.put("channels", channels());
    all.put("gradients", gradients());
    all.put("deep", deep(false));
    all.put("deep recomputed", deep(true));
    return all;
  }
}
