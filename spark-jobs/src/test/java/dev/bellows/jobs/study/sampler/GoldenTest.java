package dev.bellows.jobs.study.sampler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.bellows.engine.model.Json;
import dev.bellows.jobs.space.ChoiceParameter;
import dev.bellows.jobs.space.Configuration;
import dev.bellows.jobs.space.NumberParameter;
import dev.bellows.jobs.space.Parameter;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/**
 * Against Optuna 5.0.0 and SciPy 1.17.1: {@code golden.json}, written by {@code
 * src/test/python/samplers_golden.py}.
 */
class GoldenTest {
  private static final List<Parameter> SPACE =
      List.of(
          NumberParameter.log("rate", 1e-5, 1),
          NumberParameter.uniform("share", 0, 1),
          NumberParameter.uniform("dropout", 0, 0.7).step(0.1),
          NumberParameter.whole("depth", 2, 12),
          NumberParameter.whole("width", 32, 256).step(32),
          NumberParameter.logWhole("units", 8, 512),
          new ChoiceParameter("kind", List.of("a", "b", "c"), List.of()));

  private static final Map<String, Object> GOLDEN = read();

  private static Map<String, Object> read() {
    try (InputStream in = GoldenTest.class.getResourceAsStream("golden.json")) {
      return Json.parseObject(Objects.requireNonNull(in).readAllBytes(), "golden.json");
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private static List<?> list(Object value) {
    return (List<?>) value;
  }

  private static double number(Object value) {
    return ((Number) value).doubleValue();
  }

  /** Pairs of numbers of that name. */
  static double[][] pairs(String name) {
    return list(GOLDEN.get(name)).stream()
        .map(pair -> list(pair).stream().mapToDouble(GoldenTest::number).toArray())
        .toArray(double[][]::new);
  }

  @Test
  void sobolAndHaltonAreThoseOfScipy() {
    for (String name : List.of("sobol", "halton")) {
      PointSet points = name.equals("sobol") ? new SobolPoints(6, 1) : new HaltonPoints(6, 1);
      List<?> rows = list(GOLDEN.get(name));
      for (int i = 0; i < rows.size(); i++) {
        double[] expected = list(rows.get(i)).stream().mapToDouble(GoldenTest::number).toArray();
        assertThat(points.plain(i)).as("%s %d", name, i).containsExactly(expected, within(1e-15));
      }
    }
  }

  @Test
  void weightsAndTheNumberOfGoodTrialsAreThoseOfOptuna() {
    ((Map<?, ?>) GOLDEN.get("weights"))
        .forEach(
            (count, weights) ->
                assertThat(ParzenEstimator.weights(Integer.parseInt((String) count)))
                    .containsExactly(
                        list(weights).stream().mapToDouble(GoldenTest::number).toArray(),
                        within(1e-12)));
    List<?> good = list(GOLDEN.get("good"));
    for (int n = 1; n <= good.size(); n++) {
      assertThat((double) TpeSampler.Split.goodOf(n)).isEqualTo(number(good.get(n - 1)));
    }
  }

  @Test
  void densitiesAreThoseOfOptuna() {
    for (Object each : list(GOLDEN.get("densities"))) {
      Map<?, ?> density = (Map<?, ?>) each;
      List<Configuration> observed = new ArrayList<>();
      list(density.get("observed")).forEach(row -> observed.add(configuration(row)));
      ParzenEstimator estimator = new ParzenEstimator(SPACE, observed);
      List<?> points = list(density.get("points"));
      for (int i = 0; i < points.size(); i++) {
        assertThat(estimator.logDensity(configuration(points.get(i)).values()))
            .as("%d observed, point %d", observed.size(), i)
            .isCloseTo(number(list(density.get("log_pdf")).get(i)), within(1e-9));
      }
    }
  }

  @SuppressWarnings("unchecked")
  private static Configuration configuration(Object row) {
    return Configuration.of((Map<String, Object>) row);
  }

  @Test
  void functionsAreThoseOfTheScript() {
    assertThat(Functions.BRANIN.at(Configuration.of(Map.of("x", 1.5, "y", 2.5))))
        .isCloseTo(number(GOLDEN.get("branin")), within(1e-12));
    Map<String, Object> x = new java.util.HashMap<>();
    for (int i = 0; i < 6; i++) {
      x.put("x" + i, 0.1 * (i + 1));
    }
    assertThat(Functions.HARTMANN6.at(Configuration.of(x)))
        .isCloseTo(number(GOLDEN.get("hartmann6")), within(1e-12));
    assertThat(
            Functions.MIXED.at(
                Configuration.of(
                    Map.of("kind", "c", "lr", 0.003, "depth", 5, "units", 33, "dropout", 0.4))))
        .isCloseTo(number(GOLDEN.get("mixed")), within(1e-12));
  }
}
