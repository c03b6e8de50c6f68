package dev.bellows.engine.plan;

import dev.bellows.engine.kernel.KernelProvider;

final class AttentionPlanPlainTest extends AttentionPlanTest {
  @Override
  KernelProvider.Preference preference() {
    return KernelProvider.Preference.PLAIN;
  }
}
