package dev.bellows.engine.plan;

import dev.bellows.engine.kernel.KernelProvider;

final class OpPlanPlainTest extends OpPlanTest {
  @Override
  KernelProvider.Preference preference() {
    return KernelProvider.Preference.PLAIN;
  }
}
