package dev.bellows.jobs.study.sampler;

import java.util.Arrays;
import java.util.Locale;
import java.util.function.LongFunction;

/**
 * Prints the table of {@code benchmarks/samplers.md}: best values after a budget, over several
 * seeds.
 *
 * <pre>
 * SamplerRace [seeds [seeds of gp]]
 * </pre>
 */
final class SamplerRace {
  private SamplerRace() {}

  public static void main(String[] args) {
    int seeds = args.length > 0 ? Integer.parseInt(args[0]) : 51;
    int few = args.length > 1 ? Integer.parseInt(args[1]) : 11;
    for (Functions function : Functions.values()) {
      race(function, "random", seeds, seed -> new RandomSampler(function.space(), seed));
      race(function, "sobol", seeds, seed -> QuasiRandomSampler.sobol(function.space(), seed));
      race(function, "tpe", seeds, seed -> new TpeSampler(function.space(), seed));
      if (function.space().numeric()) {
        race(function, "cma_es", seeds, seed -> new CmaEsSampler(function.space(), seed, 1));
      }
      if (!function.space().conditional()) {
        race(function, "gp", few, seed -> new GaussianProcessSampler(function.space(), seed));
      }
    }
  }

  private static void race(
      Functions function, String name, int seeds, LongFunction<Sampler> sampler) {
    if (seeds == 0) {
      return;
    }
    long start = System.nanoTime();
    double[] bests = Searches.bests(sampler, function, seeds);
    double ms = (System.nanoTime() - start) / 1e6 / seeds / function.trials();
    System.out.printf(
        Locale.ROOT,
        "%-12s %-8s %d trials %d seeds  median %.6f  quartiles %.6f %.6f  %.2f ms per trial%n",
        function.name().toLowerCase(Locale.ROOT),
        name,
        function.trials(),
        seeds,
        Searches.median(bests),
        Arrays.stream(bests).skip(seeds / 4).findFirst().orElseThrow(),
        Arrays.stream(bests).skip(3L * seeds / 4).findFirst().orElseThrow(),
        ms);
  }
}
