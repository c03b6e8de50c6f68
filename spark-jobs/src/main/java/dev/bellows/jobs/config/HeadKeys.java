package dev.bellows.jobs.config;

import dev.bellows.engine.nn.Head;
import dev.bellows.engine.nn.LossKind;
import dev.bellows.engine.nn.loss.LossType;
import dev.bellows.jobs.config.Numbers.Real;
import dev.bellows.jobs.config.Words.Free;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** Keys of {@code model.heads}. */
final class HeadKeys {
  private static final String LAYER = "layer";
  private static final String TARGET = "target";

  private HeadKeys() {}

  /** One head. */
  static Section head() {
    return new Section()
        .required(
            "name", new Free("a name"), "Name of the output, unique among the heads.", "auxiliary")
        .required(LAYER, new Free("a name"), "Name of the layer that gives the output.", "stem")
        .key("loss", LossKeys.headLoss(), LossKeys.AUTO, "What is minimised.")
        .key("weight", Real.positive(), "1.0", "Factor in the sum of all losses.", "0.3")
        .key(
            TARGET,
            new Free("a name"),
            Head.MAIN,
            "Column of targets, head, input or layer whose values are the truth; main: the target of the run.",
            "slots");
  }

  static List<HeadConfig> heads(Bound model) {
    Map<String, String> renamed = LayerRepeats.of(model.list("layers")).renamed();
    return model.list(
        "heads",
        item -> {
          Bound head = new Bound(Map.of("it", item)).at("it");
          String loss = head.chosen("loss");
          String layer = head.text(LAYER);
          return new HeadConfig(
              head.text("name"),
              renamed.getOrDefault(layer, layer),
              LossKeys.config(loss, head.settings("loss")),
              head.real("weight"),
              head.text(TARGET));
        });
  }

  /** Names of heads and of what they read; values with a problem of their own are skipped. */
  static void check(Bound model, Binding binding) {
    List<?> heads = model.list("heads");
    if (heads.isEmpty() || heads.contains(Spec.BAD) || LayerRepeats.bad(model.list("layers"))) {
      return;
    }
    LayerRepeats layers = LayerRepeats.of(model.list("layers"));
    Set<String> names = new HashSet<>();
    for (int i = 0; i < heads.size(); i++) {
      Bound head = new Bound(Map.of("it", heads.get(i))).at("it");
      String at = "model.heads[" + i + "]";
      String name = head.text("name");
      if (!name.isEmpty() && !name.matches("[A-Za-z][A-Za-z0-9_]*")) {
        problem(binding, at + ".name", "a name is a letter, then letters, digits and _");
      } else if (name.equals(Head.MAIN)) {
        problem(binding, at + ".name", "main is the output of the last layer; take another name");
      } else if (!name.isEmpty() && !names.add(name)) {
        problem(binding, at + ".name", "two heads are called " + name);
      }
      String layer = head.text(LAYER);
      List<String> known = layers.names();
      if (!layer.isEmpty() && !known.contains(layer)) {
        String near =
            Suggest.nearest(layer, known).map(n -> "; did you mean " + n + "?").orElse("");
        problem(
            binding,
            at + "." + LAYER,
            "no layer is called \"" + layer + "\"" + near + " (layers with a name: " + known + ")");
      }
      String loss = head.chosen("loss");
      if (!loss.isEmpty() && !loss.equals(LossKeys.AUTO)) {
        truth(binding, at, head, LossKind.valueOf(loss.toUpperCase(Locale.ROOT)));
      }
    }
  }

  private static void truth(Binding binding, String at, Bound head, LossKind loss) {
    String target = head.text(TARGET);
    if (loss.type().truth() == LossType.Truth.NONE && !target.equals(Head.MAIN)) {
      problem(
          binding, at + "." + TARGET, "loss " + loss.id() + " compares with nothing; remove it");
    }
  }

  private static void problem(Binding binding, String key, String message) {
    binding.problem(binding.mark(key), key, message);
  }
}
