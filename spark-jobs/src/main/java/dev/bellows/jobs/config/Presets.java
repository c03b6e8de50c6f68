package dev.bellows.jobs.config;

import dev.bellows.engine.nn.LayerSpec;
import dev.bellows.engine.nn.NetworkSpec;
import dev.bellows.engine.zoo.ConvNets;
import dev.bellows.engine.zoo.ImageTask;
import dev.bellows.engine.zoo.Inception;
import dev.bellows.engine.zoo.MobileNets;
import dev.bellows.engine.zoo.PixelNets;
import dev.bellows.engine.zoo.ResNets;
import dev.bellows.engine.zoo.Transformers;
import dev.bellows.jobs.config.Lists.ListOf;
import dev.bellows.jobs.config.Numbers.Real;
import dev.bellows.jobs.config.Numbers.Whole;
import dev.bellows.jobs.config.Words.Flag;
import dev.bellows.jobs.config.Words.Word;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Networks of the zoo by name. A preset is written out as layers when the file is read, so that
 * {@code render} and the run folder show the network itself.
 */
final class Presets {
  private static final String KEY = "preset";
  private static final String LAYERS = "layers";

  private Presets() {}

  static Choice choice() {
    return new Choice()
        .with(
            "resnet",
            "Residual network for small images (He et al., CVPR 2016); depth 20 is ResNet-20.",
            new Section()
                .key("depth", new Whole(8, 1202), "20", "Layers: 6 n + 2, of bottlenecks 9 n + 2.")
                .key("filters", filters(), "16", "Channels of the first stage.")
                .key("block", new Word("basic", "bottleneck"), "basic", "What a block computes.")
                .key(
                    "zero_start",
                    new Flag(),
                    "false",
                    "Whether each block starts as its shortcut (Goyal et al., 2017)."))
        .with("lenet5", "LeNet-5 (LeCun et al., Proc. IEEE 1998).")
        .with(
            "convnet",
            "[[convolution, relu] x n, pool] x m, [dense, relu] x k, dense.",
            new Section()
                .key("convolutions", new Whole(1, 64), "2", "n, convolutions before a pool.")
                .key("pools", new Whole(1, 16), "2", "m, pools; filters double after each.")
                .key("dense", new Whole(0, 16), "1", "k, dense layers before the last.")
                .key("filters", filters(), "32", "Channels of the first convolution.")
                .key("units", filters(), "128", "Outputs of each dense layer before the last."))
        .with(
            "vgg_small",
            "Stages of two 3 x 3 convolutions with batch norm and a pool (after Simonyan, Zisserman, ICLR 2015).",
            new Section()
                .key("stages", new Whole(1, 16), "3", "Stages; filters double in each.")
                .key("filters", filters(), "32", "Channels of the first stage."))
        .with(
            "alexnet_small", "AlexNet (Krizhevsky et al., NIPS 2012) for images of about 32 x 32.")
        .with(
            "inception_small",
            "Inception modules (Szegedy et al., CVPR 2015) for images of about 32 x 32.",
            new Section()
                .key("modules", new Whole(1, 64), "4", "Modules; a pool after every second.")
                .key("unit", filters(), "8", "An eighth of the channels of a module."))
        .with(
            "mobilenet_v1",
            "Depthwise separable convolutions (Howard et al., 2017).",
            new Section()
                .key("width", Real.positive(), "1.0", "Factor of all channels.", "0.5")
                .key("stem_stride", new Whole(1, 2), "1", "2 for large images."))
        .with(
            "mobilenet_v2",
            "Inverted residuals (Sandler et al., CVPR 2018).",
            new Section()
                .key("width", Real.positive(), "1.0", "Factor of all channels.", "0.5")
                .key("small", new Flag(), "true", "Whether images are of about 32 x 32."))
        .with(
            "vit",
            "Vision Transformer (Dosovitskiy et al., ICLR 2021).",
            new Section()
                .key("patch", new Whole(1, 1 << 10), "4", "Pixels of a patch's side.")
                .key("blocks", new Whole(1, 256), "4", "Blocks of attention and dense net.")
                .key("features", filters(), "64", "Values of each patch.")
                .key("heads", new Whole(1, 256), "4", "Heads that share the features.")
                .key("hidden", filters(), "128", "Width of the dense net of a block.")
                .key("dropout", Real.from(0, 1), "0.0", "Share dropped in training.", "0.1"))
        .with(
            "unet",
            "U-Net (Ronneberger et al., MICCAI 2015): a score per class for each pixel.",
            new Section()
                .key("depth", new Whole(1, 8), "4", "Halvings.")
                .key("filters", filters(), "64", "Channels of the first convolutions.", "16"))
        .with(
            "fcn",
            "Fully convolutional network (Long et al., CVPR 2015): a score per class for each pixel.",
            new Section().key("filters", filters(), "16", "Channels of the first stage."));
  }

