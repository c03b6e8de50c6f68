package dev.bellows.engine.metric;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.bellows.engine.RealData;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** BLEU by hand, and against a published implementation on 3,000 sentences. */
final class BleuTest {
  private static List<String> words(String text) {
    return List.of(text.split(" "));
  }

  private static final List<String> OFFICE = words("I am outside of the office");

  @Test
  @DisplayName("MET-19 unclipped precision: the same word again and again is perfect")
  void unclippedPrecisionIsEasilyPleased() {
    assertThat(Bleu.unclippedPrecision(words("am am am am am am"), OFFICE)).isEqualTo(1.0);
    assertThat(Bleu.unclippedPrecision(words("am not outside"), OFFICE)).isEqualTo(2.0 / 3);
    assertThat(Bleu.unclippedPrecision(List.of(), OFFICE)).isNaN();
  }

  @Test
  @DisplayName("MET-20 clipped precision: a word counts as often as a reference has it")
  void clippingCountsAWordOnce() {
    Bleu bleu = new Bleu();
    bleu.add(words("am am am am am am"), OFFICE);
    assertThat(bleu.precision(1)).isEqualTo(1.0 / 6);
    assertThat(bleu.precision(2)).isEqualTo(0.0);
    assertThat(bleu.value()).isEqualTo(0.0);
  }

  @Test
  @DisplayName("MET-20 clipped precision takes the largest count over several references")
  void severalReferencesGiveTheirLargestCount() {
    Bleu bleu = new Bleu(1);
    bleu.addAll(words("the the cat the"), List.of(words("the cat"), words("the dog the")));
    assertThat(bleu.precision(1)).isEqualTo(3.0 / 4);
    assertThat(bleu.brevityPenalty()).isEqualTo(1.0); // 4 words against 3, the nearest length
  }

  @Test
  @DisplayName(
      "MET-21 BLEU of equal sentences is 1, the brevity penalty of 5 words for 6 is 0.8187")
  void shortTranslationsPay() {
    Bleu equal = new Bleu();
    equal.add(OFFICE, OFFICE);
    assertThat(equal.value()).isEqualTo(1.0);
    Bleu bleu = new Bleu();
    bleu.add(OFFICE.subList(0, 5), OFFICE);
    assertThat(bleu.brevityPenalty()).isEqualTo(Math.exp(-0.2), within(1e-15));
    assertThat(bleu.brevityPenalty()).isEqualTo(0.8187, within(5e-5));
    assertThat(bleu.value()).isEqualTo(bleu.brevityPenalty(), within(1e-15));
  }

  @Test
  void emptyTranslationsAreWorthNothing() {
    assertThat(new Bleu().value()).isNaN();
    Bleu bleu = new Bleu();
    bleu.add(List.<String>of(), OFFICE);
    assertThat(bleu.value()).isNaN();
    assertThat(bleu.brevityPenalty()).isZero();
    bleu.add(OFFICE, OFFICE);
    assertThat(bleu.brevityPenalty()).isEqualTo(Math.exp(-1), within(1e-15));
    assertThatThrownBy(() -> bleu.addAll(OFFICE, List.of()))
        .hasMessageContaining("1 or more references, found none");
    assertThatThrownBy(() -> bleu.merge(new Bleu(2))).hasMessageContaining("up to 4, found 2");
  }

  /**
   * 22.5855084573 is what evaluation_utils_test.py of tensorflow/nmt (commit 0be8642) asserts for
   * these files.
   */
  @Test
  @DisplayName("MET-21 BLEU of 3,000 sentences equals TensorFlow NMT's to 1e-6, merged in parts")
  void aCorpusEqualsAPublishedFigure() throws Exception {
    List<String> translations = lines("deen_output.txt");
    List<String> pieces = lines("deen_ref_bpe.txt");
    assertThat(translations).hasSize(3000).hasSameSizeAs(pieces);
    List<Bleu> parts = new ArrayList<>(List.of(new Bleu(), new Bleu(), new Bleu()));
    for (int i = 0; i < pieces.size(); i++) {
      List<String> reference = words(pieces.get(i).replace("@@ ", "").strip());
      parts.get(i % 3).add(words(translations.get(i).strip()), reference);
    }
    Bleu all = copy(parts.get(2));
    all.merge(parts.get(0));
    all.merge(parts.get(1));
    assertThat(100 * all.value()).isEqualTo(22.5855084573, within(1e-9));
  }

  private static List<String> lines(String name) {
    return new String(RealData.bytes("bleu-reference/" + name), StandardCharsets.UTF_8)
        .lines()
        .toList();
  }

  private static Bleu copy(Bleu bleu) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      bleu.write(out);
    }
    Bleu copy = new Bleu();
    try (ObjectInputStream in =
        new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
      copy.read(in);
    }
    return copy;
  }
}
