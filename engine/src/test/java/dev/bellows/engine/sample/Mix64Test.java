package dev.bellows.engine.sample;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class Mix64Test {
  // First outputs of java.util.SplittableRandom(seed 0)-style SplitMix64, as in the reference C
  // code of S. Vigna (splitmix64.c).
  @Test
  void is_the_finaliser_of_splitmix64() {
    assertThat(Mix64.mix(0)).isEqualTo(0xE220A8397B1DCDAFL);
    assertThat(Mix64.mix(0x9E3779B97F4A7C15L)).isEqualTo(0x6E789E6AA1B965F4L);
  }

  @Test
  void flipping_one_key_bit_flips_half_of_the_hash() {
    for (int bit = 0; bit < 64; bit++) {
      long flips = 0;
      for (long key = 0; key < 512; key++) {
        flips +=
            Long.bitCount(
                Mix64.mix(3, Purpose.HOLDOUT, key)
                    ^ Mix64.mix(3, Purpose.HOLDOUT, key ^ (1L << bit)));
      }
      assertThat(flips / 512.0).as("bit %d", bit).isBetween(30.5, 33.5);
    }
  }

  @Test
  void keys_purposes_seeds_and_argument_order_give_different_hashes() {
    Set<Long> seen = new HashSet<>();
    int drawn = 0;
    for (Purpose purpose : Purpose.values()) {
      for (long seed = 0; seed < 20; seed++) {
        for (long a = 0; a < 10; a++) {
          seen.add(Mix64.mix(seed, purpose, a));
          drawn++;
          for (long b = 0; b < 10; b++) {
            seen.add(Mix64.mix(seed, purpose, a, b));
            drawn++;
          }
        }
      }
    }
    assertThat(seen).hasSize(drawn);
  }

  @Test
  void purpose_ids_are_fixed() {
    // They are part of every result: a change here changes what every seed means.
    assertThat(Purpose.values())
        .extracting(Purpose::name, Purpose::id)
        .containsExactly(
            org.assertj.core.groups.Tuple.tuple("HOLDOUT", 1),
            org.assertj.core.groups.Tuple.tuple("DEAL", 2),
            org.assertj.core.groups.Tuple.tuple("ORDER", 3),
            org.assertj.core.groups.Tuple.tuple("INIT", 4),
            org.assertj.core.groups.Tuple.tuple("DROPOUT", 5),
            org.assertj.core.groups.Tuple.tuple("SYNTH", 6),
            org.assertj.core.groups.Tuple.tuple("BOOTSTRAP", 7),
            org.assertj.core.groups.Tuple.tuple("FOLD", 8),
            org.assertj.core.groups.Tuple.tuple("AUGMENT", 9),
            org.assertj.core.groups.Tuple.tuple("RETRY", 10),
            org.assertj.core.groups.Tuple.tuple("SAMPLE", 11),
            org.assertj.core.groups.Tuple.tuple("SEARCH", 20));
  }

  @Test
  void text_hashes_differ_and_unit_stays_below_one() {
    assertThat(Mix64.ofText("dense_1/kernel")).isNotEqualTo(Mix64.ofText("dense_1/bias"));
    assertThat(Mix64.ofText("ab")).isNotEqualTo(Mix64.ofText("ba"));
    assertThat(Mix64.unit(-1)).isLessThan(1.0);
    assertThat(Mix64.unit(0)).isZero();
  }
}
