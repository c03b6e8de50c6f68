package dev.bellows.jobs.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bellows.jobs.BellowsException;
import dev.bellows.jobs.ExitCode;
import dev.bellows.ps.protocol.Message.LedgerEntry;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class LedgerCursorTest {
  private final LedgerCursor cursor = new LedgerCursor();
  private final List<Long> seen = new ArrayList<>();

  /** A ledger that holds [first, end) and answers at most three steps at once. */
  private static List<LedgerEntry> ledger(long from, long first, long end) {
    return LongStream.range(Math.max(from, first), end)
        .limit(3)
        .mapToObj(step -> new LedgerEntry(step, 1, 1, 1, 1, true, false, 0))
        .toList();
  }

  @Test
  void everyStepIsTakenOnceUpToTheOneAskedFor() throws Exception {
    cursor.take(4, from -> ledger(from, 0, 9), e -> seen.add(e.step()));
    assertThat(seen).containsExactly(0L, 1L, 2L, 3L);
    cursor.take(Long.MAX_VALUE, from -> ledger(from, 0, 9), e -> seen.add(e.step()));
    assertThat(seen).containsExactlyElementsOf(LongStream.range(0, 9).boxed().toList());
    // a promoted replica may lack the newest steps: they come again and are not taken again
    cursor.take(Long.MAX_VALUE, from -> ledger(from, 0, 8), e -> seen.add(e.step()));
    assertThat(seen).hasSize(9);
    assertThat(cursor.next()).isEqualTo(9);
  }

  @Test
  void forgottenStepsRollBackWithTheirNumbers() {
    cursor.moveTo(5);
    assertThatThrownBy(
            () ->
                cursor.take(Long.MAX_VALUE, from -> ledger(from, 20, 30), e -> seen.add(e.step())))
        .isInstanceOf(ShardsLost.class)
        .hasMessage("the shards kept no ledger of steps 5 to 19: they are taken again");
    assertThat(seen).isEmpty();
    assertThat(cursor.next()).isEqualTo(5);
  }

  @Test
  void aFinishedStepWithoutAnEntryIsABug() {
    assertThatThrownBy(() -> cursor.take(3, from -> ledger(from, 0, 2), e -> seen.add(e.step())))
        .isInstanceOf(BellowsException.class)
        .matches(e -> ((BellowsException) e).exitCode() == ExitCode.INTERNAL)
        .hasMessageContaining("no ledger entry of step 2 although step 3 is reached");
    assertThat(seen).containsExactly(0L, 1L);
  }
}
