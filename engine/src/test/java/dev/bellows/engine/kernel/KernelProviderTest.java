package dev.bellows.engine.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bellows.engine.kernel.KernelProvider.Preference;
import dev.bellows.engine.kernel.cpu.CpuKernels;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.api.parallel.Resources;

@ResourceLock(Resources.SYSTEM_PROPERTIES)
final class KernelProviderTest {
  @Test
  void thePropertySwitchesNativeKernelsOff() {
    String old = System.getProperty(KernelProvider.PROPERTY);
    try {
      System.setProperty(KernelProvider.PROPERTY, "plain");
      assertThat(KernelProvider.choose(Preference.AUTO).id()).isEqualTo("plain");
      System.setProperty(KernelProvider.PROPERTY, "fast");
      assertThatThrownBy(() -> KernelProvider.choose(Preference.AUTO))
          .hasMessageContaining("'fast' do not exist; choose auto, cpu or plain");
    } finally {
      if (old == null) {
        System.clearProperty(KernelProvider.PROPERTY);
      } else {
        System.setProperty(KernelProvider.PROPERTY, old);
      }
    }
  }

  @Test
  void theIdNamesWhatDecidesAboutBits() {
    String id = KernelProvider.choose(Preference.AUTO).id();
    if (CpuKernels.oneDnn() && CpuKernels.ownKernels()) {
      assertThat(id).matches("onednn-3\\.11\\.\\d+/\\w+/\\S+\\+own/x86-64-v[34]");
      assertThat(KernelProvider.choose(Preference.CPU).id()).isEqualTo(id);
    }
    assertThat(KernelProvider.choose(Preference.PLAIN).id()).isEqualTo("plain");
  }

  @Test
  void aMatrixProductNeedsSizes() {
    assertThatThrownBy(() -> new GemmShape(3, 0, 2, false, false))
        .hasMessageContaining("m 3, n 0, k 2");
  }
}
