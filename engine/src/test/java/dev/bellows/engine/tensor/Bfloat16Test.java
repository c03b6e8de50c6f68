package dev.bellows.engine.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class Bfloat16Test {
  @Test
  void roundsToNearestAndToEvenAtATie() {
    assertThat(hex(1f)).isEqualTo(0x3F80);
    assertThat(hex(Float.intBitsToFloat(0x3F808000))).as("tie to even below").isEqualTo(0x3F80);
    assertThat(hex(Float.intBitsToFloat(0x3F818000))).as("tie to even above").isEqualTo(0x3F82);
    assertThat(hex(Float.intBitsToFloat(0x3F808001))).as("above the tie").isEqualTo(0x3F81);
    assertThat(hex(-0f)).isEqualTo(0x8000);
    assertThat(hex(Float.MAX_VALUE)).as("too large").isEqualTo(0x7F80);
    assertThat(hex(Float.MIN_VALUE)).as("denormals round too").isEqualTo(0);
    assertThat(hex(Float.intBitsToFloat(0x00018000))).isEqualTo(2);
  }

  @Test
  void nanStaysNanEvenWhenItsBitsWouldRoundAway() {
    assertThat(Bfloat16.value(Bfloat16.round(Float.intBitsToFloat(0x7F800001)))).isNaN();
    assertThat(Bfloat16.value(Bfloat16.round(Float.intBitsToFloat(0xFFFFFFFF)))).isNaN();
  }

  @Test
  void everyBfloat16IsItsOwnRounding() {
    for (int bits = 0; bits < 1 << 16; bits++) {
      float value = Bfloat16.value((short) bits);
      if (!Float.isNaN(value)) {
        assertThat(hex(value)).isEqualTo(bits);
      }
    }
  }

  private static int hex(float x) {
    return Bfloat16.round(x) & 0xFFFF;
  }
}
