package dev.bellows.engine.zoo;

import dev.bellows.engine.kernel.KernelProvider;
import dev.bellows.engine.plan.NativeKernels;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(NativeKernels.class)
final class ZooTrainingCpuTest extends ZooTrainingTest {
  @Override
  KernelProvider.Preference preference() {
    return KernelProvider.Preference.CPU;
  }
}
