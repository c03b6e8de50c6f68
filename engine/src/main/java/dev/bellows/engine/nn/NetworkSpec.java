package dev.bellows.engine.nn;

import dev.bellows.engine.nn.layer.CoreLayers;
import dev.bellows.engine.nn.layer.LayerContext;
import dev.bellows.engine.tensor.Shape;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A whole network: what it reads, its layers, its loss and how many raw scores it gives.
 *
 * @param input what a row holds
 * @param layers in order; the last one must give {@code outputs} values without softmax or sigmoid,
 *     the losses work on raw scores
 * @param loss what is minimised
 * @param outputs number of raw scores per row: classes for softmax cross-entropy, 1 for hinge, else
 *     the width of the target
 */
public record NetworkSpec(InputSpec input, List<LayerSpec> layers, LossSpec loss, int outputs) {
  /** Checks that input, layers, loss and outputs fit together. */
  public NetworkSpec {
    layers = List.copyOf(layers);
    check(input, layers, loss, outputs);
  }

  private static void check(InputSpec input, List<LayerSpec> layers, LossSpec loss, int outputs) {
    if (outputs < 1) {
      throw new NetworkException("outputs must be 1 or more, got " + outputs);
    }
    if (input.sparseWidth() > 0
        && (layers.isEmpty() || layers.get(0).type() != CoreLayers.DENSE)) {
      throw new NetworkException(
          "a sparse input needs a dense layer first, got "
              + (layers.isEmpty() ? "no layer" : layers.get(0).type().id()));
    }
    Shape shape = NetworkBuilder.outputShape(input, layers);
    if (shape.rank() != 2) {
      throw new NetworkException(
          "the network ends with "
              + LayerContext.text(shape)
              + " ("
              + last(layers)
              + "), but the loss takes [N, "
              + outputs
              + "]: put {flatten: {}} or a pooling over all positions before the last dense layer");
    }
    if (shape.dim(1) != outputs) {
      throw new NetworkException(
          "the network ends with "
              + shape.dim(1)
              + " values per row ("
              + last(layers)
              + "), but the task has "
              + outputs
              + " outputs: end the layers with {dense: {units: "
              + outputs
              + "}}");
    }
    int classes = loss.classWeights().length;
    switch (loss.kind()) {
      case SOFTMAX_CROSS_ENTROPY -> {
        if (outputs < 2) {
          throw new NetworkException(
              "loss softmax_cross_entropy needs 2 or more outputs (one per class), the network has "
                  + outputs
                  + ": for one output use sigmoid_cross_entropy");
        }
        classWeights(loss, classes, outputs);
      }
      case HINGE -> {
        if (outputs != 1) {
          throw new NetworkException(
              "loss hinge needs 1 output, the network has "
                  + outputs
                  + ": for more classes use softmax_cross_entropy");
        }
        classWeights(loss, classes, 2);
      }
      case SIGMOID_CROSS_ENTROPY -> {
        if (classes > 0 && outputs != 1) {
          throw new NetworkException(
              "loss.class_weights with sigmoid_cross_entropy needs 1 output, the network has "
                  + outputs);
        }
        classWeights(loss, classes, 2);
      }
      default -> {}
    }
    lastActivation(layers, loss);
  }

  /** Where the last width comes from. */
  private static String last(List<LayerSpec> layers) {
    int last = layers.size() - 1;
    while (last >= 0 && layers.get(last).type().keepsShape()) {
      last--;
    }
    return last < 0 ? "the input" : "layer " + last + " (" + layers.get(last).type() + ")";
  }

  private static void classWeights(LossSpec loss, int found, int expected) {
    if (found != 0 && found != expected) {
      throw new NetworkException(
          "loss.class_weights of "
              + loss.kind().id()
              + " must hold "
              + expected
              + " values, got "
              + found);
    }
  }

  /** The losses work on raw scores: a squashing last layer would be applied twice. */
  private static void lastActivation(List<LayerSpec> layers, LossSpec loss) {
    if (layers.isEmpty() || !loss.kind().classifies()) {
      return;
    }
    LayerSpec last = layers.get(layers.size() - 1);
    Object activation =
        last.options().get(last.type() == CoreLayers.ACTIVATION ? "kind" : "activation");
    if (Activation.SOFTMAX.id().equals(activation) || Activation.SIGMOID.id().equals(activation)) {
      throw new NetworkException(
          "loss "
              + loss.kind().id()
              + " works on raw scores, but the last layer applies "
              + activation
              + ": leave it out (probabilities are made when predicting)");
    }
  }

  /** A tree for JSON. */
  public Map<String, Object> toJson() {
    Map<String, Object> tree = new LinkedHashMap<>();
    tree.put("input", input.toJson());
    List<Object> list = new ArrayList<>();
    for (LayerSpec layer : layers) {
      list.add(layer.toJson());
    }
    tree.put("layers", list);
    tree.put("loss", loss.toJson());
    tree.put("outputs", (long) outputs);
    return tree;
  }

  /**
   * Reads what {@link #toJson} wrote.
   *
   * @throws NetworkException naming the key that is missing, unknown or of the wrong type
   */
  public static NetworkSpec fromJson(Map<String, Object> json) {
    Tree tree = new Tree("", json);
    InputSpec input = InputSpec.fromJson(tree.map("input"));
    LossSpec loss = LossSpec.fromJson(tree.map("loss"));
    int outputs = tree.whole("outputs");
    List<LayerSpec> layers = new ArrayList<>();
    for (Object layer : tree.list("layers", List.of())) {
      String where = "layers[" + layers.size() + "]";
      try {
        layers.add(LayerSpec.fromJson(Tree.map(where, layer)));
      } catch (NetworkException e) {
        throw new NetworkException(where + ": " + e.getMessage());
      }
    }
    tree.done();
    return new NetworkSpec(input, layers, loss, outputs);
  }
}
