package dev.bellows.jobs.study.sampler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bellows.jobs.space.ChoiceParameter;
import dev.bellows.jobs.space.Configuration;
import dev.bellows.jobs.space.NumberParameter;
import dev.bellows.jobs.space.SearchSpace;
import dev.bellows.jobs.study.trial.Event;
import dev.bellows.jobs.study.trial.Generations;
import dev.bellows.jobs.study.trial.Goal;
import dev.bellows.jobs.study.trial.History;
import dev.bellows.jobs.study.trial.Trials;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.function.LongFunction;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What holds for every sampler. */
class SamplersTest {
  private static Map<String, LongFunction<Sampler>> all(SearchSpace space) {
    Map<String, LongFunction<Sampler>> all = new LinkedHashMap<>();
    all.put("random", seed -> new RandomSampler(space, seed));
    all.put("sobol", seed -> QuasiRandomSampler.sobol(space, seed));
    all.put("halton", seed -> QuasiRandomSampler.halton(space, seed));
    all.put("tpe", seed -> new TpeSampler(space, seed));
    if (!space.conditional()) {
      all.put("gp", seed -> new GaussianProcessSampler(space, seed));
    }
    if (!space.conditional() && space.numeric()) {
      all.put("cma_es", seed -> new CmaEsSampler(space, seed, 8));
      all.put("pbt", seed -> new PopulationSampler(space, seed, 8));
    }
    return all;
  }

  @Test
  @DisplayName("EVS-12 the same seed gives the same trials at any parallelism")
  void theSameSeedGivesTheSameTrialsAtAnyParallelism() {
    for (Functions function : List.of(Functions.BRANIN, Functions.MIXED, Functions.CONDITIONAL)) {
      SearchSpace space = function.space();
      all(space)
          .forEach(
              (name, sampler) -> {
                Generations generations = Generations.of(8);
                List<Configuration> alone =
                    Searches.configurations(
                        Searches.run(sampler.apply(3), function::at, 24, generations, 1, 0));
                for (int slots : new int[] {4, 16}) {
                  for (long order = 1; order <= 2; order++) {
                    Trials trials =
                        Searches.run(sampler.apply(3), function::at, 24, generations, slots, order);
                    assertThat(Searches.configurations(trials))
                        .as("%s, %d slots, order %d", name, slots, order)
                        .isEqualTo(alone);
                  }
                }
                assertThat(
                        Searches.configurations(
                            Searches.run(sampler.apply(4), function::at, 24, generations, 1, 0)))
                    .isNotEqualTo(alone);
              });
    }
  }

  @Test
  void asynchronousSearchesSeeMoreAndStillEnd() {
    Sampler sampler = new TpeSampler(Functions.MIXED.space(), 1);
    Trials trials = Searches.run(sampler, Functions.MIXED::at, 40, new Generations(8, true), 4, 1);
    assertThat(trials.size()).isEqualTo(40);
    assertThat(Searches.best(trials)).isLessThan(3);
  }

  @Test
  @DisplayName("EVS-16 a thousand configurations of a conditional space are all valid")
  void aThousandConfigurationsOfAConditionalSpaceAreAllValid() {
    SearchSpace space = Functions.CONDITIONAL.space();
    all(space)
        .forEach(
            (name, sampler) -> {
              Trials trials =
                  Searches.run(
                      sampler.apply(1), Functions.CONDITIONAL::at, name.equals("tpe") ? 100 : 300);
              Searches.configurations(trials).forEach(space::check);
              assertThat(Searches.configurations(trials))
                  .as(name)
                  .anyMatch(c -> c.has("depth"))
                  .anyMatch(c -> c.has("units2"))
                  .noneMatch(c -> c.has("depth") && c.has("lr"));
            });
  }

  @Test
  void failedTrialsAreKeptAwayFromAndNeverWin() {
    SearchSpace space = Functions.BRANIN.space();
    all(space)
        .forEach(
            (name, sampler) -> {
              // Half of the space runs out of memory, with the best score where it does.
              Trials trials =
                  Searches.run(
                      sampler.apply(2),
                      c -> (double) c.get("x") > 2 ? Double.NaN : Functions.BRANIN.at(c),
                      60);
              assertThat(trials.history().best().orElseThrow().score()).isFinite();
              long late =
                  trials.list().stream()
                      .filter(t -> t.number() >= 30 && t.state().failed())
                      .count();
              if (name.equals("tpe")) {
                assertThat(late).as("failures among the last 30").isLessThan(10);
              }
            });
  }

