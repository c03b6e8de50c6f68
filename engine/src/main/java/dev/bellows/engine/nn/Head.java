package dev.bellows.engine.nn;

import dev.bellows.engine.tensor.Shape;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * One more output of a network with a loss of its own: another task, or an auxiliary classifier.
 *
 * @param name unique among the heads, for {@code target} of other losses and for reports
 * @param layer name of the layer whose output is scored
 * @param loss what is minimised; its {@code weight} is the factor in the sum of all losses
 * @param outputs classes, or values per row
 */
public record Head(String name, String layer, LossSpec loss, int outputs) {
  /** Checks the name. */
  public Head {
    if (!name.matches("[A-Za-z][A-Za-z0-9_]*") || name.equals(MAIN)) {
      throw new NetworkException(
          "head '" + name + "': a name is a letter, then letters, digits and _, and not " + MAIN);
    }
  }

  /**
   * A head with as many outputs as its layer gives.
   *
   * @param input what a row of the network holds
   * @param layers of the network
   * @throws NetworkException when no layer has the name
   */
  public static Head of(
      String name, String layer, LossSpec loss, InputSpec input, List<LayerSpec> layers) {
    Map<String, Shape> shapes = NetworkBuilder.shapes(input, layers);
    Shape shape = shapes.get(layer);
    if (shape == null) {
      throw new NetworkException(
          "head '"
              + name
              + "': there is no layer '"
              + layer
              + "'"
              + Tree.nearest(layer, shapes.keySet())
              + "; there are "
              + shapes.keySet());
    }
    return new Head(name, layer, loss, loss.outputs(shape));
  }

  /** Name of the output of the last layer. */
  public static final String MAIN = "main";

  Map<String, Object> toJson() {
    Map<String, Object> tree = new LinkedHashMap<>();
    tree.put("name", name);
    tree.put("layer", layer);
    tree.put("loss", loss.toJson());
    tree.put("outputs", (long) outputs);
    return tree;
  }

  static Head fromJson(String where, Map<String, Object> json) {
    Tree tree = new Tree(where, json);
    String name = tree.text("name");
    String layer = tree.text("layer");
    LossSpec loss = LossSpec.fromJson(tree.map("loss"));
    int outputs = tree.whole("outputs");
    tree.done();
    return new Head(name, layer, loss, outputs);
  }
}
