package dev.bellows.engine.bench;

import dev.bellows.engine.nn.InputSpec;
import dev.bellows.engine.nn.LayerSpec;
import dev.bellows.engine.nn.LossKind;
import dev.bellows.engine.nn.LossSpec;
import dev.bellows.engine.nn.NetworkSpec;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The two convolutional networks that whole training steps are timed on. */
public final class ImageNetworks {
  private ImageNetworks() {}

  /** LeNet-5 with ReLU and max pooling, images [28, 28, 1], 10 classes. */
  public static NetworkSpec lenet5() {
    return new NetworkSpec(
        InputSpec.shaped("image", 28, 28, 1),
        List.of(
            conv("c1", 6, 5, Map.of("padding", "same", "activation", "relu")),
            LayerSpec.of("maxpool2d", Map.of("size", 2)),
            conv("c2", 16, 5, Map.of("padding", "valid", "activation", "relu")),
            LayerSpec.of("maxpool2d", Map.of("size", 2)),
            LayerSpec.of("flatten", Map.of()),
            LayerSpec.of("dense", Map.of("units", 120, "activation", "relu")),
            LayerSpec.of("dense", Map.of("units", 84, "activation", "relu")),
            LayerSpec.of("dense", Map.of("units", 10))),
        LossSpec.of(LossKind.SOFTMAX_CROSS_ENTROPY),
        10);
  }

  /**
   * ResNet-20 for images [32, 32, 3] with projection shortcuts (K. He et al., "Deep residual
   * learning for image recognition", CVPR 2016), 10 classes.
   */
  public static NetworkSpec resnet20() {
    List<LayerSpec> layers = new ArrayList<>();
    layers.add(conv("stem", 16, 3, Map.of("bias", false)));
    layers.add(LayerSpec.of("batch_norm", Map.of("name", "stem_norm")));
    layers.add(LayerSpec.of("activation", Map.of("kind", "relu", "name", "top0")));
    int channels = 16;
    for (int i = 0; i < 9; i++) {
      int width = 16 << i / 3;
      block(layers, i, width, width == channels ? 1 : 2, width != channels);
      channels = width;
    }
    layers.add(LayerSpec.of("global_avgpool", Map.of()));
    layers.add(LayerSpec.of("dense", Map.of("units", 10)));
    return new NetworkSpec(
        InputSpec.shaped("image", 32, 32, 3),
        layers,
        LossSpec.of(LossKind.SOFTMAX_CROSS_ENTROPY),
        10);
  }

  private static void block(
      List<LayerSpec> layers, int i, int width, int stride, boolean projected) {
    String in = "top" + i;
    String b = "block" + i;
    Map<String, Object> first = Map.of("bias", false, "stride", stride, "inputs", List.of(in));
    layers.add(conv(b + "_a", width, 3, zeros(first, 1)));
    layers.add(LayerSpec.of("batch_norm", Map.of()));
    layers.add(LayerSpec.of("activation", Map.of("kind", "relu")));
    layers.add(conv(b + "_b", width, 3, Map.of("bias", false)));
    layers.add(LayerSpec.of("batch_norm", Map.of("name", b + "_norm")));
    String skip = in;
    if (projected) {
      layers.add(conv(b + "_skip", width, 1, zeros(first, 0)));
      layers.add(LayerSpec.of("batch_norm", Map.of("name", b + "_skip_norm")));
      skip = b + "_skip_norm";
    }
    layers.add(LayerSpec.of("add", Map.of("inputs", List.of(b + "_norm", skip))));
    layers.add(LayerSpec.of("activation", Map.of("kind", "relu", "name", "top" + (i + 1))));
  }

  private static Map<String, Object> zeros(Map<String, Object> options, int zeros) {
    Map<String, Object> all = new HashMap<>(options);
    all.put("padding", "zeros");
    all.put("zeros", zeros);
    return all;
  }

  private static LayerSpec conv(String name, int filters, int kernel, Map<String, Object> more) {
    Map<String, Object> options = new HashMap<>(more);
    options.put("name", name);
    options.put("filters", filters);
    options.put("kernel", kernel);
    return LayerSpec.of("conv2d", options);
  }
}
