package dev.bellows.jobs.study.sampler;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bellows.jobs.space.SearchSpace;
import java.util.Arrays;
import java.util.function.BiFunction;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Samplers that learn against random search: medians of several seeds at the same budget. */
class RaceTest {
  private static void beatsRandom(
      Functions function, int seeds, BiFunction<SearchSpace, Long, Sampler> sampler) {
    SearchSpace space = function.space();
    double[] random = Searches.bests(seed -> new RandomSampler(space, seed), function, seeds);
    double[] better = Searches.bests(seed -> sampler.apply(space, seed), function, seeds);
    assertThat(Searches.median(better)).as("%s", function).isLessThan(Searches.median(random));
  }

  @Test
  void tpeBeatsRandomSearchOnEverySpace() {
    for (Functions function : Functions.values()) {
      beatsRandom(function, 11, TpeSampler::new);
    }
  }

  @Test
  @DisplayName("EVS-13 thirty trials of the Gaussian process reach the bottom of Branin")
  void thirtyTrialsOfTheGaussianProcessReachTheBottomOfBranin() {
    Functions branin = Functions.BRANIN;
    double[] bests = new double[10];
    double[] random = new double[10];
    for (int seed = 0; seed < 10; seed++) {
      Sampler process = new GaussianProcessSampler(branin.space(), seed);
      bests[seed] = Searches.best(Searches.run(process, branin::at, 30));
      Sampler draws = new RandomSampler(branin.space(), seed);
      random[seed] = Searches.best(Searches.run(draws, branin::at, 30));
    }
    assertThat(Arrays.stream(bests).filter(best -> best <= 0.60).count()).isGreaterThanOrEqualTo(8);
    Arrays.sort(bests);
    Arrays.sort(random);
    assertThat(Searches.median(random)).isGreaterThan(Searches.median(bests));
  }

  @Test
  void cmaEsBeatsRandomSearchOnNumbers() {
    beatsRandom(Functions.BRANIN, 15, (space, seed) -> new CmaEsSampler(space, seed, 1));
    beatsRandom(Functions.HARTMANN6, 15, (space, seed) -> new CmaEsSampler(space, seed, 1));
  }
}
