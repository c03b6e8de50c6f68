package dev.bellows.engine.kernel.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class ProcessorTest {
  private static final String HASWELL = "fpu sse2 avx avx2 fma bmi1 bmi2 f16c movbe";

  private static Processor of(String flags) {
    return Processor.of(
        "processor\t: 0\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 85\nmodel name\t: X\nflags\t\t: "
            + flags
            + "\nbugs\t\t: spectre_v1\n\nprocessor\t: 1\nflags\t\t: fpu\n");
  }

  @Test
  void choosesTheBestBuild() {
    assertThat(of(HASWELL).level()).isEqualTo("x86-64-v3");
    assertThat(of(HASWELL + " avx512f").level()).isEqualTo("x86-64-v3");
    assertThat(of(HASWELL + " avx512f avx512bw avx512cd avx512dq avx512vl").level())
        .isEqualTo("x86-64-v4");
    assertThat(of("fpu sse2").level()).isEmpty();
    assertThat(Processor.of("").level()).isEmpty();
  }

  @Test
  void namesTheModel() {
    assertThat(of(HASWELL).model()).isEqualTo("GenuineIntel-6-85");
    assertThat(Processor.of("").model()).isEqualTo("unknown");
  }
}
