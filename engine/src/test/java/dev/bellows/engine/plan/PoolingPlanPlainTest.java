package dev.bellows.engine.plan;

import dev.bellows.engine.kernel.KernelProvider;

final class PoolingPlanPlainTest extends PoolingPlanTest {
  @Override
  KernelProvider.Preference preference() {
    return KernelProvider.Preference.PLAIN;
  }
}
