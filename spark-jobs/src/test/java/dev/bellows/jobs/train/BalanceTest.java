package dev.bellows.jobs.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bellows.jobs.cluster.TaskPace;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Deals and stragglers for invented paces, in virtual time. */
class BalanceTest {
  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);
  private static final List<Balance.Seat> TWO = List.of(seat("0"), seat("1"));

  private static Balance.Seat seat(String executor) {
    return new Balance.Seat(executor, "h");
  }

  /** Messages of a task with slices from..to that takes so many milliseconds for a slice. */
  private static void tell(Balance balance, String executor, int from, int to, double ms, int n) {
    for (int i = 0; i < n; i++) {
      long nanos = Math.round(10 * (to - from) * ms * 1e6);
      balance.observe(List.of(new TaskPace("run", executor, from, to, 10, nanos)));
    }
  }

  @Test
  void sharesMinimiseTheLongestTime() {
    assertThat(Balance.shares(8, new double[] {1, 1})).containsExactly(4, 4);
    assertThat(Balance.shares(8, new double[] {1, 20})).containsExactly(8, 0);
    assertThat(Balance.shares(8, new double[] {1, 3})).containsExactly(6, 2);
    assertThat(Balance.shares(8, new double[] {2, 1, 2})).containsExactly(2, 4, 2);
    assertThat(Balance.shares(2, new double[] {5, 5, 5})).containsExactly(1, 1, 0);
  }

  @Test
  void everyShareIsBestAmongAllDealsOfThreeSlots() {
    double[] nanos = {1, 1.7, 4.2};
    for (int units = 1; units <= 12; units++) {
      double best = Double.MAX_VALUE;
      for (int a = 0; a <= units; a++) {
        for (int b = 0; a + b <= units; b++) {
          int c = units - a - b;
          best = Math.min(best, Math.max(a * nanos[0], Math.max(b * nanos[1], c * nanos[2])));
        }
      }
      int[] s = Balance.shares(units, nanos);
      double cost = Math.max(s[0] * nanos[0], Math.max(s[1] * nanos[1], s[2] * nanos[2]));
      assertThat(cost).isEqualTo(best);
    }
  }

  @Test
  void aStragglerIsNamedAndItsSlicesMoveWhenThatPays() {
    Balance balance = new Balance(8, 64);
    balance.dealt(0);
    tell(balance, "0", 0, 32, 1, 3);
    tell(balance, "1", 32, 64, 20, 2);
    assertThat(balance.straggler()).isNull(); // two messages are too few
    tell(balance, "1", 32, 64, 20, 1);
    Balance.Straggler slow = balance.straggler();
    assertThat(slow).isEqualTo(new Balance.Straggler("1", 20, false));
    // 640 ms a step now, 64 ms then
    assertThat(balance.pays(TWO, 3, 10 * SECOND)).isFalse();
    assertThat(balance.pays(TWO, 100, SECOND / 2)).isFalse();
    assertThat(balance.pays(TWO, 100, 10 * SECOND)).isTrue();
    Balance.Deal deal = balance.deal(TWO);
    assertThat(deal.seats()).containsExactly(seat("0"));
    assertThat(deal.counts()).containsExactly(8);
    assertThat(deal.even()).isFalse();
    assertThat(deal.seats().get(0).location()).isEqualTo("executor_h_0");
  }

  @Test
  void anIdleExecutorIsTriedAgainAfterAWhile() {
    Balance balance = new Balance(8, 8);
    balance.dealt(0);
    tell(balance, "0", 0, 4, 10, 3);
    tell(balance, "1", 4, 8, 200, 3);
    assertThat(balance.pays(TWO, 1000, 10 * SECOND)).isTrue();
    balance.deal(TWO);
    balance.dealt(10 * SECOND);
    tell(balance, "0", 0, 8, 10, 5);
    assertThat(balance.straggler()).isEqualTo(new Balance.Straggler("1", 20, true));
    assertThat(balance.pays(TWO, 1000, 20 * SECOND)).isFalse();
    assertThat(balance.pays(TWO, 1000, 41 * SECOND)).isTrue();
    assertThat(balance.deal(TWO).counts()).containsExactly(4, 4);
  }

  @Test
  void equalExecutorsKeepTheirSlicesAndTheirOrder() {
    Balance balance = new Balance(8, 8);
    assertThat(balance.deal(TWO).counts()).containsExactly(4, 4);
    balance.dealt(0);
    tell(balance, "1", 0, 4, 10, 5);
    tell(balance, "0", 4, 8, 12, 5);
    assertThat(balance.pays(TWO, 100_000, 100 * SECOND)).isFalse();
    assertThat(balance.straggler()).isNull();
    Balance.Deal deal = balance.deal(TWO);
    assertThat(deal.seats()).containsExactly(seat("1"), seat("0"));
    assertThat(deal.even()).isTrue();
  }
}
