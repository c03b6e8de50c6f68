package dev.bellows.engine;

import dev.bellows.engine.CatalogueData.Split;
import dev.bellows.engine.Digits.Recipe;
import dev.bellows.engine.bench.Timing;
import dev.bellows.engine.nn.Activation;
import dev.bellows.engine.nn.LayerCost;
import dev.bellows.engine.nn.LayerSpec;
import dev.bellows.engine.nn.Network;
import dev.bellows.engine.nn.NetworkSpec;
import dev.bellows.engine.zoo.ConvNets;
import dev.bellows.engine.zoo.MobileNets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Two tables on the digits: VIS-13, accuracy and size of MobileNets over the width multiplier;
 * VIS-16, swish against ReLU. Rows of a table are printed as they are measured.
 */
final class DigitsBench {
  private DigitsBench() {}

  /** Arguments: none. */
  public static void main(String[] args) {
    Timing.print("| alpha | parameters | multiply-adds | accuracy, seeds 1 to 3 |%n");
    Timing.print("|---|---|---|---|%n");
    for (double alpha : new double[] {0.25, 0.5, 0.75, 1}) {
      NetworkSpec spec = MobileNets.v1(Digits.TASK, alpha, 1, 3);
      long adds = Network.costs(spec).stream().mapToLong(LayerCost::multiplyAdds).sum();
      int parameters = Network.layout(spec).trainable();
      Timing.print(
          "| %.2f | %,d | %,d |%s |%n",
          alpha, parameters, adds, accuracies(spec, new Recipe(0.01, 30, 0.3)));
    }
    Timing.print("%n| activation | accuracy, seeds 1 to 3 |%n|---|---|%n");
    NetworkSpec relu = ConvNets.vggSmall(Digits.TASK, 2, 16);
    Recipe recipe = new Recipe(0.003, 20, 0.3);
    Timing.print("| ReLU |%s |%n", accuracies(relu, recipe));
    Timing.print("| swish |%s |%n", accuracies(swish(relu), recipe));
  }

  private static String accuracies(NetworkSpec spec, Recipe recipe) {
    Split data = Digits.judging();
    StringBuilder text = new StringBuilder();
    for (int seed = 1; seed <= 3; seed++) {
      try (LocalTrainer trainer = recipe.train(spec, data.train(), seed)) {
        text.append(" %.4f".formatted(trainer.accuracy(data.test())));
      }
    }
    return text.toString();
  }

  /** The same network with swish for each ReLU. */
  static NetworkSpec swish(NetworkSpec spec) {
    List<LayerSpec> layers = new ArrayList<>();
    for (LayerSpec layer : spec.layers()) {
      Map<String, Object> options = new LinkedHashMap<>(layer.options());
      options.replaceAll((name, value) -> value.equals("relu") ? Activation.SWISH.id() : value);
      layers.add(new LayerSpec(layer.type(), options));
    }
    return new NetworkSpec(spec.input(), layers, spec.loss(), spec.outputs());
  }
}
