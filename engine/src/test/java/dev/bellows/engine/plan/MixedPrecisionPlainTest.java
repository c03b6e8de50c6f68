package dev.bellows.engine.plan;

import dev.bellows.engine.kernel.KernelProvider;

final class MixedPrecisionPlainTest extends MixedPrecisionTest {
  @Override
  KernelProvider.Preference preference() {
    return KernelProvider.Preference.PLAIN;
  }
}
