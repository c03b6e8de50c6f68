package dev.bellows.jobs.block;

import dev.bellows.jobs.BellowsException;
import java.util.function.Supplier;

/**
 * Finds our own exception inside what Spark throws for a failed job. ({@code SparkException} is a
 * checked exception that Spark's Scala code throws undeclared: {@code catch (RuntimeException)}
 * does not see it.)
 */
public final class SparkFailures {
  private SparkFailures() {}

  /** Runs a job; a {@link BellowsException} thrown in a task comes out as itself. */
  public static <T> T unwrap(Supplier<T> job) {
    try {
      return job.get();
    } catch (Exception e) {
      for (Throwable t = e; t != null; t = t.getCause()) {
        if (t instanceof BellowsException b) {
          throw b;
        }
      }
      throw SparkFailures.<RuntimeException>undeclared(e);
    }
  }

  @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"})
  private static <E extends Exception> E undeclared(Exception e) throws E {
    throw (E) e;
  }
}
