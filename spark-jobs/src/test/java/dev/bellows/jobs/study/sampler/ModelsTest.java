package dev.bellows.jobs.study.sampler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.bellows.jobs.space.Configuration;
import dev.bellows.jobs.space.NumberParameter;
import dev.bellows.jobs.space.SearchSpace;
import dev.bellows.jobs.study.trial.Generations;
import dev.bellows.jobs.study.trial.Trial;
import dev.bellows.jobs.study.trial.Trials;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The parts of the samplers with a model. */
class ModelsTest {
  private static GaussianProcess process(double[] logs) {
    double[][] x = new double[12][];
    double[] y = new double[12];
    for (int i = 0; i < 12; i++) {
      x[i] = new Draws(3, i).point(3);
      x[i][2] = i % 3 / 3.0 + 0.1; // a choice
      y[i] = Math.sin(5 * x[i][0]) + x[i][1] * x[i][1] - i % 3;
    }
    return new GaussianProcess(new boolean[] {false, false, true}, x, y, logs);
  }

  @Test
  void theGradientOfThePosteriorIsThatOfDifferences() {
    double[] logs = {0.7, -0.4, 0.2, 0.3, -3};
    double[] gradient = new double[5];
    process(logs).loss(gradient);
    for (int j = 0; j < 5; j++) {
      double[] up = logs.clone();
      double[] down = logs.clone();
      up[j] += 1e-5;
      down[j] -= 1e-5;
      double[] unused = new double[5];
      double expected = (process(up).loss(unused) - process(down).loss(unused)) / 2e-5;
      assertThat(gradient[j]).as("parameter %d", j).isCloseTo(expected, within(1e-5));
    }
  }

  @Test
  void theGradientOfTheImprovementIsThatOfDifferences() {
    GaussianProcess process = process(new double[] {0.7, 1.4, 0.2, 0.3, -6});
    double[] at = {0.31, 0.62, 0.1};
    for (double best : new double[] {-1, 1, 4, 40}) {
      double[] gradient = new double[3];
      LogImprovement.at(process, at, best, gradient);
      for (int j = 0; j < 2; j++) {
        double[] up = at.clone();
        double[] down = at.clone();
        up[j] += 1e-6;
        down[j] -= 1e-6;
        double expected =
            (LogImprovement.at(process, up, best, null)
                    - LogImprovement.at(process, down, best, null))
                / 2e-6;
        assertThat(gradient[j]).isCloseTo(expected, within(1e-4 * Math.max(1, Math.abs(expected))));
      }
      assertThat(gradient[2]).isZero();
    }
  }

  @Test
  void theLogarithmOfTheImprovementIsThatOfOptuna() {
    // optuna._gp.acqf.standard_logei of Optuna 5.0.0
    double[][] golden = GoldenTest.pairs("logei");
    for (double[] pair : golden) {
      assertThat(LogImprovement.standard(pair[0]))
          .as("%s", pair[0])
          .isCloseTo(pair[1], within(1e-6 * Math.max(1, Math.abs(pair[1]))));
    }
  }

  @Test
  void aProcessGoesThroughItsPointsAndIsUnsureFarFromThem() {
    double[][] x = {{0.1}, {0.5}, {0.9}};
    double[] y = {-1, 1, 0};
    GaussianProcess process =
        new GaussianProcess(new boolean[1], x, y, new double[] {3, 0, Math.log(1e-8)});
    for (int i = 0; i < 3; i++) {
      double[] moments = process.predict(x[i], null, null);
      assertThat(moments[0]).isCloseTo(y[i], within(1e-4));
      assertThat(moments[1]).isLessThan(1e-4);
    }
    assertThat(process.predict(new double[] {0.3}, null, null)[1]).isGreaterThan(0.01);
    GaussianProcess more = process.believing(new double[] {0.3});
    assertThat(more.predict(new double[] {0.3}, null, null)[1]).isLessThan(1e-4);
    assertThat(more.predict(new double[] {0.7}, null, null)[0])
        .isCloseTo(process.predict(new double[] {0.7}, null, null)[0], within(1e-3));
  }

