package dev.bellows.engine.nn;

import dev.bellows.engine.nn.layer.CoreLayers;
import dev.bellows.engine.nn.layer.LayerContext;
import dev.bellows.engine.nn.loss.LossType;
import dev.bellows.engine.tensor.Shape;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * A whole network: what it reads, its layers, its loss and how many raw scores it gives.
 *
 * @param input what a row holds
 * @param layers in order; the last one must give {@code outputs} values without softmax or sigmoid,
 *     the losses work on raw scores
 * @param loss what is minimised
 * @param outputs classes for losses on labels (per row, or per position when the last layer gives
 *     [N, P..., K]), 1 for hinge, else the values of a row's target
 * @param heads more outputs with losses of their own; empty for one output
 */
public record NetworkSpec(
    InputSpec input, List<LayerSpec> layers, LossSpec loss, int outputs, List<Head> heads) {
  /** Checks that input, layers, losses and outputs fit together. */
  public NetworkSpec {
    layers = List.copyOf(layers);
    heads = List.copyOf(heads);
    check(input, layers, loss, outputs);
    truths(input, layers, loss, outputs, heads);
  }

  /** A network of one output. */
  public NetworkSpec(InputSpec input, List<LayerSpec> layers, LossSpec loss, int outputs) {
    this(input, layers, loss, outputs, List.of());
  }

  /**
   * The same layers and parameters with the main output alone. A {@link
   * dev.bellows.engine.plan.Predictor} of it computes nothing that only heads read: for auxiliary
   * classifiers, which serve training only.
   */
  public NetworkSpec withoutHeads() {
    return new NetworkSpec(input, layers, loss, outputs);
  }

  /** Labels of a row: one, or one per position and task; 0 without losses on labels. */
  public int labelWidth() {
    return width(true);
  }

  /** Float targets of a row; 0 without losses on targets. */
  public int targetWidth() {
    return width(false);
  }

  private int width(boolean labels) {
    return truths().stream()
        .filter(t -> t.labels() == labels && t.from() >= 0)
        .mapToInt(HeadBuilder.Truth::to)
        .max()
        .orElse(0);
  }

  /** Raw scores of a row: the size of the last layer's output. */
  public int scores() {
    HeadBuilder.Truth main = truths().get(0);
    return main.labels() ? main.width() * outputs : outputs;
  }

  /** Where the truth of each output stands, the main one first. */
  List<HeadBuilder.Truth> truths() {
    return truths(input, layers, loss, outputs, heads);
  }

  private static List<HeadBuilder.Truth> truths(
      InputSpec input, List<LayerSpec> layers, LossSpec loss, int outputs, List<Head> heads) {
    Map<String, Shape> shapes = NetworkBuilder.shapes(input, layers);
    List<HeadBuilder.Truth> truths = new ArrayList<>();
    add(truths, Head.MAIN, loss, outputs, main(shapes), shapes);
    for (Head head : heads) {
      Shape shape = shapes.get(head.layer());
      if (shape == null) {
        throw new NetworkException(
            "head '"
                + head.name()
                + "': there is no layer '"
                + head.layer()
                + "'"
                + Tree.nearest(head.layer(), shapes.keySet())
                + "; there are "
                + shapes.keySet());
      }
      add(truths, head.name(), head.loss(), head.outputs(), shape, shapes);
    }
    return truths;
  }

  private static Shape main(Map<String, Shape> shapes) {
    return Objects.requireNonNull(shapes.get(Head.MAIN), Head.MAIN);
  }

  private static void add(
      List<HeadBuilder.Truth> truths,
      String name,
      LossSpec loss,
      int outputs,
      Shape shape,
      Map<String, Shape> shapes) {
    boolean labels = loss.kind().usesLabels();
    long row = shape.size() / shape.dim(0);
    int found = labels ? shape.dim(-1) : Math.toIntExact(row);
    if (found != outputs) {
      throw new NetworkException(
          "head '"
              + name
              + "' has "
              + found
              + " outputs "
              + LayerContext.text(shape)
              + ", expected "
              + outputs);
    }
    String problem = loss.kind().type().problem(outputs, loss.options());
    if (problem != null) {
      throw new NetworkException(problem);
    }
    LossType type = loss.kind().type();
    int width = labels ? Math.toIntExact(row / outputs) : type.truthWidth(outputs);
    if (width == 0) {
      if (!loss.target().isEmpty()) {
        throw new NetworkException(
            "loss " + loss.kind().id() + " of head '" + name + "' has no truth: remove target");
      }
      truths.add(new HeadBuilder.Truth(name, loss, outputs, labels, -1, 0));
      return;
    }
    int from = 0;
    for (HeadBuilder.Truth other : truths) {
      if (other.head().equals(name)) {
        throw new NetworkException("two heads are called " + name);
      }
      from = other.labels() == labels ? Math.max(from, other.to()) : from;
      if (other.head().equals(loss.target())) {
        if (other.labels() != labels || other.width() != width) {
          throw new NetworkException(
              "head '"
                  + name
                  + "' can't use the truth of '"
                  + loss.target()
                  + "': "
                  + other.width()
                  + (other.labels() ? " labels" : " targets")
                  + " against "
                  + width
                  + (labels ? " labels" : " targets"));
        }
        truths.add(new HeadBuilder.Truth(name, loss, outputs, labels, other.from(), other.width()));
        return;
      }
    }
    if (!loss.target().isEmpty()) {
      Shape given = shapes.get(loss.target());
      long needed = width;
      if (given == null || given.size() / given.dim(0) != needed) {
        throw new NetworkException(
            "loss.target '"
                + loss.target()
                + "' of head '"
                + name
                + "' must be an input, layer or head with "
                + needed
                + " values per row, found "
                + (given == null ? "none of " + shapes.keySet() : LayerContext.text(given)));
      }
      from = -1;
    }
    truths.add(new HeadBuilder.Truth(name, loss, outputs, labels, from, width));
  }

  private static void check(InputSpec input, List<LayerSpec> layers, LossSpec loss, int outputs) {
    if (outputs < 1) {
      throw new NetworkException("outputs must be 1 or more, got " + outputs);
    }
    if (input.sparseWidth() > 0 && (layers.isEmpty() || layers.get(0).type() != CoreLayers.DENSE)) {
      throw new NetworkException(
          "a sparse input needs a dense layer first, got "
              + (layers.isEmpty() ? "no layer" : layers.get(0).type().id()));
    }
    Shape shape = main(NetworkBuilder.shapes(input, layers));
    boolean labels = loss.kind().usesLabels();
    long found = labels ? shape.dim(-1) : shape.size() / shape.dim(0);
    if (found != outputs) {
      throw new NetworkException(
          "the network ends with "
              + (shape.rank() == 2 ? found + " values per row" : LayerContext.text(shape))
              + " ("
              + last(layers)
              + "), but the task has "
              + outputs
              + " outputs: end the layers with "
              + (shape.rank() == 2 || labels ? "" : "{flatten: {}} and ")
              + "{dense: {units: "
              + outputs
              + "}}");
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
    if (!heads.isEmpty()) {
      tree.put("heads", heads.stream().map(Head::toJson).toList());
    }
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
    List<Head> heads = new ArrayList<>();
    for (Object head : tree.list("heads", List.of())) {
      String where = "heads[" + heads.size() + "]";
      heads.add(Head.fromJson(where, Tree.map(where, head)));
    }
    tree.done();
    return new NetworkSpec(input, layers, loss, outputs, heads);
  }
}
