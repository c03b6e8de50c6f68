package dev.bellows.engine.nn.layer;

import dev.bellows.engine.graph.Node;
import dev.bellows.engine.graph.Normalisations;
import dev.bellows.engine.nn.Initializer;
import dev.bellows.engine.tensor.Shape;
import java.util.List;

/** Normalisation of each row by itself: the same in training and prediction, for any batch. */
final class NormalisationLayers {
  /** Per position over the channels. */
  static final LayerType LAYER_NORM =
      norm("layer_norm", "Standardises each position over its channels (Ba et al., 2016).")
          .body(
              c ->
                  Normalisations.layerNorm(
                      c.graph(""), c.input(), scale(c, ""), shift(c, ""), epsilon(c)));

  /** Per row and group of channels, over the inner axes. */
  static final LayerType GROUP_NORM =
      norm("group_norm", "Standardises groups of channels of each row (Wu, He, ECCV 2018).")
          .option(Option.count("groups", "Groups that the channels are cut into.").or(32))
          .body(
              c ->
                  Normalisations.groupNorm(
                      c.graph(""),
                      c.input(),
                      scale(c, ""),
                      shift(c, ""),
                      c.whole("groups"),
                      epsilon(c)));

  /** Per row and channel, over the inner axes. */
  static final LayerType INSTANCE_NORM =
      norm("instance_norm", "Standardises each channel of each row (Ulyanov et al., 2016).")
          .body(
              c ->
                  Normalisations.instanceNorm(
                      c.graph(""), c.input(), scale(c, ""), shift(c, ""), epsilon(c)));

  static final List<LayerType> ALL = List.of(LAYER_NORM, GROUP_NORM, INSTANCE_NORM);

  private NormalisationLayers() {}

  private static LayerType.Definition norm(String id, String doc) {
    return LayerType.named(id, doc)
        .option(Option.real("epsilon", "Added to the variance.").in(Option.Range.POSITIVE).or(1e-5))
        .keepsShape();
  }

  private static double epsilon(LayerContext c) {
    return c.number("epsilon");
  }

  /** The trained factor of each channel of the input, {@code <prefix>scale}. */
  static Node scale(LayerContext c, String prefix) {
    return perChannel(c, prefix + "scale", Initializer.ONE);
  }

  /** The trained offset of each channel of the input, {@code <prefix>shift}. */
  static Node shift(LayerContext c, String prefix) {
    return perChannel(c, prefix + "shift", Initializer.ZERO);
  }

  private static Node perChannel(LayerContext c, String suffix, Initializer start) {
    int channels = c.input().shape().dim(-1);
    return c.parameter(suffix, Shape.of(channels), start, false, channels, channels);
  }
}
