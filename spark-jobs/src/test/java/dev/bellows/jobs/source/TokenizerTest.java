package dev.bellows.jobs.source;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bellows.jobs.config.FeatureConfig.Tokens;
import dev.bellows.jobs.config.LinePattern;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class TokenizerTest {
  @Test
  void wordsKeepInnerApostrophesAndSeparatePunctuation() {
    Tokenizer words = new Tokenizer(Tokens.WORDS, true);
    assertThat(words.split("Don't stop, Émile: 3.5 \u00a0(now)"))
        .containsExactly("don't", "stop", ",", "émile", ":", "3", ".", "5", "(", "now", ")");
    assertThat(words.split(" \t ")).isEmpty();
  }

  @Test
  void charactersAreCodePointsAndKeepBlanks() {
    Tokenizer chars = new Tokenizer(Tokens.CHARS, false);
    assertThat(chars.split("aé😀 \n")).containsExactly("a", "é", "😀", " ", "\n");
  }

  @Test
  void joinedTokensGiveTheSameTokensAgain() {
    String text = "It's 5 o'clock -- \"well\", said (J.) O'Neil-Smith.";
    for (Tokens kind : Tokens.values()) {
      Tokenizer tokenizer = new Tokenizer(kind, false);
      List<String> tokens = tokenizer.split(text);
      assertThat(tokenizer.split(String.join(tokenizer.glue(), tokens))).isEqualTo(tokens);
    }
  }

  @Test
  void namedGroupsAreTheColumns() {
    assertThat(LinePattern.columns("(?<label>\\S+) (?:x|(y)) \\(?<no> (?<text>.*)"))
        .containsExactly("label", "text");
  }

  @Test
  void aLineThatDoesNotMatchIsABadRowThatSaysWhatWasExpected() {
    String pattern = "(?<label>[01]) (?<text>.+)";
    RawSchema schema =
        new RawSchema(
            List.of("label", "text"),
            List.of(RawSchema.CellKind.AUTO, RawSchema.CellKind.TEXT),
            List.of(),
            false,
            -1);
    RawBlockBuilder out = new RawBlockBuilder(schema);
    out.beginBlock("reviews.txt");
    LinesSource.Parser parser = new LinesSource.Parser(pattern, List.of("label", "text"));
    for (String line : List.of("1 good", "", "2 odd", "0 bad \uFFFD")) {
      byte[] b = line.getBytes(StandardCharsets.UTF_8);
      parser.parse(b, b.length, 10, out);
    }
    RawBlock block = out.build();
    assertThat(block.rows()).isEqualTo(1);
    assertThat(block.column(1).dictionary()[block.column(1).textCode(0)]).isEqualTo("good");
    assertThat(block.badRows()).isEqualTo(2);
    assertThat(block.firstBadRows().get(0).problem())
        .contains("expected a line of the form " + pattern)
        .contains("\"2 odd\"");
    assertThat(block.firstBadRows().get(1).problem()).contains("expected UTF-8");
  }
}
