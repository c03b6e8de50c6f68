package dev.bellows.jobs.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Several outputs and blocks of layers in files. */
final class HeadsAndRepeatsTest {
  private static final String FILE =
      """
      version: 1
      task: classification
      data: {train: {format: csv, path: a.csv}}
      target: {name: y, classes: 3}
      model:
        type: network
        layers:
          - dense: {units: 8, name: stem}
          - repeat:
              times: 2
              layers:
                - dense: {units: 8, activation: relu, name: inner}
                - dense: {units: 8}
                - add: {inputs: [inner, before], name: block}
          - dense: {units: 3, inputs: [block]}
        heads:
          - {name: auxiliary, layer: block, weight: 0.3}
          - name: code
            layer: inner.1
            loss: {gaussian_kullback_leibler: {}}
      """;

  private static ModelConfig model(String... sets) {
    return ConfigLoader.parse(FILE, List.of(sets)).config().model();
  }

  private static List<?> inputs(LayerConfig layer) {
    return (List<?>) layer.options().get("inputs");
  }

  @Test
  void blocksAreWrittenOut() {
    List<LayerConfig> layers = model().layers();
    assertThat(layers.stream().map(LayerConfig::type))
        .containsExactly("dense", "dense", "dense", "add", "dense", "dense", "add", "dense");
    assertThat(layers.stream().map(layer -> String.valueOf(layer.options().get("name"))))
        .containsExactly(
            "stem", "inner.1", "null", "block.1", "inner.2", "null", "block.2", "null");
    assertThat(inputs(layers.get(3))).isEqualTo(List.of("inner.1", "stem"));
    assertThat(inputs(layers.get(6))).isEqualTo(List.of("inner.2", "block.1"));
    assertThat(inputs(layers.get(7))).as("after a block: its last").isEqualTo(List.of("block.2"));
  }

  @Test
  void whatABlockReadsIsNamedWhereItHasNoName() {
    List<LayerConfig> layers =
        model(
                "model.layers=[{repeat: {times: 2, layers: [{dense: {units: 3}}, {add: {inputs: [before, layer0]}}]}}]",
                "model.heads=[]")
            .layers();
    assertThat(inputs(layers.get(1))).isEqualTo(List.of("input", "layer0"));
    assertThat(layers.get(1).options()).containsEntry("name", "before.1");
    assertThat(inputs(layers.get(3))).isEqualTo(List.of("before.1", "layer0"));
  }

  @Test
  void headsHaveALossAWeightAndATruth() {
    assertThat(model().heads())
        .containsExactly(
            new HeadConfig(
                "auxiliary", "block.2", new LossConfig("auto", false, Map.of()), 0.3, "main"),
            new HeadConfig(
                "code",
                "inner.1",
                new LossConfig("gaussian_kullback_leibler", false, Map.of()),
                1,
                "main"));
    assertThat(model("model.heads=[]").heads()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "model.heads[0].layer=blok|model.heads[0].layer|no layer is called \"blok\"; did you mean block?",
        "model.heads[0].name=main|model.heads[0].name|take another name",
        "model.heads[1].name=auxiliary|model.heads[1].name|two heads are called auxiliary",
        "model.heads[0].name=a-b|model.heads[0].name|a letter, then letters, digits and _",
        "model.heads[0].weight=0|model.heads[0].weight|> 0",
        "model.heads[1].target=stem|model.heads[1].target|compares with nothing",
        "model.heads[0].los=mse|model.heads[0].los|did you mean model.heads[0].loss?",
        "model.layers[1].repeat.times=0|model.layers[1].repeat.times|a whole number in 1..10000",
        "model.layers[1].repeat.layers[1].dense.unit=3|unit|did you mean",
        "model.layers[1].repeat.layers[0].repeat.times=3|expected one of|repeat",
      })
  void whatDoesNotFitIsNamed(String set, String key, String message) {
    ConfigException e = catchThrowableOfType(ConfigException.class, () -> model(set));
    assertThat(e).as(set).isNotNull();
    assertThat(e.getMessage()).contains(key).contains(message);
  }

  /** Problems in the file itself have line and column. */
  @Test
  void problemsHavePositions() {
    ConfigException e =
        catchThrowableOfType(
            ConfigException.class,
            () ->
                ConfigLoader.parse(
                    FILE.replace("layer: block,", "layer: blok,")
                        .replace("units: 8, activation: relu", "unit: 8, activation: relu")));
    assertThat(e.getMessage()).contains("12:21  model.layers[1].repeat.layers[0].dense.unit");
    ConfigException head =
        catchThrowableOfType(
            ConfigException.class,
            () -> ConfigLoader.parse(FILE.replace("layer: block,", "layer: blok,")));
    assertThat(head.getMessage()).contains("  17:").contains("no layer is called \"blok\"");
  }

  @Test
  void explainKnowsThem() {
    assertThat(Explain.key("model.heads").orElseThrow()).contains("auxiliary").contains("weight");
    assertThat(Explain.key("model.layers[].repeat.times").orElseThrow()).contains("How often");
  }
}
