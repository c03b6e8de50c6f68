package dev.bellows.engine.metric;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bellows.engine.sample.Mix64;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Spans of tags, by hand and against spans that are listed one by one. */
final class SpanScoresTest {
  private static final List<String> TAGS = List.of("B-X", "B-Y", "I-X", "I-Y", "O");

  private static int[] labels(String text) {
    return List.of(text.split(" ")).stream()
        .mapToInt(tag -> tag.equals("?") ? SpanScores.UNKNOWN : TAGS.indexOf(tag))
        .toArray();
  }

  private static SpanScores scores(int[] truth, int[] found) {
    SpanScores scores = new SpanScores(TAGS);
    scores.add(truth, found, truth.length);
    return scores;
  }

  @ParameterizedTest
  @CsvSource({
    "B-X I-X O B-Y, B-X I-X O B-Y, 2, 2, 2",
    "B-X I-X O B-Y, B-X O O B-Y, 2, 2, 1", // ends too early
    "B-X I-X O, B-X I-Y O, 1, 2, 0", // another type begins a span
    "I-X I-X O, B-X I-X O, 1, 1, 1", // I without B begins one
    "B-X B-X, B-X I-X, 2, 1, 0",
    "O O, O O, 0, 0, 0",
    "B-X I-X I-X, B-X I-X I-X, 1, 1, 1",
    "? O B-X, B-X O B-X, 2, 2, 1", // a tag that training did not show is missed
    "? ?, O O, 2, 0, 0",
    "B-X I-X, B-X I-X, 1, 1, 1",
  })
  void spansAreCountedWhole(String truth, String found, int expected, int predicted, int right) {
    SpanScores scores = scores(labels(truth), labels(found));
    assertThat(List.of(scores.truth(), scores.predicted(), scores.correct()))
        .containsExactly((long) expected, (long) predicted, (long) right);
  }

  /** Spans as (first, last, type), the way they are defined and not the way they are counted. */
  private static Set<String> spans(int[] labels) {
    Set<String> spans = new HashSet<>();
    for (int from = 0; from < labels.length; from++) {
      String tag = TAGS.get(labels[from]);
      String type = tag.substring(tag.length() - 1);
      boolean goesOn =
          tag.startsWith("I") && from > 0 && TAGS.get(labels[from - 1]).endsWith("-" + type);
      if (!tag.equals("O") && !goesOn) {
        int last = from;
        while (last + 1 < labels.length && TAGS.get(labels[last + 1]).equals("I-" + type)) {
          last++;
        }
        spans.add(from + " " + last + " " + type);
      }
    }
    return spans;
  }

  @Test
  void countsEqualThoseOfListedSpans() {
    SpanScores all = new SpanScores(TAGS);
    long truth = 0;
    long found = 0;
    long right = 0;
    for (int i = 0; i < 2000; i++) {
      int[] a = new int[1 + Math.floorMod(Mix64.mix(i), 9)];
      int[] b = new int[a.length];
      for (int t = 0; t < a.length; t++) {
        a[t] = Math.floorMod(Mix64.mix(1000L * i + t), 5);
        b[t] = Math.floorMod(Mix64.mix(1000L * i + t + 500), 3) == 0 ? (a[t] + 1) % 5 : a[t];
      }
      SpanScores one = scores(a, b);
      all.merge(one);
      Set<String> both = spans(a);
      truth += both.size();
      found += spans(b).size();
      both.retainAll(spans(b));
      right += both.size();
      assertThat(one.correct()).as("sequence " + i).isEqualTo(both.size());
    }
    assertThat(List.of(all.truth(), all.predicted(), all.correct()))
        .containsExactly(truth, found, right);
    assertThat(all.precision()).isEqualTo((double) right / found);
    assertThat(all.recall()).isEqualTo((double) right / truth);
    assertThat(all.f1()).isEqualTo(2.0 * right / (found + truth));
  }

  @Test
  void otherTagsAreNoSpans() {
    assertThat(SpanScores.scheme(List.of("O", "B-a", "I-a"))).isTrue();
    assertThat(SpanScores.scheme(List.of("NOUN", "VERB"))).isFalse();
    assertThat(SpanScores.scheme(List.of("O"))).isFalse();
    assertThat(new SpanScores(TAGS).f1()).isNaN();
    assertThatThrownBy(() -> new SpanScores(List.of("NOUN")))
        .hasMessageContaining("expected tags O, B-type and I-type, found [NOUN]");
  }
}
