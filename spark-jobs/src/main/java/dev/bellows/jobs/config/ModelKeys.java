package dev.bellows.jobs.config;

import dev.bellows.engine.nn.layer.CoreLayers;
import dev.bellows.jobs.config.Lists.ListOf;
import dev.bellows.jobs.config.Numbers.Real;
import dev.bellows.jobs.config.Numbers.Whole;
import dev.bellows.jobs.config.Words.Flag;
import dev.bellows.jobs.config.Words.Word;
import java.util.List;

/** Keys of {@code model}. */
final class ModelKeys {
  static final List<String> ACTIVATIONS =
      List.of(
          "linear",
          "relu",
          "leaky_relu",
          "elu",
          "sigmoid",
          "tanh",
          "softplus",
          "swish",
          "mish",
          "gelu",
          "softmax");

  private ModelKeys() {}

  static Spec model() {
    return new Switch("type", "Kind of model.")
        .branch(
            "network",
            new Section()
                .key(
                    "layers",
                    new ListOf(layerOrRepeat(), 0),
                    "[]",
                    "Layers, input to output; or preset.",
                    "[{dense: {units: 10}}]")
                .optional(
                    "preset",
                    Presets.choice(),
                    "A network of the zoo in place of layers; written out as layers when the file is read.",
                    "{resnet: {depth: 20}}")
                .key("loss", LossKeys.loss(), "auto", "What is minimised.", "softmax_cross_entropy")
                .key(
                    "heads",
                    new ListOf(HeadKeys.head(), 0),
                    "[]",
                    "More outputs, each with a loss of its own.",
                    "[{name: auxiliary, layer: stem, weight: 0.3}]"))
        .branch(
            "linear",
            new Section().key("loss", LossKeys.loss(), "auto", "What is minimised.", "huber"))
        .branch(
            "logistic",
            new Section()
                .key(
                    "loss", LossKeys.loss(), "auto", "What is minimised.", "sigmoid_cross_entropy"))
        .later(
            "gbdt",
            "forest",
            "tree",
            "extra_trees",
            "adaboost",
            "knn",
            "svm",
            "naive_bayes",
            "perceptron",
            "som",
            "kmeans");
  }

  /** The layer {@code activation}: each kind has options of its own. */
  private static Switch activation() {
    Switch kinds = new Switch("kind", "Function of each value.");
    for (String kind : ACTIVATIONS) {
      Section options = new Section();
      switch (kind) {
        case "leaky_relu" -> options.key("alpha", Real.notNegative(), "0.01", "Slope below 0.");
        case "elu" -> options.key("alpha", Real.notNegative(), "1.0", "Limit below 0.");
        case "swish" ->
            options
                .key("beta", Real.any(), "1.0", "Beta of x sigmoid(beta x).")
                .key("trained", new Flag(), "false", "Whether beta is trained.");
        case "softmax" -> options.key("temperature", Real.positive(), "1.0", "Larger is softer.");
        default -> {
          // nothing to set
        }
      }
      kinds.branch(kind, LayerKeys.common(options, CoreLayers.ACTIVATION));
    }
    return kinds;
  }

  private static Choice layerOrRepeat() {
    return layer()
        .with(
            LayerRepeats.REPEAT,
            "Layers several times in a row, each time with parameters of its own: a name in it becomes name.1, name.2, ...;"
                + " before means what the repetition reads.",
            new Section()
                .required("times", new Whole(1, 10_000), "How often.", "3")
                .required(
                    "layers",
                    new ListOf(layer(), 1),
                    "Layers of one repetition, input to output.",
                    "[{dense: {units: 10}}]"));
  }

  static Choice layer() {
    Section dense =
        new Section()
            .required(
                "units",
                new Whole(1, 1 << 24, "auto"),
                "Outputs of the layer; auto: as many as the task has (last layer).",
                "128")
            .key(
                "activation",
                new Word(ACTIVATIONS, List.of()),
                "linear",
                "Function of each output.",
                "relu")
            .key("bias", new Flag(), "true", "Add a trained constant to each output.")
            .key(
                "initializer",
                new Word("auto", "zero", "small_random", "xavier", "glorot", "he", "orthogonal"),
                "auto",
                "Start of the weights: he sqrt(2/in), xavier sqrt(1/in), glorot sqrt(2/(in+out)), small_random 0.01, zero, orthogonal (orthonormal columns);"
                    + " auto: he before relu, leaky_relu, elu, swish, mish and gelu, else glorot.",
                "he");
    Section dropout =
        new Section()
            .key(
                "rate",
                Real.from(0, 1),
                "0.5",
                "Share of values set to 0 in training; the rest is scaled up.");
    Section batchNorm =
        new Section()
            .key(
                "momentum",
                Real.from(0, 1),
                "0.9",
                "How much of the running statistics each step keeps.")
            .key("epsilon", Real.positive(), "1e-5", "Added to the variance.")
            .optional(
                "scale_start",
                new Word("one", "zero"),
                "Start of the trained scale; zero makes a residual branch start as nothing.",
                "zero");
    LayerKeys.common(dense, CoreLayers.DENSE);
    LayerKeys.common(dropout, CoreLayers.DROPOUT);
    LayerKeys.common(batchNorm, CoreLayers.BATCH_NORM);
    return LayerKeys.all(
        new Choice()
            .with("dense", "Fully connected over the last axis: x W + b.", dense)
            .with(
                "dropout",
                "Zeroes random values in training (Srivastava et al., JMLR 2014).",
                dropout)
            .with(
                "batch_norm",
                "Standardises each channel over the rows of a slice (Ioffe, Szegedy, ICML 2015; statistics per slice, not per batch).",
                batchNorm)
            .with("activation", "A function of each value.", activation()));
  }
}
