package dev.bellows.engine.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bellows.engine.optim.UpdateSpec.Kind;
import dev.bellows.engine.optim.UpdateSpec.Range;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class UpdateSpecCodecTest {
  private static UpdateSpec spec(OptimizerSpec.Kind rule, ScheduleSpec schedule, NanPolicy policy) {
    return new UpdateSpec(
        OptimizerSpec.of(rule, 0.01).withMomentum(0.8).withWeightDecay(0.1),
        schedule,
        0.1,
        0.2,
        0,
        5,
        policy,
        List.of(
            Range.trainable(0, 100, true),
            new Range(100, 110, Kind.TRAINABLE, false, 0.5f, 0),
            Range.state(110, 120, 0.99f)));
  }

  @Test
  void every_rule_and_schedule_survives_the_round_trip() {
    ScheduleSpec[] schedules = {
      ScheduleSpec.constant(),
      ScheduleSpec.time(0.1, true),
      ScheduleSpec.step(0.5, 10, false).withWarmup(7),
      ScheduleSpec.exponential(0.2, true),
      ScheduleSpec.cosine(1e-5),
      ScheduleSpec.cyclical(5)
    };
    for (OptimizerSpec.Kind rule : OptimizerSpec.Kind.values()) {
      for (ScheduleSpec schedule : schedules) {
        for (NanPolicy policy : NanPolicy.values()) {
          UpdateSpec spec = spec(rule, schedule, policy);
          assertThat(UpdateSpec.decode(spec.encode())).isEqualTo(spec);
        }
      }
    }
  }

  @Test
  void the_bytes_are_fixed() {
    byte[] bytes = UpdateSpec.plain(OptimizerSpec.of(OptimizerSpec.Kind.SGD, 0.5), 3).encode();
    assertThat(bytes).hasSize(145 + 18);
    assertThat(HexFormat.of().formatHex(bytes, 0, 16))
        .isEqualTo("424c555301000000000000000000e03f");
  }

  @Test
  void every_truncation_and_every_extension_is_refused() {
    byte[] bytes = spec(OptimizerSpec.Kind.ADAM, ScheduleSpec.constant(), NanPolicy.STOP).encode();
    for (int length = 0; length < bytes.length; length++) {
      byte[] shorter = Arrays.copyOf(bytes, length);
      assertThatThrownBy(() -> UpdateSpec.decode(shorter))
          .isInstanceOf(IllegalArgumentException.class);
    }
    byte[] longer = Arrays.copyOf(bytes, bytes.length + 1);
    assertThatThrownBy(() -> UpdateSpec.decode(longer))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void random_damage_is_refused_or_gives_a_valid_spec() {
    byte[] good = spec(OptimizerSpec.Kind.ADAM, ScheduleSpec.constant(), NanPolicy.STOP).encode();
    SplittableRandom random = new SplittableRandom(4);
    for (int i = 0; i < 5000; i++) {
      byte[] bad = good.clone();
      for (int n = 1 + random.nextInt(4); n > 0; n--) {
        bad[random.nextInt(bad.length)] = (byte) random.nextInt(256);
      }
      try {
        UpdateSpec decoded = UpdateSpec.decode(bad);
        assertThat(UpdateSpec.decode(decoded.encode())).isEqualTo(decoded);
      } catch (IllegalArgumentException refused) {
        assertThat(refused).hasMessageNotContaining("\n");
      }
    }
  }

  @Test
  void a_false_number_of_ranges_does_not_allocate() {
    byte[] bytes = spec(OptimizerSpec.Kind.SGD, ScheduleSpec.constant(), NanPolicy.STOP).encode();
    Arrays.fill(bytes, 141, 145, (byte) 0x7f);
    assertThatThrownBy(() -> UpdateSpec.decode(bytes)).hasMessageContaining("2139062143 ranges");
  }

  @Test
  void ranges_must_be_contiguous_and_clips_exclusive() {
    OptimizerSpec sgd = OptimizerSpec.of(OptimizerSpec.Kind.SGD, 1);
    assertThatThrownBy(
            () ->
                new UpdateSpec(
                    sgd,
                    ScheduleSpec.constant(),
                    0,
                    0,
                    0,
                    0,
                    NanPolicy.STOP,
                    List.of(Range.trainable(1, 2, true))))
        .hasMessage("ranges: expected the next one to begin at 0, found 1");
    assertThatThrownBy(
            () ->
                new UpdateSpec(sgd, ScheduleSpec.constant(), 0, 0, 1, 1, NanPolicy.STOP, List.of()))
        .hasMessageContaining("expected value or norm, found both");
    assertThatThrownBy(() -> Range.trainable(5, 5, true)).hasMessageContaining("[5, 5)");
  }
}
