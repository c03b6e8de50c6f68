package dev.bellows.jobs.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class SegmentsTest {
  private static List<Long> ends(Segments segments) {
    List<Long> ends = new ArrayList<>();
    for (long step = 0; step < segments.totalSteps(); step = segments.end(step)) {
      ends.add(segments.end(step));
    }
    return ends;
  }

  @Test
  void pausesAtEpochEndsAndCheckpoints() {
    assertThat(ends(new Segments(10, 30, 0))).containsExactly(10L, 20L, 30L);
    assertThat(ends(new Segments(10, 25, 4))).containsExactly(4L, 8L, 10L, 12L, 16L, 20L, 24L, 25L);
    assertThat(ends(new Segments(10, 7, 0))).containsExactly(7L);
  }

  @Test
  void theLastStepIsAlwaysAnEpochEndAndACheckpoint() {
    Segments segments = new Segments(10, 7, 0);
    assertThat(segments.epochEnd(7)).isTrue();
    assertThat(segments.checkpoint(7)).isTrue();
    assertThat(segments.checkpoint(5)).isFalse();
    assertThat(segments.epochEnd(0)).isFalse();
  }

  @Test
  void refusesNonsense() {
    assertThatThrownBy(() -> new Segments(0, 1, 0)).hasMessageContaining("stepsPerEpoch >= 1");
  }
}
