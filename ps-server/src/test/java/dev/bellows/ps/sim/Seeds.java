package dev.bellows.ps.sim;

import org.junit.jupiter.api.function.ThrowingConsumer;

/**
 * Runs a test body for many seeds, 1 to n. On the first failure it prints the seed and the command
 * that repeats just that one. System properties: {@code bellows.seed} runs one seed only, {@code
 * bellows.seeds} changes the number.
 */
public final class Seeds {
  private Seeds() {}

  /**
   * Runs the body.
   *
   * @param test class and method, as {@code -Dtest} takes it: {@code SimulationTest#lossyNetwork}
   * @param count seeds in an ordinary build
   */
  public static void forEach(String test, int count, ThrowingConsumer<Long> body) {
    Long only = Long.getLong("bellows.seed");
    long from = only == null ? 1 : only;
    long to = only == null ? Integer.getInteger("bellows.seeds", count) : only;
    for (long seed = from; seed <= to; seed++) {
      try {
        body.accept(seed);
      } catch (Throwable e) {
        throw new AssertionError(
            "seed "
                + seed
                + " failed; repeat it with: ./mvnw -pl ps-server -am test -Dtest="
                + test
                + " -Dbellows.seed="
                + seed
                + "\n"
                + e.getMessage(),
            e);
      }
    }
  }
}
