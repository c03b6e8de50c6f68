package dev.bellows.ps.client;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bellows.ps.client.ExchangeModel.Bound;
import dev.bellows.ps.client.ExchangeModel.Exchange;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

/** The arithmetic, and that it gives back what was measured. */
class ExchangeModelTest {
  private static final ExchangeModel MODEL = ExchangeModel.MEASURED;
  private static final double TEN_GIGABIT = 1.25e9;

  @Test
  void measuredStepsComeOutAgain() {
    // ps-server/benchmarks/step-overhead.md: two clients, one shard, a link that costs nothing
    assertThat(MODEL.network(2, 1, 16_384, 4, 1e12).seconds()).isBetween(0.3e-3, 0.55e-3);
    assertThat(MODEL.network(2, 1, 1 << 20, 4, 1e12).seconds()).isBetween(8e-3, 12e-3);
    assertThat(MODEL.local(16_384)).isBetween(0.06e-3, 0.15e-3);
    assertThat(MODEL.local(1 << 20)).isBetween(2.5e-3, 3.5e-3);
  }

  @Test
  void shardsOnEveryMachineKeepALinksLoadTheSame() {
    // each link carries the own vector and the share of all workers: twice the vector
    double twice = 2 * 1e8 / TEN_GIGABIT;
    for (int n : new int[] {4, 16, 64}) {
      Exchange e = MODEL.network(n, n, 25_000_000, 4, TEN_GIGABIT);
      assertThat(e.bound()).isEqualTo(Bound.LINK);
      assertThat(e.seconds()).isCloseTo(MODEL.roundTrip() + twice, Offset.offset(1e-9));
    }
  }

  @Test
  void oneShardAndManyFramesAreWhatStopsIt() {
    assertThat(MODEL.network(64, 1, 25_000_000, 4, 10 * TEN_GIGABIT).bound())
        .isEqualTo(Bound.SHARD);
    Exchange many = MODEL.network(4096, 4096, 235_146, 4, 10 * TEN_GIGABIT);
    assertThat(many.bound()).isIn(Bound.SHARD, Bound.WORKER);
    assertThat(many.seconds()).isGreaterThan(2 * 4096 * MODEL.frame());
    assertThat(MODEL.network(2, 2, 16, 4, TEN_GIGABIT).bound()).isEqualTo(Bound.LATENCY);
  }
}
