package dev.bellows.jobs.train;

import dev.bellows.engine.nn.Activation;
import dev.bellows.engine.nn.Head;
import dev.bellows.engine.nn.InputPart;
import dev.bellows.engine.nn.InputSpec;
import dev.bellows.engine.nn.LayerSpec;
import dev.bellows.engine.nn.LossKind;
import dev.bellows.engine.nn.LossSpec;
import dev.bellows.engine.nn.NetworkSpec;
import dev.bellows.engine.nn.layer.CoreLayers;
import dev.bellows.engine.nn.loss.LossType;
import dev.bellows.jobs.BellowsException;
import dev.bellows.jobs.ExitCode;
import dev.bellows.jobs.block.DatasetShape;
import dev.bellows.jobs.config.FeatureConfig;
import dev.bellows.jobs.config.HeadConfig;
import dev.bellows.jobs.config.LayerConfig;
import dev.bellows.jobs.config.LossConfig;
import dev.bellows.jobs.config.ModelConfig;
import dev.bellows.jobs.config.RunConfig;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The network that a configuration means for a data set. */
final class NetworkSpecs {
  private static final String IMAGE = "image";
  private static final String SERIES = "series";

  /** First layers before which an image is a plain row of values. */
  private static final Set<String> FLAT =
      Set.of("dense", "activation", "dropout", "batch_norm", "flatten");

  private NetworkSpecs() {}

  /**
   * Puts configuration and data together.
   *
   * @param config the resolved configuration
   * @param shape widths, cardinalities and classes of the prepared data
   * @param classCounts training rows per class in label order, for balanced class weights
   * @throws BellowsException exit 3 when the layers don't fit the data
   */
  static NetworkSpec of(RunConfig config, DatasetShape shape, List<Long> classCounts) {
    ModelConfig model = config.model();
    List<LayerSpec> layers = new ArrayList<>();
    boolean shaped = shaped(model, shape);
    try {
      for (LayerConfig layer : model.layers()) {
        if (shaped || !layer.type().equals("flatten")) { // rows are flat already
          layers.add(LayerSpec.of(layer.type(), units(model, layer.options(), shape)));
        }
      }
      LossKind loss = loss(config, shape, layers);
      int outputs = outputs(loss, shape);
      if (model.type() != ModelConfig.Type.NETWORK) {
        layers.add(LayerSpec.dense(outputs, Activation.LINEAR));
      }
      List<InputSpec.Categorical> categorical = new ArrayList<>();
      for (DatasetShape.Categorical c : shape.categoricals()) {
        FeatureConfig.Table table = config.features().of(c.name()).table();
        int most = table.maxRows() == 0 ? c.cardinality() : table.maxRows();
        categorical.add(
            new InputSpec.Categorical(
                c.name(), c.cardinality(), c.embeddingDim(), table.sparse() ? most : 0));
      }
      requireCategories(config, shape);
      InputSpec input =
          new InputSpec(
              shape.numericWidth(), categorical, shape.sparseWidth(), parts(shape, shaped));
      LossSpec main = loss(loss, model.loss(), classCounts);
      List<Head> heads = new ArrayList<>();
      Map<String, String> learners = new LinkedHashMap<>();
      for (HeadConfig head : model.heads()) {
        LossSpec its = loss(head, main, classCounts, learnt(head, shape), learners);
        heads.add(Head.of(head.name(), head.layer(), its, input, layers));
      }
      requireOutputs(model, heads, shape);
      return new NetworkSpec(input, layers, main, outputs, heads);
    } catch (IllegalArgumentException e) {
      throw new BellowsException(ExitCode.CONFIG, "model: " + e.getMessage(), e);
    }
  }

