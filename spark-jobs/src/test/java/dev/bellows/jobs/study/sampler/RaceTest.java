package dev.bellows.jobs.study.sampler;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bellows.jobs.space.SearchSpace;
import java.util.function.BiFunction;
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
      beatsRandom(function, 15, TpeSampler::new);
    }
  }
}
