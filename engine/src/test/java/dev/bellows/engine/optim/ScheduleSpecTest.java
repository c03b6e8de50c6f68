package dev.bellows.engine.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class ScheduleSpecTest {
  private static final int SPE = 10;

  @Test
  @DisplayName("TRN-15 a constant rate is the base at every step")
  void constant() {
    assertThat(ScheduleSpec.constant().rate(0.3, 0, 1, 100)).isEqualTo(0.3);
    assertThat(ScheduleSpec.constant().rate(0.3, 99, 1, 100)).isEqualTo(0.3);
  }

  @Test
  @DisplayName(
      "TRN-16 time-based decay: 1, 0.5, 0.0909 of the base after 0, 10, 100 steps with k = 0.1")
  void time() {
    ScheduleSpec s = ScheduleSpec.time(0.1, false);
    assertThat(s.rate(1, 0, SPE, 1000)).isEqualTo(1);
    assertThat(s.rate(1, 10, SPE, 1000)).isEqualTo(0.5);
    assertThat(s.rate(1, 100, SPE, 1000)).isCloseTo(0.0909, within(1e-4));
    assertThat(ScheduleSpec.time(0.1, true).rate(1, 100, SPE, 1000)).isEqualTo(0.5);
  }

  @Test
  @DisplayName("TRN-17 step decay: 0.1, 0.1, 0.05, 0.025 at epochs 0, 9, 10, 25")
  void step() {
    ScheduleSpec s = ScheduleSpec.step(0.5, 10, true);
    assertThat(s.rate(0.1, 0, SPE, 1000)).isEqualTo(0.1);
    assertThat(s.rate(0.1, 9 * SPE + 9, SPE, 1000)).isEqualTo(0.1);
    assertThat(s.rate(0.1, 10 * SPE, SPE, 1000)).isEqualTo(0.05);
    assertThat(s.rate(0.1, 25 * SPE, SPE, 1000)).isEqualTo(0.025);
  }

  @Test
  @DisplayName("TRN-18 exponential decay: 0.367879 of the base for k = 0.1 at t = 10")
  void exponential() {
    assertThat(ScheduleSpec.exponential(0.1, false).rate(2, 10, SPE, 1000))
        .isCloseTo(2 * 0.367879, within(1e-6));
  }

  @Test
  @DisplayName("TRN-19 cosine: 1, 0.5, 0 of the base at t = 0, T/2, T; never below the minimum")
  void cosine() {
    ScheduleSpec s = ScheduleSpec.cosine(0);
    assertThat(s.rate(0.4, 0, SPE, 100)).isEqualTo(0.4);
    assertThat(s.rate(0.4, 50, SPE, 100)).isCloseTo(0.2, within(1e-15));
    assertThat(s.rate(0.4, 100, SPE, 100)).isCloseTo(0, within(1e-15));
    assertThat(s.rate(0.4, 250, SPE, 100)).isCloseTo(0, within(1e-15));
    assertThat(ScheduleSpec.cosine(0.1).rate(0.4, 100, SPE, 100)).isCloseTo(0.1, within(1e-15));
  }

  @Test
  @DisplayName(
      "TRN-20 cyclical: T = 100, M = 5 starts anew at t = 1, 21, 41, 61, 81; about 0.006 of the base at t = 20")
  void cyclical() {
    ScheduleSpec s = ScheduleSpec.cyclical(5);
    for (long t : new long[] {1, 21, 41, 61, 81}) {
      assertThat(s.rate(0.2, t - 1, SPE, 100)).isEqualTo(0.2);
    }
    assertThat(s.rate(0.2, 19, SPE, 100) / 0.2).isCloseTo(0.00616, within(1e-4));
  }

  @Test
  void warm_up_rises_in_a_line_and_the_schedule_begins_behind_it() {
    ScheduleSpec s = ScheduleSpec.cosine(0).withWarmup(10);
    assertThat(s.rate(1, 0, SPE, 110)).isEqualTo(0.1);
    assertThat(s.rate(1, 8, SPE, 110)).isEqualTo(0.9);
    assertThat(s.rate(1, 9, SPE, 110)).isEqualTo(1);
    assertThat(s.rate(1, 10, SPE, 110)).isEqualTo(1);
    assertThat(s.rate(1, 60, SPE, 110)).isCloseTo(0.5, within(1e-15));
  }

  @Test
  void a_minimum_holds_for_the_decays_too() {
    ScheduleSpec s = new ScheduleSpec(ScheduleSpec.Kind.EXPONENTIAL, 0, 1, 1, 1, 1, 0.05, false);
    assertThat(s.rate(1, 50, SPE, 100)).isEqualTo(0.05);
  }

  @Test
  void wrong_numbers_name_the_key() {
    assertThatThrownBy(() -> ScheduleSpec.step(0, 10, true))
        .hasMessage("factor: expected a number in (0, 1], found 0.0");
    assertThatThrownBy(() -> ScheduleSpec.step(0.5, 0, true))
        .hasMessage("every: expected 1 or more, found 0");
    assertThatThrownBy(() -> ScheduleSpec.constant().withWarmup(-1))
        .hasMessageContaining("warmup_steps");
    assertThatThrownBy(() -> ScheduleSpec.exponential(Double.NaN, true))
        .hasMessageContaining("decay");
  }
}
