package dev.bellows.engine.nn.layer;

import dev.bellows.engine.nn.Tree;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** The closed set of layer types: a file can name these and nothing else. */
public final class Layers {
  private static final List<List<LayerType>> FAMILIES =
      List.of(
          CoreLayers.ALL,
          ShapeLayers.ALL,
          JoinLayers.ALL,
          HighwayLayers.ALL,
          EmbeddingLayers.ALL,
          ConvolutionLayers.ALL,
          PoolingLayers.ALL,
          ReorganisationLayers.ALL,
          RecurrentLayers.ALL,
          NoiseLayers.ALL,
          GradientLayers.ALL,
          NormalisationLayers.ALL,
          CapsuleLayers.ALL,
          AttentionLayers.ALL);

  private static final Map<String, LayerType> BY_ID = byId();

  private Layers() {}

  private static Map<String, LayerType> byId() {
    Map<String, LayerType> types = new LinkedHashMap<>();
    for (List<LayerType> family : FAMILIES) {
      for (LayerType type : family) {
        if (types.put(type.id(), type) != null) {
          throw new IllegalStateException("two layer types are called " + type.id());
        }
      }
    }
    return types;
  }

  /** All types, family by family. */
  public static List<LayerType> all() {
    return new ArrayList<>(BY_ID.values());
  }

  /**
   * The type of this name.
   *
   * @throws dev.bellows.engine.nn.NetworkException with the nearest known name when there is none
   */
  public static LayerType of(String id) {
    return Objects.requireNonNull(BY_ID.get(Tree.oneOf("layer", BY_ID.keySet(), id)), id);
  }
}
