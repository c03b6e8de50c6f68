package dev.bellows.engine.plan;

import dev.bellows.engine.kernel.KernelProvider;

final class RecurrencePlanPlainTest extends RecurrencePlanTest {
  @Override
  KernelProvider.Preference preference() {
    return KernelProvider.Preference.PLAIN;
  }
}
