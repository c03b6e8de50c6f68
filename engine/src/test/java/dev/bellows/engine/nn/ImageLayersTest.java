package dev.bellows.engine.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bellows.engine.nn.layer.LayerType;
import dev.bellows.engine.nn.layer.Layers;
import dev.bellows.engine.tensor.Shape;
import dev.bellows.engine.zoo.ConvNets;
import dev.bellows.engine.zoo.ImageTask;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Shapes and parameters of the layers of images, and their messages. */
final class ImageLayersTest {
  private static NetworkGraph build(InputSpec input, LayerSpec... layers) {
    List<LayerSpec> all = new ArrayList<>(List.of(layers));
    all.add(LayerSpec.of("flatten", Map.of()));
    all.add(LayerSpec.of("dense", Map.of("units", 2)));
    NetworkSpec spec = new NetworkSpec(input, all, LossSpec.of(LossKind.SOFTMAX_CROSS_ENTROPY), 2);
    return Network.build(spec, 3, Mode.TRAIN);
  }

  private static Shape shape(InputSpec input, LayerSpec layer) {
    return build(input, layer).layers().get(0).output().shape();
  }

  private static LayerSpec layer(String type, Map<String, Object> options) {
    return LayerSpec.of(type, options);
  }

  @Test
  @DisplayName("LAY-04 same keeps the size, valid shrinks it, stride divides it; 1-D to 3-D")
  void convolutions() {
    InputSpec image = InputSpec.shaped("image", 9, 8, 4);
    assertThat(shape(image, layer("conv2d", Map.of("filters", 5, "activation", "relu"))))
        .isEqualTo(Shape.of(3, 9, 8, 5));
    Map<String, Object> strided =
        Map.of("filters", 6, "kernel", List.of(3, 2), "stride", 2, "padding", "valid", "groups", 2);
    assertThat(shape(image, layer("conv2d", strided))).isEqualTo(Shape.of(3, 4, 4, 6));
    Map<String, Object> padded =
        Map.of("filters", 5, "padding", "zeros", "zeros", 2, "dilation", 2, "bias", false);
    assertThat(shape(image, layer("conv2d", padded))).isEqualTo(Shape.of(3, 9, 8, 5));
    assertThat(shape(image, layer("depthwise_conv2d", Map.of("multiplier", 2))))
        .isEqualTo(Shape.of(3, 9, 8, 8));
    assertThat(shape(image, layer("separable_conv2d", Map.of("filters", 7))))
        .isEqualTo(Shape.of(3, 9, 8, 7));
    assertThat(shape(image, layer("conv_transpose2d", Map.of("filters", 3, "stride", 2))))
        .isEqualTo(Shape.of(3, 18, 16, 3));
    Map<String, Object> pasted =
        Map.of("filters", 3, "kernel", 2, "stride", 2, "padding", "valid", "extra", List.of(1, 0));
    assertThat(shape(image, layer("conv_transpose2d", pasted))).isEqualTo(Shape.of(3, 19, 16, 3));
    assertThat(shape(InputSpec.shaped("line", 12, 2), layer("conv1d", Map.of("filters", 4))))
        .isEqualTo(Shape.of(3, 12, 4));
    assertThat(shape(InputSpec.shaped("box", 4, 5, 6, 2), layer("conv3d", Map.of("filters", 4))))
        .isEqualTo(Shape.of(3, 4, 5, 6, 4));
  }

  @Test
  @DisplayName("LAY-08, LAY-09, LAY-10, LAY-20, LAY-21, LAY-22 pooling and up-sampling layers")
  void pooling() {
    InputSpec image = InputSpec.shaped("image", 8, 6, 4);
    assertThat(shape(image, layer("maxpool2d", Map.of("size", 2)))).isEqualTo(Shape.of(3, 4, 3, 4));
    Map<String, Object> same = Map.of("size", 3, "stride", 2, "padding", "same");
    assertThat(shape(image, layer("avgpool2d", same))).isEqualTo(Shape.of(3, 4, 3, 4));
    assertThat(shape(image, layer("global_avgpool", Map.of()))).isEqualTo(Shape.of(3, 4));
    assertThat(shape(image, layer("global_maxpool", Map.of()))).isEqualTo(Shape.of(3, 4));
    assertThat(shape(image, layer("lrn", Map.of("n", 2)))).isEqualTo(Shape.of(3, 8, 6, 4));
    assertThat(shape(image, layer("upsample2d", Map.of("mode", "bilinear"))))
        .isEqualTo(Shape.of(3, 16, 12, 4));
    NetworkGraph unpooled =
        build(
            image,
            layer("conv2d", Map.of("filters", 2, "name", "map")),
            layer("maxpool2d", Map.of("name", "small")),
            layer("unpool2d", Map.of("inputs", List.of("small", "map"))));
    assertThat(unpooled.layers().get(2).output().shape()).isEqualTo(Shape.of(3, 8, 6, 2));
  }

  @Test
  @DisplayName("LAY-03 and LAY-25 parameters: kernel, channels, filters and biases")
  void parameters() {
    InputSpec image = InputSpec.shaped("image", 32, 32, 3);
    NetworkGraph graph = build(image, layer("conv2d", Map.of("filters", 6, "kernel", 5)));
    assertThat(graph.parameters().get(0).shape().size()).isEqualTo(450);
    assertThat(graph.parameters().get(1).shape().size()).isEqualTo(6);
    assertThat(Network.layout(ConvNets.lenet5(ImageTask.square(28, 1, 10))).length())
        .isEqualTo(61_706);
  }

  @Test
  @DisplayName("LAY-34 a wrong rank or group count names the layer and what would fit")
  void messages() {
    assertThatThrownBy(() -> build(InputSpec.numeric(12), layer("conv2d", Map.of("filters", 2))))
        .isInstanceOf(NetworkException.class)
        .hasMessageContaining("conv2d")
        .hasMessageContaining("images [N, H, W, C]");
    InputSpec image = InputSpec.shaped("image", 5, 5, 3);
    assertThatThrownBy(() -> build(image, layer("conv2d", Map.of("filters", 4, "groups", 2))))
        .hasMessageContaining("groups 2 must divide the channels 3");
    assertThatThrownBy(
            () ->
                build(
                    image, layer("conv2d", Map.of("filters", 4, "kernel", 7, "padding", "valid"))))
        .hasMessageContaining("conv2d")
        .hasMessageContaining("the window spans 7");
    assertThatThrownBy(() -> build(image, layer("unpool2d", Map.of())))
        .hasMessageContaining("needs two inputs");
  }

  @Test
  void everyWindowedLayerIsKnown() {
    assertThat(Layers.all().stream().map(LayerType::id))
        .contains("conv1d", "conv3d", "conv_transpose3d", "maxpool3d", "avgpool1d", "lrn");
  }
}
