package dev.bellows.engine.plan;

import dev.bellows.engine.kernel.KernelProvider;

final class RoundedConvolutionPlainTest extends RoundedConvolutionTest {
  @Override
  KernelProvider.Preference preference() {
    return KernelProvider.Preference.PLAIN;
  }
}