  /** Refuses sparse columns that have no embedding. */
  private static void requireCategories(RunConfig config, DatasetShape shape) {
    List<String> known = shape.categoricals().stream().map(DatasetShape.Categorical::name).toList();
    config
        .features()
        .named()
        .forEach(
            (name, feature) -> {
              if (feature.table().sparse() && !known.contains(name)) {
                throw new IllegalArgumentException(
                    "features."
                        + name
                        + ".sparse is for categories, and this column is none or was left out;"
                        + " categories are "
                        + known);
              }
            });
  }

  /**
   * Whether the network sees images with their shape. Layers that take any row of values see it
   * flat, unless a layer asks for {@code image} by name.
   */
  private static boolean shaped(ModelConfig model, DatasetShape shape) {
    if (!shape.seriesShape().isEmpty()) {
      return !model.layers().isEmpty();
    }
    if (shape.imageShape().size() != 3 || model.layers().isEmpty()) {
      return false;
    }
    boolean named =
        model.layers().stream()
            .anyMatch(
                layer ->
                    layer.options().get("inputs") instanceof List<?> names
                        && names.contains(IMAGE));
    return named || !FLAT.contains(model.layers().get(0).type());
  }

  private static List<InputPart> parts(DatasetShape shape, boolean shaped) {
    List<InputPart> parts = new ArrayList<>();
    if (shaped && !shape.seriesShape().isEmpty()) {
      int[] sizes = shape.seriesShape().stream().mapToInt(Integer::intValue).toArray();
      parts.add(InputPart.numbers(SERIES, 0, sizes));
    } else if (shaped) {
      parts.add(image(shape));
    }
    for (DatasetShape.Text text : shape.texts()) {
      parts.add(InputPart.tokens(text.name(), text.length(), text.vocabulary(), true));
    }
    return parts;
  }

  /** Options with {@code units: auto} as the outputs of the task, or of the head on the layer. */
  private static Map<String, Object> units(
      ModelConfig model, Map<String, Object> options, DatasetShape shape) {
    if (!"auto".equals(options.get("units"))) {
      return options;
    }
    Map<String, Object> known = new LinkedHashMap<>(options);
    known.put("units", (long) shape.outputs());
    for (HeadConfig head : model.heads()) {
      DatasetShape.Learnt learnt = learnt(head, shape);
      if (learnt != null && head.layer().equals(options.get("name"))) {
        known.put("units", (long) learnt.outputs());
      }
    }
    return known;
  }

  /** The column of its own that a head learns; null when its truth is another. */
  private static DatasetShape.@Nullable Learnt learnt(HeadConfig head, DatasetShape shape) {
    return shape.heads().stream()
        .filter(learnt -> learnt.name().equals(head.target()))
        .findFirst()
        .orElse(null);
  }

  /** A head that learns a column must give a score per class, or a value per number. */
  private static void requireOutputs(ModelConfig model, List<Head> heads, DatasetShape shape) {
    for (int i = 0; i < heads.size(); i++) {
      DatasetShape.Learnt learnt = learnt(model.heads().get(i), shape);
      if (learnt != null && heads.get(i).outputs() != learnt.outputs()) {
        throw new IllegalArgumentException(
            "head '"
                + heads.get(i).name()
                + "' gives "
                + heads.get(i).outputs()
                + " values, but column "
                + learnt.name()
                + " has "
                + learnt.outputs()
                + (learnt.classes() ? " classes" : " numbers")
                + ": end layer '"
                + heads.get(i).layer()
                + "' with {dense: {units: auto}}");
      }
    }
  }

  private static InputPart image(DatasetShape shape) {
    return InputPart.numbers(
        IMAGE, 0, shape.imageShape().stream().mapToInt(Integer::intValue).toArray());
  }

  private static LossKind loss(RunConfig config, DatasetShape shape, List<LayerSpec> layers) {
    LossConfig loss = config.model().loss();
    if (!loss.auto()) {
      return kind(loss);
    }
    if (shape.classes() == 0) {
      return LossKind.MSE;
    }
    boolean oneUnit =
        switch (config.model().type()) {
          case LOGISTIC, LINEAR -> true;
          case NETWORK -> lastUnits(layers) == 1;
        };
    return shape.classes() == 2 && shape.positions() == 1 && oneUnit && shape.heads().isEmpty()
        ? LossKind.SIGMOID_CROSS_ENTROPY
        : LossKind.SOFTMAX_CROSS_ENTROPY;
  }

