package dev.bellows.jobs.study.sampler;

import dev.bellows.jobs.space.Configuration;
import dev.bellows.jobs.space.NumberParameter;
import dev.bellows.jobs.space.Parameter;
import dev.bellows.jobs.space.SearchSpace;
import dev.bellows.jobs.study.trial.History;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * Every combination once, the last parameter changing fastest. Of a continuous range {@code points}
 * values are taken, evenly along its scale with both ends; conditional parameters multiply only the
 * combinations under which they exist.
 */
public final class GridSampler implements Sampler {
  private static final int MAX = 100_000;

  private final List<Configuration> grid = new ArrayList<>();

  /**
   * The grid of a space.
   *
   * @param points values of a continuous range, 2 or more
   * @throws IllegalArgumentException for a grid of more than 100,000 configurations
   */
  public GridSampler(SearchSpace space, int points) {
    if (points < 2) {
      throw new IllegalArgumentException(
          "expected at least 2 points of a continuous range, found " + points);
    }
    extend(space, points, 0, new LinkedHashMap<>());
  }

  private void extend(
      SearchSpace space, int points, int from, Map<String, @Nullable Object> chosen) {
    int at = from;
    while (at < space.dimension() && !space.exists(space.parameters().get(at), chosen)) {
      at++;
    }
    if (at == space.dimension()) {
      grid.add(Configuration.of(chosen));
      if (grid.size() > MAX) { // a few hundred milliseconds until then
        throw new IllegalArgumentException(
            "the grid has more than %,d configurations; give steps or fewer values, or use another"
                    .formatted(MAX)
                + " sampler");
      }
      return;
    }
    Parameter parameter = space.parameters().get(at);
    long count = parameter.levels() == 0 ? points : parameter.levels();
    for (long i = 0; i < count; i++) {
      chosen.put(parameter.name(), value(parameter, i, count));
      extend(space, points, at + 1, chosen);
    }
    chosen.remove(parameter.name());
  }

  private static @Nullable Object value(Parameter parameter, long index, long count) {
    if (parameter.levels() > 0 || !(parameter instanceof NumberParameter number)) {
      return parameter.level(index);
    }
    // The ends themselves, not their logarithm's exponential.
    return index == 0
        ? (Object) number.low()
        : index == count - 1
            ? (Object) number.high()
            : rounded((double) number.fromUnit(index / (double) (count - 1)));
  }

  // 0.1 rather than 0.10000000000000002: people read these and write them into files.
  private static double rounded(double value) {
    return new BigDecimal(value).round(new MathContext(12)).doubleValue();
  }

  /** All configurations in their order. */
  public List<Configuration> grid() {
    return List.copyOf(grid);
  }

  @Override
  public OptionalLong limit() {
    return OptionalLong.of(grid.size());
  }

  @Override
  public Proposal ask(History history, int number) {
    if (number >= grid.size()) {
      throw new IllegalArgumentException(
          "expected a trial in [0, %d), the size of the grid, found %d"
              .formatted(grid.size(), number));
    }
    return Proposal.of(grid.get(number), "grid");
  }
}
