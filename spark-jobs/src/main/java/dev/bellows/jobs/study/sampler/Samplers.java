package dev.bellows.jobs.study.sampler;

import dev.bellows.jobs.space.SearchSpace;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Samplers by the names and settings that they have in a configuration. */
public final class Samplers {
  /** All names. */
  public static final List<String> NAMES =
      List.of("grid", "random", "sobol", "halton", "tpe", "gp", "cma_es", "pbt");

  private Samplers() {}

  /**
   * A sampler.
   *
   * <pre>
   * grid {points: 5}   random   sobol   halton   tpe {startup_trials: 10, candidates: 24}
   * gp {startup_trials: 10}   cma_es {sigma: 0.3}   pbt {members: 8}
   * </pre>
   *
   * @param name one of {@link #NAMES}
   * @param settings by name; those that are absent have the values above
   * @param generation trials per generation of the study; members of a population unless set
   * @throws IllegalArgumentException for an unknown name, a setting out of its range, and a space
   *     that the sampler can't search
   */
  public static Sampler of(
      String name,
      Map<String, ? extends @Nullable Object> settings,
      SearchSpace space,
      long seed,
      int generation) {
    return switch (name) {
      case "grid" -> new GridSampler(space, whole(settings, "points", 5));
      case "random" -> new RandomSampler(space, seed);
      case "sobol" -> QuasiRandomSampler.sobol(space, seed);
      case "halton" -> QuasiRandomSampler.halton(space, seed);
      case "tpe" ->
          new TpeSampler(
              space,
              seed,
              whole(settings, "startup_trials", 10),
              whole(settings, "candidates", 24));
      case "gp" -> new GaussianProcessSampler(space, seed, whole(settings, "startup_trials", 10));
      case "cma_es" -> new CmaEsSampler(space, seed, generation, real(settings, "sigma", 0.3));
      case "pbt" -> new PopulationSampler(space, seed, whole(settings, "members", generation));
      default ->
          throw new IllegalArgumentException(
              "expected a sampler, one of %s, found %s".formatted(String.join(", ", NAMES), name));
    };
  }

  static void requireUnconditional(SearchSpace space, String sampler) {
    if (space.conditional()) {
      throw new IllegalArgumentException(
          "the sampler "
              + sampler
              + " needs a space whose parameters always exist; this one has conditions (when):"
              + " use tpe, random, sobol, halton or grid");
    }
  }

  private static int whole(
      Map<String, ? extends @Nullable Object> settings, String name, int fallback) {
    return settings.get(name) instanceof Number value ? value.intValue() : fallback;
  }

  private static double real(
      Map<String, ? extends @Nullable Object> settings, String name, double fallback) {
    return settings.get(name) instanceof Number value ? value.doubleValue() : fallback;
  }
}