  private static LossKind kind(LossConfig loss) {
    return LossKind.valueOf(loss.kind().toUpperCase(Locale.ROOT));
  }

  private static long lastUnits(List<LayerSpec> layers) {
    for (int i = layers.size() - 1; i >= 0; i--) {
      if (layers.get(i).type() == CoreLayers.DENSE
          && layers.get(i).options().get("units") instanceof Number n) {
        return n.longValue();
      }
    }
    return -1;
  }

  /** Two classes are one yes/no output, unless the loss has one score per class. */
  private static int outputs(LossKind loss, DatasetShape shape) {
    boolean yesNo = loss.classifies() && !loss.usesLabels();
    return loss == LossKind.HINGE || (yesNo && shape.classes() == 2) ? 1 : shape.outputs();
  }

  private static LossSpec loss(LossKind kind, LossConfig config, List<Long> classCounts) {
    Map<String, Object> options = new LinkedHashMap<>(config.options());
    if (config.balanced()) {
      options.put("class_weights", balanced(classCounts));
    }
    return new LossSpec(kind, options);
  }

  /**
   * A head's loss; its truth is the target of the run unless the configuration names another.
   *
   * @param learnt the column of its own that it learns, or null
   * @param learners column to the first head that learns it; others share that head's truth
   */
  private static LossSpec loss(
      HeadConfig head,
      LossSpec main,
      List<Long> classCounts,
      DatasetShape.@Nullable Learnt learnt,
      Map<String, String> learners) {
    if (learnt != null) {
      LossKind fits = learnt.classes() ? LossKind.SOFTMAX_CROSS_ENTROPY : LossKind.MSE;
      LossSpec loss =
          head.loss().auto()
              ? LossSpec.of(fits)
              : loss(kind(head.loss()), head.loss(), classCounts);
      String first = learners.putIfAbsent(learnt.name(), head.name());
      LossSpec weighed = loss.with("weight", head.weight());
      return first == null ? weighed : weighed.with("target", first);
    }
    LossKind kind = head.loss().auto() ? main.kind() : kind(head.loss());
    LossSpec loss = head.loss().auto() ? main : loss(kind, head.loss(), classCounts);
    LossSpec weighed = loss.with("weight", head.weight());
    return kind.type().truth() == LossType.Truth.NONE
        ? weighed
        : weighed.with("target", head.target());
  }

  /** n / (classes * n_class) per class, as floats are written. */
  private static List<Double> balanced(List<Long> counts) {
    double rows = counts.stream().mapToDouble(Long::doubleValue).sum();
    List<Double> weights = new ArrayList<>();
    for (long count : counts) {
      float weight = (float) (rows / (counts.size() * (double) Math.max(1, count)));
      weights.add(Double.parseDouble(Float.toString(weight)));
    }
    return weights;
  }

  /** One line for people: {@code dense 128 relu > dropout > dense 10}. */
  static String line(NetworkSpec spec) {
    List<String> words = new ArrayList<>();
    for (LayerSpec layer : spec.layers()) {
      Map<String, Object> o = layer.options();
      String word =
          switch (layer.type().id()) {
            case "dense" ->
                "dense "
                    + o.get("units")
                    + ("linear".equals(o.get("activation")) ? "" : " " + o.get("activation"));
            case "activation" -> String.valueOf(o.get("kind"));
            case "dropout" -> "dropout " + o.get("rate");
            default -> layer.type().id();
          };
      words.add(word);
    }
    String line = String.join(" > ", words);
    for (Head head : spec.heads()) {
      line += "; head " + head.name() + " on " + head.layer() + " " + head.loss().kind().id();
    }
    return line;
  }
}
