package dev.bellows.jobs.space;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.bellows.engine.model.Json;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class SearchSpaceTest {
  private static final String TREE =
      """
      {"model": {"choice": ["tree", "net", null, [64, 32], {"gbdt": {"trees": 10}}]},
       "rate": {"log": [0.01, 0.3]},
       "share": {"uniform": [0.5, 1.0], "step": 0.1},
       "depth": {"int": [3, 10], "when": {"model": "tree"}},
       "layers": {"int": [1, 3], "when": {"model": ["net", null]}},
       "units": {"log_int": [8, 512], "when": {"layers": [2, 3], "model": "net"}},
       "width": {"int": [32, 250], "step": 32}}
      """;

  private static SearchSpace space() throws Exception {
    return SearchSpace.fromTree(Json.parseObject(TREE, "test"));
  }

  @Test
  void aSpaceIsReadAndWrittenInTheFormOfTheFile() throws Exception {
    SearchSpace space = space();
    SearchSpace again = SearchSpace.fromTree(space.toTree());
    assertThat(again.toTree()).isEqualTo(space.toTree());
    assertThat(again.parameters()).isEqualTo(space.parameters());
    assertThat(space.conditional()).isTrue();
    assertThat(space.toString()).contains("rate: {\"log\":[0.01,0.3]}");
    NumberParameter width = (NumberParameter) space.parameters().get(6);
    assertThat(width.high()).as("the last that the steps reach").isEqualTo(224);
    assertThat(width.levels()).isEqualTo(7);
  }

  @Test
  void theUnitCubeReachesEveryValueAndBack() throws Exception {
    SearchSpace space = space();
    for (Parameter parameter : space.parameters()) {
      Set<Object> seen = new HashSet<>();
      for (int i = 0; i <= 10_000; i++) {
        Object value = parameter.fromUnit(i / 10_000.0);
        assertThat(parameter.contains(value)).as("%s %s", parameter.name(), value).isTrue();
        if (parameter.levels() > 0) {
          seen.add(value);
          assertThat(parameter.fromUnit(parameter.toUnit(value))).isEqualTo(value);
        } else {
          assertThat((double) parameter.fromUnit(parameter.toUnit(value)))
              .isCloseTo((double) value, within(1e-12));
        }
      }
      assertThat((long) seen.size()).as(parameter.name()).isEqualTo(parameter.levels());
      for (long level = 0; level < parameter.levels(); level++) {
        assertThat(seen).contains(parameter.level(level));
      }
    }
    NumberParameter rate = (NumberParameter) space.parameters().get(1);
    assertThat((double) rate.fromUnit(0.5)).isCloseTo(Math.sqrt(0.01 * 0.3), within(1e-12));
  }

  @Test
  void parametersExistOnlyUnderTheirConditions() throws Exception {
    SearchSpace space = space();
    double[] unit = new double[space.dimension()];
    Arrays.fill(unit, 0.9);
    unit[0] = 0.3; // net
    Configuration net = space.fromUnit(unit);
    assertThat(net.values().keySet())
        .containsExactly("model", "rate", "share", "layers", "units", "width");
    unit[0] = 0.1; // tree
    assertThat(space.fromUnit(unit).values().keySet())
        .containsExactly("model", "rate", "share", "depth", "width");
    unit[0] = 0.5; // null
    assertThat(space.fromUnit(unit).has("units")).isFalse();
    assertThat(space.fromUnit(unit).get("layers")).isEqualTo(3L);
    space.check(net);
    Map<String, Object> wrong = new LinkedHashMap<>(net.values());
    wrong.put("depth", 5L);
    assertThatThrownBy(() -> space.check(Configuration.of(wrong)))
        .hasMessageContaining("depth is no parameter");
    wrong.remove("depth");
    wrong.put("rate", 0.5);
    assertThatThrownBy(() -> space.check(Configuration.of(wrong)))
        .hasMessageContaining("rate: expected a value of {\"log\":[0.01,0.3]}, found 0.5");
  }

  @Test
  void equalConfigurationsHaveOneTextAndOneHash() {
    Configuration a = Configuration.of(Map.of("x", 1, "y", List.of(1.5f, "a")));
    Configuration b = Configuration.of(Map.of("y", List.of(1.5, "a"), "x", 1L));
    assertThat(a).isEqualTo(b).hasSameHashCodeAs(b);
    assertThat(a.canonical()).isEqualTo("{\"x\":1,\"y\":[1.5,\"a\"]}");
    assertThat(a.hash()).isEqualTo(b.hash());
    assertThat(Configuration.of(Map.of("x", -0.0))).isEqualTo(Configuration.of(Map.of("x", 0.0)));
    assertThat(Configuration.of(Map.of("x", 1))).isNotEqualTo(Configuration.of(Map.of("x", 1.0)));
    assertThatThrownBy(() -> Configuration.of(Map.of("x", Double.NaN)))
        .hasMessageContaining("finite");
  }

  private static void refused(String tree, String message) {
    assertThatThrownBy(() -> SearchSpace.fromTree(Json.parseObject(tree, "test")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message);
  }

  @Test
  void whatIsNoSpaceIsRefusedWithNameAndReason() {
    refused("{}", "at least one parameter");
    refused("{\"x\": {\"int\": [3, 1]}}", "x: expected low <= high, found [3, 1]");
    refused("{\"x\": {\"log\": [0, 1]}}", "low > 0 on a logarithmic scale");
    refused("{\"x\": {\"log_int\": [0, 8]}}", "low > 0");
    refused("{\"x\": {\"int\": [1, 2.5]}}", "two whole numbers");
    refused("{\"x\": {\"uniform\": [1]}}", "x: expected uniform: [low, high]");
    refused("{\"x\": {\"uniform\": [0, 1], \"log\": [1, 2]}}", "found uniform and log");
    refused("{\"x\": {\"step\": 1}}", "found none");
    refused("{\"x\": {\"log\": [1, 2], \"step\": 0.5}}", "takes no step");
    refused("{\"x\": {\"int\": [1, 5], \"step\": 0}}", "a step that is a whole number > 0");
    refused("{\"x\": {\"int\": [1, 5], \"step\": 9}}", "step of at most 4");
    refused("{\"x\": {\"choice\": []}}", "at least one value");
    refused("{\"x\": {\"choice\": [1, \"a\", 1]}}", "x: 1 is given twice");
    refused("{\"x\": {\"choise\": [1]}}", "unknown key choise");
    refused("{\"x\": 5}", "expected a mapping such as");
    refused("{\"x\": {\"int\": [1, 2], \"when\": {\"y\": 1}}}", "names y, which is no parameter");
    refused(
        "{\"y\": {\"choice\": [\"a\"]}, \"x\": {\"int\": [1, 2], \"when\": {\"y\": \"b\"}}}",
        "x: y can never be b");
    refused(
        "{\"y\": {\"uniform\": [0, 1]}, \"x\": {\"int\": [1, 2], \"when\": {\"y\": 0.5}}}",
        "y is a real number");
    refused(
        "{\"x\": {\"int\": [1, 2], \"when\": {\"y\": 1}}, \"y\": {\"int\": [1, 2], \"when\": {\"x\": 1}}}",
        "go round in a circle");
    assertThatThrownBy(
            () ->
                SearchSpace.of(
                    NumberParameter.whole("x", 1, 2), NumberParameter.uniform("x", 1, 2)))
        .hasMessageContaining("x is given twice");
  }
}
