package dev.bellows.jobs.train;

import java.io.Serializable;
import org.apache.spark.broadcast.Broadcast;

/**
 * What the units of a compressed run have not sent yet. Workers keep it between segments; those
 * that start anew at the segment's first step read it here.
 *
 * @param version step at which it holds
 * @param ofUnits residual of each unit [units][length]
 */
record Residuals(long version, Broadcast<float[][]> ofUnits) implements Serializable {
  /** A worker began at another step than the one whose residuals are known. */
  static final class Lost extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Lost(long step, long known) {
      super(
          "step "
              + step
              + ": what the units had not sent is known of step "
              + known
              + " only; the run goes back there");
    }
  }
}