  private static Whole filters() {
    return new Whole(1, 1 << 16);
  }

  /** Writes a preset out as layers, in place; problems name what it lacks. */
  @SuppressWarnings("unchecked") // bound maps have string keys
  static void expand(Map<String, Object> values, Binding binding) {
    Bound file = new Bound(values);
    String preset = file.chosen("model." + KEY);
    if (preset.isEmpty() || !(values.get("model") instanceof Map<?, ?> model)) {
      return;
    }
    if (!file.list("model." + LAYERS).isEmpty()) {
      problem(binding, "is a network already; remove model.layers");
      return;
    }
    ImageTask task = task(file, binding);
    if (task == null) {
      return;
    }
    try {
      ((Map<String, Object>) model)
          .put(LAYERS, layers(network(preset, file.settings("model." + KEY), task)));
      ((Map<String, Object>) model).remove(KEY);
    } catch (IllegalArgumentException e) {
      problem(binding, preset + ": " + e.getMessage());
    }
  }

  private static void problem(Binding binding, String message) {
    binding.problem(binding.mark("model." + KEY), "model." + KEY, message);
  }

  private static @Nullable ImageTask task(Bound file, Binding binding) {
    List<?> shape = file.list("features.image.shape");
    int classes = file.count("target.classes");
    if (shape.size() != 3 || classes < 2) {
      problem(
          binding,
          "needs features.image.shape: [height, width, channels] and target.classes, a number: the layers depend on them");
      return null;
    }
    int[] sizes = shape.stream().mapToInt(size -> Math.toIntExact((Long) size)).toArray();
    return new ImageTask(sizes[0], sizes[1], sizes[2], classes);
  }

  private static NetworkSpec network(String preset, Bound o, ImageTask task) {
    return switch (preset) {
      case "resnet" -> resnet(o, task);
      case "lenet5" -> ConvNets.lenet5(task);
      case "convnet" ->
          ConvNets.pattern(
              task,
              o.count("convolutions"),
              o.count("pools"),
              o.count("dense"),
              o.count("filters"),
              o.count("units"));
      case "vgg_small" -> ConvNets.vggSmall(task, o.count("stages"), o.count("filters"));
      case "alexnet_small" -> ConvNets.alexNetSmall(task);
      case "inception_small" -> Inception.small(task, o.count("modules"), o.count("unit"), false);
      case "mobilenet_v1" -> MobileNets.v1(task, o.real("width"), o.count("stem_stride"));
      case "mobilenet_v2" -> MobileNets.v2(task, o.real("width"), o.flag("small"));
      case "vit" ->
          Transformers.vision(
              task,
              o.count("patch"),
              new Transformers.Size(
                  o.count("blocks"),
                  o.count("features"),
                  o.count("heads"),
                  o.count("hidden"),
                  o.real("dropout")));
      case "unet" -> PixelNets.uNet(task, o.count("depth"), o.count("filters"), true);
      case "fcn" -> PixelNets.fcn(task, o.count("filters"));
      default -> throw new IllegalStateException("a preset without a network: " + preset);
    };
  }

  private static NetworkSpec resnet(Bound o, ImageTask task) {
    boolean basic = o.text("block").equals("basic");
    int per = basic ? 6 : 9;
    int depth = o.count("depth");
    if ((depth - 2) % per != 0) {
      int nearest = Math.max(1, (depth - 2 + per / 2) / per);
      throw new IllegalArgumentException(
          "depth must be "
              + per
              + " n + 2 for three stages of n blocks, found "
              + depth
              + "; the nearest is "
              + (per * nearest + 2));
    }
    int blocks = (depth - 2) / per;
    return ResNets.stages(
        task,
        new int[] {blocks, blocks, blocks},
        o.count("filters"),
        basic ? ResNets.Block.BASIC : ResNets.Block.BOTTLENECK,
        o.flag("zero_start") ? ResNets.Start.ZERO : ResNets.Start.PLAIN);
  }

  /** The layers as if they had been written in the file. */
  private static Object layers(NetworkSpec network) {
    List<Object> written = new ArrayList<>();
    for (LayerSpec layer : network.layers()) {
      written.add(layer.toJson());
    }
    List<Problem> problems = new ArrayList<>();
    Tree tree = YamlReader.read(KEY, YamlWriter.flow(written), problems);
    Object bound =
        tree == null
            ? null
            : new ListOf(ModelKeys.layer(), 1)
                .bind(tree, LAYERS, new Binding(KEY, new Section(), problems));
    if (!problems.isEmpty()) {
      throw new IllegalStateException("layers of a preset: " + problems);
    }
    return Objects.requireNonNull(bound);
  }
}
