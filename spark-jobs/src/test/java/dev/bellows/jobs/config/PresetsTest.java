package dev.bellows.jobs.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PresetsTest {
  private static String yaml(String preset, int side) {
    return """
        version: 1
        task: classification
        data: {train: {format: cifar, path: /a.bin}}
        features: {image: {type: image, shape: [%d, %d, 3]}}
        target: {classes: 10}
        model: {type: network, preset: %s}
        """
        .formatted(side, side, preset);
  }

  private static List<LayerConfig> layers(String preset) {
    return ConfigLoader.parse(yaml(preset, 32)).config().model().layers();
  }

  @Test
  void a_preset_is_written_out_as_layers() {
    Loaded loaded = ConfigLoader.parse(yaml("{resnet: {depth: 20}}", 32));
    List<LayerConfig> layers = loaded.config().model().layers();
    assertThat(layers.stream().filter(l -> l.type().equals("conv2d")))
        .as("19 on the way and two on shortcuts")
        .hasSize(21);
    assertThat(layers.get(layers.size() - 1).options()).containsEntry("units", 10L);
    assertThat(loaded.resolvedYaml()).contains("name: stage3.block3").doesNotContain("preset");
    assertThat(ConfigLoader.parse(loaded.resolvedYaml()).config()).isEqualTo(loaded.config());
    assertThat(layers("{resnet: {filters: 32}}").get(0).options()).containsEntry("filters", 32L);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "lenet5",
        "convnet",
        "vgg_small",
        "alexnet_small",
        "inception_small",
        "mobilenet_v1",
        "mobilenet_v2",
        "vit",
        "{resnet: {depth: 29, block: bottleneck, zero_start: true}}"
      })
  void every_classifier_of_the_zoo_has_a_name(String preset) {
    assertThat(layers(preset)).isNotEmpty();
  }

  @Test
  void problems_say_what_is_missing() {
    assertThatThrownBy(() -> layers("{resnet: {depth: 21}}"))
        .hasMessageContaining("depth must be 6 n + 2 for three stages of n blocks, found 21")
        .hasMessageContaining("nearest is 20");
    assertThatThrownBy(() -> ConfigLoader.parse(yaml("{vit: {patch: 5}}", 32)))
        .hasMessageContaining("patches of 5");
    assertThatThrownBy(
            () -> ConfigLoader.parse(yaml("resnet", 32).replace("target: {classes: 10}", "")))
        .hasMessageContaining("needs features.image.shape: [height, width, channels] and target");
    assertThatThrownBy(() -> ConfigLoader.parse(yaml("resnet, layers: [{dense: {units: 10}}]", 32)))
        .hasMessageContaining("is a network already; remove model.layers");
    assertThatThrownBy(() -> ConfigLoader.parse(yaml("null", 32)))
        .hasMessageContaining("is missing; expected a list with at least 1 item, or model.preset");
    assertThatThrownBy(() -> layers("resnett")).hasMessageContaining("did you mean resnet?");
  }
}
