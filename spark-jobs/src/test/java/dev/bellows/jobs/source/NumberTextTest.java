package dev.bellows.jobs.source;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bellows.engine.sample.Mix64;
import dev.bellows.engine.sample.Purpose;
import java.util.List;
import org.junit.jupiter.api.Test;

class NumberTextTest {
  @Test
  void reads_what_the_platform_reads_to_the_last_bit() {
    for (long i = 0; i < 200_000; i++) {
      long h = Mix64.mix(1, Purpose.SYNTH, i);
      double v = i % 2 == 0 ? Double.longBitsToDouble(h) : (h >> 20) / Math.pow(10, i % 12);
      if (!Double.isFinite(v)) {
        continue;
      }
      String text =
          i % 3 == 0
              ? Double.toString(v)
              : i % 3 == 1
                  ? String.format(java.util.Locale.ROOT, "%.4f", v % 1e9)
                  : Float.toString((float) (v % 1e6));
      assertThat(NumberText.parse(text, false)).as(text).isEqualTo(Double.parseDouble(text));
    }
    for (String text :
        List.of(
            "0",
            "-0.0",
            "+1",
            "1.",
            ".5",
            "1e3",
            "1E-3",
            "1e+2",
            "4.9e-324",
            "1.7976931348623157e308",
            "123456789012345678901234567890",
            "0.1234567890123456789",
            "9007199254740993",
            "1e400",
            "1e-400")) {
      assertThat(NumberText.parse(text, false)).as(text).isEqualTo(Double.parseDouble(text));
    }
  }

  @Test
  void refuses_what_is_no_number() {
    for (String text :
        List.of(
            "", "-", "+", ".", "e5", "1e", "1e+", "1x", "x1", "1 2", "--1", "0x10", "1d", "1f",
            "1_000", "1,5", "infinit", "na", "NULL")) {
      assertThat(NumberText.isText(NumberText.parse(text, false))).as(text).isTrue();
    }
    assertThat(NumberText.parse("NaN", false))
        .isNaN()
        .satisfies(v -> assertThat(NumberText.isText(v)).isFalse());
    assertThat(NumberText.parse("-Inf", false)).isEqualTo(Double.NEGATIVE_INFINITY);
    assertThat(NumberText.parse("Infinity", false)).isEqualTo(Double.POSITIVE_INFINITY);
  }

  @Test
  void leading_zeros_make_a_code() {
    assertThat(NumberText.isText(NumberText.parse("007", true))).isTrue();
    assertThat(NumberText.parse("007", false)).isEqualTo(7);
    assertThat(NumberText.parse("0.5", true)).isEqualTo(0.5);
    assertThat(NumberText.parse("0", true)).isEqualTo(0);
  }

  @Test
  void numbers_have_one_spelling() {
    assertThat(List.of("1", "1.0", "+1", "1e0")).allMatch(t -> NumberText.canonical(t).equals("1"));
    assertThat(NumberText.canonical("-1")).isEqualTo("-1");
    assertThat(NumberText.canonical("007")).isEqualTo("007");
    assertThat(NumberText.canonical(">50K")).isEqualTo(">50K");
    assertThat(NumberText.canonical(0.25)).isEqualTo("0.25");
    assertThat(NumberText.canonical(1e300)).isEqualTo("1.0E300");
  }
}
