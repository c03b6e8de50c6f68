package dev.bellows.engine.plan;

import dev.bellows.engine.kernel.KernelProvider;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(NativeKernels.class)
final class RoundedConvolutionCpuTest extends RoundedConvolutionTest {
  @Override
  KernelProvider.Preference preference() {
    return KernelProvider.Preference.CPU;
  }
}
