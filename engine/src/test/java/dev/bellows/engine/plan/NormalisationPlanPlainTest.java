package dev.bellows.engine.plan;

import dev.bellows.engine.kernel.KernelProvider;

final class NormalisationPlanPlainTest extends NormalisationPlanTest {
  @Override
  KernelProvider.Preference preference() {
    return KernelProvider.Preference.PLAIN;
  }
}
