package dev.bellows.engine.nn;

import dev.bellows.engine.nn.layer.LayerType;
import dev.bellows.engine.nn.layer.Layers;
import dev.bellows.engine.tensor.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Builds networks layer by layer.
 *
 * <pre>
 * NetworkSpec spec =
 *     Model.builder()
 *         .input(28, 28, 1)
 *         .conv2d(32, 3).relu()
 *         .maxPool2d(2)
 *         .residual(block -&gt; block.conv2d(32, 3).relu().conv2d(32, 3))
 *         .flatten()
 *         .dense(10)
 *         .loss(LossKind.SOFTMAX_CROSS_ENTROPY)
 *         .build();
 * </pre>
 *
 * <p>Every layer type and option that has no method here goes through {@link Builder#layer} and
 * {@link Builder#with}; names and defaults are those of configuration files.
 */
public final class Model {
  private Model() {}

  /** Starts a network. */
  public static Builder builder() {
    return new Builder();
  }

  /** A network under construction. */
  public static final class Builder {
    private record Entry(LayerType type, Map<String, Object> options) {}

    private final List<Entry> layers = new ArrayList<>();
    private final List<InputPart> parts = new ArrayList<>();
    private final List<InputSpec.Categorical> categorical = new ArrayList<>();
    private final List<Head> heads = new ArrayList<>();
    private int numeric;
    private int sparse;
    private @Nullable LossSpec loss;

    private Builder() {}

    // Inputs.

    /**
     * Numbers: one size for a plain row, [T, F] for a {@code series}, [H, W, C] for an {@code
     * image}, any other shape for a {@code volume}.
     */
    public Builder input(int... shape) {
      if (shape.length == 1) {
        numeric += shape[0];
        return this;
      }
      return part(shape.length == 2 ? "series" : shape.length == 3 ? "image" : "volume", shape);
    }

    /** Numbers with a shape and a name for {@link #from}. */
    public Builder part(String name, int... shape) {
      InputPart part = InputPart.numbers(name, numeric, shape);
      parts.add(part);
      numeric += part.size();
      return this;
    }

    /** {@code length} tokens of a vocabulary, named {@code text}. */
    public Builder tokens(int length, int vocabulary) {
      return tokens("text", length, vocabulary, false);
    }

    /** Tokens, with an input {@code <name>.length} when rows have different lengths. */
    public Builder tokens(String name, int length, int vocabulary, boolean lengths) {
      parts.add(InputPart.tokens(name, length, vocabulary, lengths));
      return this;
    }

    /** A category column through an embedding of its own. */
    public Builder category(String name, int cardinality, int embeddingDim) {
      categorical.add(new InputSpec.Categorical(name, cardinality, embeddingDim));
      return this;
    }

    /** A sparse vector of this width; a dense layer must come first. */
    public Builder sparse(int width) {
      sparse = width;
      return this;
    }

    // Layers.

    /** A layer of any type: {@code layer("conv2d", "filters", 32, "kernel", 3)}. */
    public Builder layer(String type, Object... options) {
      if (options.length % 2 != 0) {
        throw new NetworkException(
            type + ": options are names and values in turn, got " + Arrays.toString(options));
      }
      Map<String, Object> map = new LinkedHashMap<>();
      for (int i = 0; i < options.length; i += 2) {
        map.put(String.valueOf(options[i]), options[i + 1]);
      }
      layers.add(new Entry(Layers.of(type), map));
      return this;
    }

    /** Sets an option of the last layer. */
    public Builder with(String option, Object value) {
      last("with").options().put(option, value);
      return this;
    }

    /** Names the last layer. */
    public Builder as(String name) {
      return with("name", name);
    }

    /** The last layer reads these inputs or layers instead of the layer before. */
    public Builder from(String... names) {
      return with("inputs", List.of(names));
    }

    /** The last layer's parameters stay as they are. */
    public Builder frozen() {
      return with("trainable", false);
    }

    private Entry last(String what) {
      if (layers.isEmpty()) {
        throw new NetworkException(what + " needs a layer before it");
      }
      return layers.get(layers.size() - 1);
    }

    /** x W + b over the last axis. */
    public Builder dense(int units) {
      return layer("dense", "units", units);
    }

    /**
     * Convolution of sequences [L, C]; as many outputs as inputs unless {@code with("stride", s)}.
     */
    public Builder conv1d(int filters, int kernel) {
      return layer("conv1d", "filters", filters, "kernel", kernel);
    }

    /** Convolution of images [H, W, C]. */
    public Builder conv2d(int filters, int kernel) {
      return layer("conv2d", "filters", filters, "kernel", kernel);
    }

    /** Convolution of volumes [D, H, W, C]. */
    public Builder conv3d(int filters, int kernel) {
      return layer("conv3d", "filters", filters, "kernel", kernel);
    }

    /** Largest value of each size x size window. */
    public Builder maxPool2d(int size) {
      return layer("maxpool2d", "size", size);
    }

    /** Mean of each size x size window. */
    public Builder averagePool2d(int size) {
      return layer("avgpool2d", "size", size);
    }

    /** Mean of each channel. */
    public Builder globalAveragePool() {
      return layer("global_avgpool");
    }

    /** All axes of a row as one. */
    public Builder flatten() {
      return layer("flatten");
    }

    /** The values of a row in another shape. */
    public Builder reshape(int... shape) {
      return layer("reshape", "shape", Arrays.stream(shape).boxed().toList());
    }

    /** Inverted dropout. */
    public Builder dropout(double rate) {
      return layer("dropout", "rate", rate);
    }

    /** Batch normalisation of each channel. */
    public Builder batchNorm() {
      return layer("batch_norm");
    }

    /** A trained vector per token. */
    public Builder embedding(int dim) {
      return layer("embedding", "dim", dim);
    }

    /** The last layer's activation; a layer of its own where it has none. */
    public Builder activation(Activation kind) {
      Entry before = last(kind.id());
      boolean own =
          before.type().options().stream().anyMatch(o -> o.name().equals("activation"))
              && !before.options().containsKey("activation");
      return own ? with("activation", kind.id()) : layer("activation", "kind", kind.id());
    }

    /** max(0, x). */
    public Builder relu() {
      return activation(Activation.RELU);
    }

    /** Hyperbolic tangent. */
    public Builder tanh() {
      return activation(Activation.TANH);
    }

    /** 1 / (1 + exp(-x)). */
    public Builder sigmoid() {
      return activation(Activation.SIGMOID);
    }

    /** x times the normal distribution's share below x. */
    public Builder gelu() {
      return activation(Activation.GELU);
    }

    // Graph.

    /** Name by which later layers read the last layer, or the input before the first. */
    public String here() {
      return layers.isEmpty() ? "input" : "layer" + (layers.size() - 1);
    }

    /** The last layer plus a layer or input of this name. */
    public Builder add(String other) {
      return layer("add", "inputs", List.of(here(), other));
    }

    /** The last layer and others side by side along the last axis. */
    public Builder concat(String... others) {
      List<String> inputs = new ArrayList<>(List.of(here()));
      inputs.addAll(List.of(others));
      return layer("concat", "inputs", inputs);
    }

    /** x + block(x) (K. He et al., CVPR 2016). */
    public Builder residual(UnaryOperator<Builder> block) {
      String shortcut = here();
      return block.apply(this).add(shortcut);
    }

    /** A block several times in a row. */
    public Builder repeat(int times, UnaryOperator<Builder> block) {
      Builder builder = this;
      for (int i = 0; i < times; i++) {
        builder = block.apply(builder);
      }
      return builder;
    }

    // Losses.

    /** What is minimised: {@code loss(LossKind.FOCAL, "gamma", 1.5)}. */
    public Builder loss(LossKind kind, Object... options) {
      return loss(LossSpec.of(kind, options));
    }

    /** What is minimised. */
    public Builder loss(LossSpec spec) {
      loss = spec;
      return this;
    }

    /** One more output with a loss of its own. */
    public Builder head(String name, String layer, LossSpec spec) {
      heads.add(Head.of(name, layer, spec, inputSpec(), layerSpecs()));
      return this;
    }

    private InputSpec inputSpec() {
      return new InputSpec(numeric, categorical, sparse, parts);
    }

    private List<LayerSpec> layerSpecs() {
      List<LayerSpec> specs = new ArrayList<>();
      for (Entry entry : layers) {
        specs.add(new LayerSpec(entry.type(), entry.options()));
      }
      return specs;
    }

    /**
     * The network, checked from the inputs to the losses.
     *
     * @throws NetworkException naming the layer, what was expected and what was found
     */
    public NetworkSpec build() {
      LossSpec minimised = loss;
      if (minimised == null) {
        throw new NetworkException("a network needs a loss: call loss(...) before build()");
      }
      InputSpec input = inputSpec();
      List<LayerSpec> specs = layerSpecs();
      Shape last = NetworkBuilder.shapes(input, specs).get(Head.MAIN);
      if (last == null) {
        throw new IllegalStateException("no shape of the last layer");
      }
      return new NetworkSpec(input, specs, minimised, minimised.outputs(last), heads);
    }
  }
}
