package dev.bellows.engine.plan;

import dev.bellows.engine.kernel.KernelProvider;

final class ConvolutionPlanPlainTest extends ConvolutionPlanTest {
  @Override
  KernelProvider.Preference preference() {
    return KernelProvider.Preference.PLAIN;
  }
}
