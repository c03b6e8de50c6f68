package dev.bellows.jobs.study.sampler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.apache.commons.math3.special.Erf;
import org.junit.jupiter.api.Test;

class NormalTest {
  @Test
  void theErrorFunctionAgreesWithThatOfCommonsMath() {
    for (double x = -6; x <= 26; x += 0.037) {
      assertThat(Normal.erfc(x)).as("%s", x).isCloseTo(Erf.erfc(x), within(2e-14));
    }
    // scipy.special.erfc of SciPy 1.17.1.
    assertThat(Normal.erfc(5)).isCloseTo(1.5374597944280347e-12, within(1e-26));
    assertThat(Normal.erfc(10)).isCloseTo(2.0884875837625446e-45, within(1e-59));
    assertThat(Normal.erfc(26)).isCloseTo(5.663192408856145e-296, within(1e-309));
    assertThat(Normal.erfc(30)).isZero();
  }

  @Test
  void quantilesAndMassesAgree() {
    for (double p = 0.001; p < 1; p += 0.013) {
      assertThat(Normal.below(Normal.quantile(p))).isCloseTo(p, within(1e-12));
    }
    assertThat(Normal.mass(-1, 1)).isCloseTo(0.6826894921370859, within(1e-15));
    assertThat(Normal.mass(8, 9)).isCloseTo(Normal.mass(-9, -8), within(1e-30)).isPositive();
  }
}
