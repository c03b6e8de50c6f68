package dev.bellows.jobs.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Losses of the engine as keys. */
final class LossKeysTest {
  private static final String FILE =
      """
      version: 1
      task: regression
      data: {train: {format: csv, path: a.csv}}
      target: {name: y}
      model: {type: network, layers: [{dense: {units: 1}}]}
      """;

  private static LossConfig loss(String value) {
    return ConfigLoader.parse(FILE, List.of("model.loss=" + value)).config().model().loss();
  }

  @Test
  void optionsHaveTheEnginesNamesAndDefaults() {
    assertThat(loss("pinball"))
        .isEqualTo(new LossConfig("pinball", false, Map.of("quantile", 0.5)));
    assertThat(loss("{huber: {delta: 2}}").options()).isEqualTo(Map.of("huber_delta", 2.0));
    assertThat(loss("{mse: {weight: 0.5}}").options()).isEqualTo(Map.of("weight", 0.5));
    assertThat(loss("auto").auto()).isTrue();
  }

  @Test
  void classWeightsAreAListOrBalanced() {
    List<String> classes = List.of("task=classification", "model.layers[0].dense.units=2");
    for (String weights : List.of("balanced", "[1, 2.5]", "null")) {
      List<String> sets =
          List.of(
              classes.get(0),
              classes.get(1),
              "model.loss={focal: {gamma: 1, class_weights: " + weights + "}}");
      LossConfig loss = ConfigLoader.parse(FILE, sets).config().model().loss();
      assertThat(loss.balanced()).isEqualTo(weights.equals("balanced"));
      assertThat(loss.options().get("class_weights"))
          .isEqualTo(weights.startsWith("[") ? List.of(1.0, 2.5) : null);
      assertThat(loss.options().get("gamma")).isEqualTo(1.0);
    }
  }

  @Test
  void explainListsLossesAndTheirOptions() {
    assertThat(Explain.key("model.loss").orElseThrow())
        .contains("dice")
        .contains("focal")
        .contains("pinball")
        .doesNotContain("info_nce"); // its outputs predict nothing
    assertThat(Explain.key("model.loss.tversky").orElseThrow()).contains("Price of a miss.");
    assertThat(Explain.key("model.loss.focal.gamma").orElseThrow()).contains("default  2.0");
  }
}
