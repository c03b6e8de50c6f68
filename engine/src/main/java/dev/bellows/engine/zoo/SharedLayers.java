package dev.bellows.engine.zoo;

import dev.bellows.engine.nn.LayerSpec;
import dev.bellows.engine.nn.Model;
import dev.bellows.engine.nn.NetworkException;
import java.util.ArrayList;
import java.util.List;

/**
 * Layers, one behind the other, that stand at several places of a network with the same weights.
 */
final class SharedLayers {
  private final List<LayerSpec> layers;

  /** Names of the layers at the first place, which have the weights. */
  private final List<String> owners = new ArrayList<>();

  SharedLayers(String what, List<LayerSpec> layers) {
    if (layers.isEmpty() || layers.stream().anyMatch(layer -> !layer.inputs().isEmpty())) {
      throw new NetworkException(
          what + ": expected one or more layers, each reading the one before, got " + layers);
    }
    this.layers = List.copyOf(layers);
  }

  /**
   * Adds the layers once more.
   *
   * @param name of the last of them; the others are {@code name.0}, {@code name.1}, ...
   * @param from layer or input that the first one reads
   * @param frozen whether the weights are held here: other places train them
   */
  Model.Builder place(Model.Builder b, String name, String from, boolean frozen) {
    boolean first = owners.isEmpty();
    for (int i = 0; i < layers.size(); i++) {
      b.layer(layers.get(i).type().id());
      layers.get(i).options().forEach(b::with);
      String own = i == layers.size() - 1 ? name : name + "." + i;
      b.as(own);
      if (i == 0) {
        b.from(from);
      }
      if (first) {
        owners.add(own);
      } else {
        b.with("shared_with", owners.get(i));
      }
      if (frozen) {
        b.frozen();
      }
    }
    return b;
  }
}
