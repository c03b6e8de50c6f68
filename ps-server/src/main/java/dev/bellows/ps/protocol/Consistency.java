package dev.bellows.ps.protocol;

import java.io.Serializable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * When a task may start a step, by the steps that others have finished.
 *
 * <p>{@link #BSP} (bulk synchronous; L. Valiant, CACM 33, 1990): after the whole step before; the
 * result has the same bits on any cluster. {@code ssp(s)} (stale synchronous; Q. Ho et al., NIPS
 * 2013): no task is given parameters more than s steps ahead of what the slowest one has finished,
 * and contributions count when they arrive. {@link #ASYNC}: nobody waits, and a contribution that
 * was computed from parameters tau steps old counts 1 / max(1, tau) (W. Zhang et al., IJCAI 2016).
 * The last two give other bits in each run.
 *
 * @param staleness -1 for BSP, {@link Integer#MAX_VALUE} for ASYNC, else s
 */
public record Consistency(int staleness) implements Serializable {
  /** Every step waits for the whole step before. */
  public static final Consistency BSP = new Consistency(-1);

  /** Nobody waits for anybody. */
  public static final Consistency ASYNC = new Consistency(Integer.MAX_VALUE);

  private static final Pattern SSP = Pattern.compile("ssp\\(\\s*(\\d{1,6})\\s*\\)");

  /** Checks the bound. */
  public Consistency {
    if (staleness < -1) {
      throw new IllegalArgumentException("staleness must be -1 (bsp) or more, found " + staleness);
    }
  }

  /** At most {@code steps} steps ahead of the slowest. */
  public static Consistency ssp(int steps) {
    if (steps < 0) {
      throw new IllegalArgumentException("ssp(s): s must be 0 or more, found " + steps);
    }
    return new Consistency(steps);
  }

  /**
   * Reads {@code bsp}, {@code async} or {@code ssp(4)}.
   *
   * @throws IllegalArgumentException for anything else
   */
  public static Consistency parse(String text) {
    Matcher ssp = SSP.matcher(text);
    if (ssp.matches()) {
      return ssp(Integer.parseInt(ssp.group(1)));
    }
    return switch (text) {
      case "bsp" -> BSP;
      case "async" -> ASYNC;
      default ->
          throw new IllegalArgumentException(
              "consistency must be bsp, ssp(STEPS) or async, found '" + text + "'");
    };
  }

  /** Whether steps wait for the whole step before. */
  public boolean isBsp() {
    return staleness < 0;
  }

  /** Whether late contributions count less. */
  public boolean damps() {
    return staleness == Integer.MAX_VALUE;
  }

  /** Whether parameters may be handed out for a step when all have finished {@code finished}. */
  public boolean mayStart(long step, long finished) {
    return step - finished <= staleness;
  }

  @Override
  public String toString() {
    return isBsp() ? "bsp" : damps() ? "async" : "ssp(" + staleness + ")";
  }
}
