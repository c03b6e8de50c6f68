package dev.bellows.engine.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bellows.engine.kernel.KernelProvider;
import org.junit.jupiter.api.Test;

final class LanesPlainTest extends LanesTest {
  @Override
  KernelProvider.Preference preference() {
    return KernelProvider.Preference.PLAIN;
  }

  @Test
  void kernelsWithoutSumsGainNothingFromLanes() {
    assertThat(chosen(16, 8, PlanOptions.DEFAULT)).isEqualTo(1);
  }
}
