package dev.bellows.engine.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bellows.engine.kernel.KernelProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(NativeKernels.class)
final class LanesCpuTest extends LanesTest {
  @Override
  KernelProvider.Preference preference() {
    return KernelProvider.Preference.CPU;
  }

  @Test
  void largeDenseGradientsAreSummedInLanesOfSmallSlices() {
    assertThat(chosen(16, 64, PlanOptions.DEFAULT)).isEqualTo(8);
    assertThat(chosen(32, 64, PlanOptions.DEFAULT)).isEqualTo(4);
    assertThat(chosen(32, 3, PlanOptions.DEFAULT)).isEqualTo(2);
    assertThat(chosen(128, 64, PlanOptions.DEFAULT)).isEqualTo(1);
    assertThat(chosen(32, 64, PlanOptions.CHECKED)).isEqualTo(1);
  }

  @Test
  void productsSummedOverPartsHaveTheBitsOfSingleProducts() {
    for (int[] s : new int[][] {{1, 1, 1}, {7, 33, 16}, {13, 70, 128}, {12, 64, 5}, {50, 10, 32}}) {
      SummedProducts.agree(provider, s[0], s[1], s[2]);
    }
  }
}
