package dev.bellows.engine.plan;

import dev.bellows.engine.kernel.KernelProvider;

final class SliceTrainerPlainTest extends SliceTrainerTest {
  @Override
  KernelProvider.Preference preference() {
    return KernelProvider.Preference.PLAIN;
  }
}