  @Test
  void aStudyOfNothingButFailuresStillGetsNewConfigurations() {
    SearchSpace space = Functions.BRANIN.space();
    all(space)
        .forEach(
            (name, sampler) -> {
              Trials trials = Searches.run(sampler.apply(2), c -> Double.NaN, 40);
              assertThat(new HashSet<>(Searches.configurations(trials)))
                  .as(name)
                  .hasSizeGreaterThanOrEqualTo(38);
              assertThat(trials.history().best()).isEmpty();
            });
  }

  @Test
  void theGridIsEveryCombinationOnceInItsOrder() {
    SearchSpace space =
        SearchSpace.of(
            new ChoiceParameter("kind", List.of("a", "b"), List.of()),
            NumberParameter.whole("depth", 1, 3).when("kind", "a"),
            NumberParameter.log("rate", 0.01, 1));
    GridSampler grid = new GridSampler(space, 3);
    assertThat(grid.grid().stream().map(Configuration::toString))
        .containsExactly(
            "kind=a depth=1 rate=0.01",
            "kind=a depth=1 rate=0.1",
            "kind=a depth=1 rate=1",
            "kind=a depth=2 rate=0.01",
            "kind=a depth=2 rate=0.1",
            "kind=a depth=2 rate=1",
            "kind=a depth=3 rate=0.01",
            "kind=a depth=3 rate=0.1",
            "kind=a depth=3 rate=1",
            "kind=b rate=0.01",
            "kind=b rate=0.1",
            "kind=b rate=1");
    assertThat(grid.limit()).hasValue(12);
    History none = new History(Goal.MINIMIZE, List.of());
    assertThat(grid.ask(none, 11).configuration()).isEqualTo(grid.grid().get(11));
    assertThatThrownBy(() -> grid.ask(none, 12)).hasMessageContaining("[0, 12)");
    assertThatThrownBy(() -> new GridSampler(Functions.HARTMANN6.space(), 11))
        .hasMessageContaining("100,000");
  }

  @Test
  void aSmallSpaceIsTriedWhollyBeforeAnythingIsTriedTwice() {
    SearchSpace space =
        SearchSpace.of(
            new ChoiceParameter("kind", List.of("a", "b", "c"), List.of()),
            NumberParameter.whole("depth", 1, 5));
    for (Sampler sampler : List.of(new RandomSampler(space, 5), new TpeSampler(space, 5, 3, 24))) {
      Trials trials = Searches.run(sampler, c -> ((Long) c.get("depth")).doubleValue(), 15);
      assertThat(new HashSet<>(Searches.configurations(trials))).hasSizeGreaterThanOrEqualTo(14);
    }
  }

  @Test
  void samplesFillTheUnitIntervalEvenly() {
    SearchSpace space = SearchSpace.of(NumberParameter.uniform("x", 0, 1));
    all(space)
        .forEach(
            (name, sampler) -> {
              if (List.of("gp", "cma_es", "pbt").contains(name)) {
                return; // they start elsewhere
              }
              int[] counts = new int[8];
              for (int i = 0; i < 512; i++) {
                History none = new History(Goal.MINIMIZE, List.of());
                double x = (double) sampler.apply(9).ask(none, i).configuration().get("x");
                counts[(int) (x * 8)]++;
              }
              int least = name.equals("sobol") || name.equals("halton") ? 60 : 40;
              for (int count : counts) {
                assertThat(count).as(name).isGreaterThan(least);
              }
            });
  }

  @Test
  void pendingTrialsCountAsBadSoThatAGenerationSpreads() {
    SearchSpace space = Functions.BRANIN.space();
    Sampler sampler = new TpeSampler(space, 1);
    Trials trials = Searches.run(sampler, Functions.BRANIN::at, 20);
    Generations generations = Generations.of(20);
    for (int n = 20; n < 40; n++) {
      Configuration next = sampler.ask(generations.beforeAsking(trials), n).configuration();
      trials.apply(Event.ask(n, next, OptionalInt.empty()));
    }
    assertThat(new HashSet<>(Searches.configurations(trials))).hasSize(40);
  }
}
