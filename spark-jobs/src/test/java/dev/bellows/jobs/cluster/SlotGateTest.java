package dev.bellows.jobs.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Slots are dealt in order and never twice. */
class SlotGateTest {
  private final SlotGate gate = new SlotGate();

  @Test
  void oneTrainingHasAllSlots() {
    gate.enter("a");
    assertThat(gate.take("a", 8, 4)).isEqualTo(4);
    gate.giveBack(4);
    assertThat(gate.take("a", 3, 4)).isEqualTo(3);
    assertThat(gate.available(3, 6)).isEqualTo(6);
  }

  @Test
  void severalHaveEqualSharesInTheOrderOfAsking() {
    gate.enter("a");
    assertThat(gate.take("a", 4, 4)).isEqualTo(4);
    gate.enter("b");
    gate.enter("c");
    assertThat(gate.take("b", 4, 4)).isZero();
    assertThat(gate.take("c", 4, 4)).isZero();
    assertThat(gate.available(4, 4)).as("others ask").isEqualTo(4);
    gate.giveBack(4);
    assertThat(gate.take("c", 4, 4)).as("b asked first").isZero();
    assertThat(gate.take("b", 4, 4)).isEqualTo(1);
    assertThat(gate.take("c", 4, 4)).isEqualTo(1);
    assertThat(gate.take("a", 4, 4)).isEqualTo(1);
    gate.leave("b");
    gate.leave("c");
    gate.giveBack(2);
    assertThat(gate.available(1, 4)).isEqualTo(4);
  }

  @Test
  void whoLeavesWhileAskingHoldsNobodyUp() {
    gate.enter("a");
    gate.enter("b");
    assertThat(gate.take("a", 2, 2)).isEqualTo(1);
    assertThat(gate.take("b", 2, 2)).isEqualTo(1);
    assertThat(gate.take("a", 1, 2)).isZero();
    gate.leave("a");
    gate.giveBack(2);
    assertThat(gate.take("b", 2, 2)).isEqualTo(2);
  }

  @Test
  void withoutAnySlotTheSparkJobWaits() {
    gate.enter("a");
    assertThat(gate.take("a", 2, 0)).isEqualTo(1);
  }
}
