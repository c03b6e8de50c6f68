package dev.bellows.jobs.train;

import dev.bellows.jobs.BellowsException;
import dev.bellows.jobs.ExitCode;
import dev.bellows.ps.protocol.Message.LedgerEntry;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.LongFunction;

/** How far the driver has read the ledger of the shards: every step once, none left out. */
final class LedgerCursor {
  private long next;

  /** First step that was not read. */
  long next() {
    return next;
  }

  /** Reads from a step on, after a roll-back or at the start. */
  void moveTo(long step) {
    next = step;
  }

  /**
   * Takes over finished steps.
   *
   * @param to first step that is not wanted; {@code Long.MAX_VALUE}: all that there are
   * @param source finished steps from one on, in order; empty when there are none (yet)
   * @param observer gets each step once
   * @throws ShardsLost when the shards have forgotten steps: they are taken again
   * @throws BellowsException exit 1 when a step below {@code to} is not finished although the
   *     caller knows that it is
   */
  void take(long to, LongFunction<List<LedgerEntry>> source, Consumer<LedgerEntry> observer)
      throws ShardsLost {
    while (next < to) {
      List<LedgerEntry> entries = source.apply(next);
      if (entries.isEmpty()) {
        if (to == Long.MAX_VALUE) {
          return;
        }
        throw new BellowsException(
            ExitCode.INTERNAL,
            "the shards have no ledger entry of step "
                + next
                + " although step "
                + to
                + " is reached");
      }
      for (LedgerEntry e : entries) {
        if (e.step() >= to) {
          return;
        }
        if (e.step() != next) {
          throw new ShardsLost(
              "the shards kept no ledger of steps "
                  + next
                  + " to "
                  + (e.step() - 1)
                  + ": they are taken again");
        }
        observer.accept(e);
        next = e.step() + 1;
      }
    }
  }
}
