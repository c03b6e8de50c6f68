package dev.bellows.jobs.table;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bellows.engine.metric.ExactSum;
import dev.bellows.engine.sample.Mix64;
import dev.bellows.jobs.source.DataException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;

class StatisticsTest {
  private static Moments moments(double... values) {
    ExactSum sum = new ExactSum();
    ExactSum squares = new ExactSum();
    for (double v : values) {
      sum.add(v);
      squares.addProduct(v, v);
    }
    return Moments.of(sum, squares, values.length);
  }

  @Test
  void moments_have_no_cancellation() {
    assertThat(moments(1e16, 1, -1e16, 3)).isEqualTo(new Moments(1, 7.0710678118654752e15));
    assertThat(moments(1e9 + 1, 1e9 + 2, 1e9 + 3))
        .isEqualTo(new Moments(1e9 + 2, Math.sqrt(2 / 3.0)));
    assertThat(moments(0.1, 0.1, 0.1)).isEqualTo(new Moments(0.1, 0));
    assertThat(moments(1e-30, 3e-30).mean()).isEqualTo(2e-30);
    assertThat(moments(1e-30, 3e-30).std()).isCloseTo(1e-30, Percentage.withPercentage(1e-12));
    assertThat(moments().mean()).isNaN();
  }

  @Test
  void distinct_counts_do_not_depend_on_grouping() {
    for (int n :
        new int[] {0, 1, 1000, DistinctCounter.EXACT, DistinctCounter.EXACT + 1, 300_000}) {
      DistinctCounter whole = new DistinctCounter();
      DistinctCounter[] parts = {
        new DistinctCounter(), new DistinctCounter(), new DistinctCounter()
      };
      for (long i = 0; i < n; i++) {
        whole.add(Mix64.mix(i));
        parts[(int) (i % 3)].add(Mix64.mix(i));
        parts[(int) (i % 2)].add(Mix64.mix(i));
      }
      parts[2].merge(parts[0]);
      parts[2].merge(parts[1]);
      assertThat(parts[2]).isEqualTo(whole);
      if (n <= DistinctCounter.EXACT) {
        assertThat(whole.count()).isEqualTo(n);
      } else {
        assertThat((double) whole.count()).isCloseTo(n, Percentage.withPercentage(2.5));
      }
    }
  }

  @Test
  void classes_sort_numbers_before_text() {
    assertThat(List.of("b", "10", "9", "-1", "a").stream().sorted(Classes::compare))
        .containsExactly("-1", "9", "10", "a", "b");
  }

  @Test
  void a_wrong_name_gets_the_nearest_known_one() {
    assertThat(Nearest.hint("incme", List.of("age", "income")))
        .isEqualTo(" (did you mean \"income\"?)");
    assertThat(Nearest.hint("zzzzzz", List.of("age", "income"))).isEmpty();
  }

  @Test
  void profile_shows_every_column_and_no_nan_in_json() {
    Map<String, Long> classes = new LinkedHashMap<>();
    classes.put("no", 3L);
    classes.put("yes", 1L);
    Profile profile =
        new Profile(
            4,
            1,
            0,
            "0123456789abcdef",
            List.of(
                new ColumnProfile("age", "number", true, 1, 3, 1, 3, 2, 0.8165, ""),
                new ColumnProfile(
                    "city",
                    "category",
                    true,
                    0,
                    2,
                    Double.NaN,
                    Double.NaN,
                    Double.NaN,
                    Double.NaN,
                    "")),
            classes,
            List.of("something"));
    assertThat(profile.toText())
        .contains(
            "4 rows",
            "fingerprint 01234567",
            "number*",
            "no 3 (75.0 %)  yes 1 (25.0 %)",
            "warn  something");
    String json = dev.bellows.engine.model.Json.pretty(profile.toJson());
    assertThat(json).contains("\"fingerprint\": \"0123456789abcdef\"").doesNotContain("NaN");
    assertThat(new DataException("x").exitCode().code()).isEqualTo(4);
  }
}
