package dev.bellows.engine.zoo;

import dev.bellows.engine.kernel.KernelProvider;

final class ZooTrainingPlainTest extends ZooTrainingTest {
  @Override
  KernelProvider.Preference preference() {
    return KernelProvider.Preference.PLAIN;
  }
}