  @Test
  void quasiNewtonFindsTheMinimumInTheBox() {
    QuasiNewton.Function valley = // H. H. Rosenbrock 1960
        (at, gradient) -> {
          double bend = at[1] - at[0] * at[0];
          gradient[0] = -400 * at[0] * bend - 2 * (1 - at[0]);
          gradient[1] = 200 * bend;
          return 100 * bend * bend + (1 - at[0]) * (1 - at[0]);
        };
    double[] low = {-2, -2};
    QuasiNewton.Result free =
        QuasiNewton.minimise(valley, new double[] {-1.2, 1}, low, new double[] {2, 2}, 200);
    assertThat(free.at()).containsExactly(new double[] {1, 1}, within(1e-3));
    QuasiNewton.Result cut =
        QuasiNewton.minimise(valley, new double[] {-1.2, 1}, low, new double[] {0.5, 2}, 200);
    assertThat(cut.at()).containsExactly(new double[] {0.5, 0.25}, within(1e-3));
  }

  @Test
  void cmaEsFindsTheBottomOfATurnedValley() {
    SearchSpace space =
        SearchSpace.of(
            NumberParameter.uniform("a", -5, 5),
            NumberParameter.uniform("b", -5, 5),
            NumberParameter.log("c", 1e-3, 1e3));
    CmaEsSampler sampler = new CmaEsSampler(space, 1, 4);
    assertThat(sampler.size()).isEqualTo(8);
    Trials trials =
        Searches.run(
            sampler,
            c -> {
              double a = (double) c.get("a") - 1;
              double b = (double) c.get("b") + 2;
              double d = Math.log10((double) c.get("c")) - 1;
              return (a + b) * (a + b) * 100 + (a - b) * (a - b) + d * d;
            },
            800,
            Generations.of(4),
            4,
            1);
    assertThat(Searches.best(trials)).isLessThan(1e-8);
  }

  @Test
  void thePopulationGoesOnFromItsBestAndLeavesItsWorst() {
    SearchSpace space = SearchSpace.of(NumberParameter.log("rate", 1e-4, 1));
    Sampler sampler = new PopulationSampler(space, 1, 8);
    Trials trials =
        Searches.run(
            sampler,
            c -> Math.abs(Math.log10((double) c.get("rate")) + 2),
            80,
            Generations.of(8),
            4,
            1);
    double[] firsts = new double[8];
    double[] lasts = new double[8];
    for (int m = 0; m < 8; m++) {
      firsts[m] = trials.get(m).score();
      lasts[m] = trials.get(72 + m).score();
      assertThat(trials.get(m).parent()).isEmpty();
      Trial last = trials.get(72 + m);
      assertThat(last.parent().orElseThrow()).isBetween(64, 71);
    }
    Arrays.sort(firsts);
    Arrays.sort(lasts);
    assertThat(lasts[4]).isLessThan(firsts[4]);
    assertThat(Arrays.stream(lasts).max().orElseThrow())
        .isLessThan(Arrays.stream(firsts).max().orElseThrow());
    // Six of eight go on as they were.
    long same = 0;
    for (int n = 8; n < 80; n++) {
      Configuration parent = trials.get(trials.get(n).parent().orElseThrow()).configuration();
      same += parent.equals(trials.get(n).configuration()) ? 1 : 0;
    }
    assertThat(same).isEqualTo(9 * 6);
  }

  @Test
  void whatASamplerCantSearchIsRefusedWithWhatCan() {
    SearchSpace conditional = Functions.CONDITIONAL.space();
    for (String name : List.of("gp", "cma_es")) {
      assertThatThrownBy(() -> Samplers.of(name, Map.of(), conditional, 1, 8))
          .hasMessageContaining(name)
          .hasMessageContaining("use tpe");
    }
    assertThatThrownBy(() -> Samplers.of("cma_es", Map.of(), Functions.MIXED.space(), 1, 8))
        .hasMessageContaining("choices");
    assertThatThrownBy(() -> Samplers.of("magic", Map.of(), conditional, 1, 8))
        .hasMessageContaining("tpe");
    for (String name : Samplers.NAMES) {
      Sampler sampler = Samplers.of(name, Map.of(), Functions.HARTMANN6.space(), 1, 8);
      assertThat(sampler.limit().isPresent()).isEqualTo(name.equals("grid"));
    }
  }
}
