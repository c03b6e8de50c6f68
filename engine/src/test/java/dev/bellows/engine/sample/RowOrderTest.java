package dev.bellows.engine.sample;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class RowOrderTest {
  @Test
  @DisplayName("TRN-35 each epoch has its own order of the same rows; the seed fixes it")
  void every_order_is_a_permutation_and_epochs_differ() {
    for (int n : new int[] {0, 1, 2, 3, 17, 1000}) {
      int[] first = RowOrder.permutation(7, 0, 3, n);
      int[] second = RowOrder.permutation(7, 1, 3, n);
      assertThat(Arrays.stream(first).sorted().toArray()).isEqualTo(range(n));
      assertThat(Arrays.stream(second).sorted().toArray()).isEqualTo(range(n));
      assertThat(RowOrder.permutation(7, 0, 3, n)).isEqualTo(first);
      if (n > 10) {
        assertThat(second).isNotEqualTo(first);
        assertThat(RowOrder.permutation(7, 0, 4, n)).isNotEqualTo(first);
        assertThat(RowOrder.permutation(8, 0, 3, n)).isNotEqualTo(first);
      }
    }
  }

  @Test
  void each_row_is_equally_likely_at_each_place() {
    int n = 8;
    int draws = 40_000;
    int[][] counts = new int[n][n];
    for (int epoch = 0; epoch < draws; epoch++) {
      int[] order = RowOrder.permutation(11, epoch, 0, n);
      for (int place = 0; place < n; place++) {
        counts[order[place]][place]++;
      }
    }
    // Binomial sd about 66; five sd.
    for (int[] row : counts) {
      for (int count : row) {
        assertThat(count).isBetween(draws / n - 330, draws / n + 330);
      }
    }
  }

  @Test
  void all_orders_of_four_rows_are_equally_likely() {
    int draws = 48_000;
    int[] counts = new int[256];
    for (int epoch = 0; epoch < draws; epoch++) {
      int[] p = RowOrder.permutation(5, epoch, 2, 4);
      counts[p[0] << 6 | p[1] << 4 | p[2] << 2 | p[3]]++;
    }
    int[] seen = Arrays.stream(counts).filter(c -> c > 0).toArray();
    assertThat(seen).hasSize(24);
    assertThat(Arrays.stream(seen).min().getAsInt()).isGreaterThan(1780);
    assertThat(Arrays.stream(seen).max().getAsInt()).isLessThan(2220);
  }

  @Test
  void below_reaches_both_ends() {
    assertThat(RowOrder.below(0, 10)).isZero();
    assertThat(RowOrder.below(-1, 10)).isEqualTo(9);
    assertThat(RowOrder.below(-1, Integer.MAX_VALUE)).isEqualTo(Integer.MAX_VALUE - 1);
  }

  private static int[] range(int n) {
    int[] range = new int[n];
    Arrays.setAll(range, i -> i);
    return range;
  }
}
