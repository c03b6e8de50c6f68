package dev.bellows.engine.sample;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.SplittableRandom;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BatchScheduleTest {
  @Test
  @DisplayName("TRN-34 1797 rows in batches of 32 are 57 steps; the last partial batch counts once")
  void steps_of_the_digits() {
    BatchSchedule schedule = BatchSchedule.of(1797, 32, 8);
    assertThat(schedule.stepsPerEpoch()).isEqualTo(57);
    assertThat(schedule.batchRows(55)).isEqualTo(32);
    assertThat(schedule.batchRows(56)).isEqualTo(5);
  }

  @ParameterizedTest(name = "{0} rows, batch {1}, {2} slices")
  @CsvSource({
    "1797,32,8",
    "1,32,8",
    "1,1,1",
    "0,32,8",
    "5,32,8",
    "7,3,64",
    "64,64,64",
    "1000,1000,13",
    "1000,7,5",
    "33,32,1",
    "100000,4096,64"
  })
  void each_row_is_read_once_per_epoch(long rows, int batch, int slices) {
    check(rows, batch, slices);
  }

  @Test
  void each_row_is_read_once_per_epoch_for_random_sizes() {
    long seed = 20240711;
    SplittableRandom random = new SplittableRandom(seed);
    for (int i = 0; i < 300; i++) {
      check(random.nextInt(3000), 1 + random.nextInt(200), 1 + random.nextInt(70));
    }
  }

  private static void check(long rows, int batch, int slices) {
    BatchSchedule schedule = BatchSchedule.of(rows, batch, slices);
    assertThat(schedule.stepsPerEpoch()).isEqualTo((rows + batch - 1) / batch);
    int[] next = new int[slices];
    for (long step = 0; step < schedule.stepsPerEpoch(); step++) {
      int sum = 0;
      int least = Integer.MAX_VALUE;
      int most = 0;
      for (int slice = 0; slice < slices; slice++) {
        BatchSchedule.Rows part = schedule.rowsOf(step, slice);
        assertThat(part.from()).isEqualTo(next[slice]);
        assertThat(part.count()).isEqualTo(schedule.count(step, slice));
        next[slice] += part.count();
        sum += part.count();
        least = Math.min(least, part.count());
        most = Math.max(most, part.count());
      }
      assertThat(sum).isEqualTo(schedule.batchRows(step));
      assertThat(most - least).isBetween(0, 1);
      assertThat(most).isLessThanOrEqualTo(schedule.maxSliceRows());
    }
    long read = 0;
    for (int slice = 0; slice < slices; slice++) {
      // slice v read its shard, ceil((N - v) / V) rows, to the end and not beyond
      assertThat((long) next[slice]).isEqualTo(Math.max(0, (rows - slice + slices - 1) / slices));
      read += next[slice];
    }
    assertThat(read).isEqualTo(rows);
  }

  @Test
  void shards_that_were_dealt_otherwise_are_refused() {
    assertThatThrownBy(() -> new BatchSchedule(new long[] {3, 4}, 2, 2))
        .hasMessage(
            "data shard 0 of 2: expected 4 of 7 rows (rank modulo slices), found 3; deal the rows again");
    assertThatThrownBy(() -> new BatchSchedule(new long[] {3}, 2, 2))
        .hasMessageContaining("found 1");
    assertThatThrownBy(() -> BatchSchedule.of(10, 0, 2)).hasMessageContaining("batch_size");
    assertThatThrownBy(() -> BatchSchedule.of(10, 5, 2).count(2, 0))
        .hasMessage("step in epoch: expected 0..1, found 2");
    assertThatThrownBy(() -> BatchSchedule.of(10, 5, 2).count(0, 2))
        .hasMessage("slice: expected 0..1, found 2");
  }

  @ParameterizedTest
  @CsvSource({
    "1,1",
    "5,5",
    "8,8",
    "32,8",
    "127,8",
    "128,8",
    "256,16",
    "500,16",
    "512,32",
    "1024,64",
    "100000,64"
  })
  void default_number_of_slices(int batch, int slices) {
    assertThat(BatchSchedule.defaultSlices(batch)).isEqualTo(slices);
  }
}
