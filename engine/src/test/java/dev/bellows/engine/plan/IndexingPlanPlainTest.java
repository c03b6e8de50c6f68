package dev.bellows.engine.plan;

import dev.bellows.engine.kernel.KernelProvider;

final class IndexingPlanPlainTest extends IndexingPlanTest {
  @Override
  KernelProvider.Preference preference() {
    return KernelProvider.Preference.PLAIN;
  }
}
