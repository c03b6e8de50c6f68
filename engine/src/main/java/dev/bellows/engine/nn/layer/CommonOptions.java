package dev.bellows.engine.nn.layer;

import dev.bellows.engine.nn.Activation;
import dev.bellows.engine.nn.Initializer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Options that many layer types share; {@link LayerContext} has their readers. */
final class CommonOptions {
  /** Word for "chosen by the activation" in option {@code initializer}. */
  static final String AUTO = "auto";

  private CommonOptions() {}

  /** {@code activation}: read with {@link LayerContext#activate}. */
  static Option activation(Activation otherwise) {
    return Option.word("activation", "Function of each output.", Activation.class)
        .or(otherwise.id());
  }

  /** {@code initializer}: auto is he for the ReLU family, else glorot. */
  static Option initializer() {
    List<String> words = new ArrayList<>(List.of(AUTO));
    for (Initializer init : Initializer.values()) {
      if (init != Initializer.FORGET_GATE) { // a bias of one layer type only
        words.add(init.name().toLowerCase(Locale.ROOT));
      }
    }
    return Option.word(
            "initializer",
            "Start of the weights; auto: he before relu, leaky_relu, elu, swish, mish and gelu,"
                + " else glorot.",
            words.toArray(String[]::new))
        .or(AUTO);
  }

  /** {@code bias}: whether a trained constant is added to each output. */
  static Option bias() {
    return Option.flag("bias", true, "Add a trained constant to each output.");
  }
}
