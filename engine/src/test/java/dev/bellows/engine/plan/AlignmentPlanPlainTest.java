package dev.bellows.engine.plan;

import dev.bellows.engine.kernel.KernelProvider;

final class AlignmentPlanPlainTest extends AlignmentPlanTest {
  @Override
  KernelProvider.Preference preference() {
    return KernelProvider.Preference.PLAIN;
  }
}
