package dev.bellows.jobs.source;

import dev.bellows.jobs.config.FeatureConfig;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Text to tokens, without anything fitted.
 *
 * @param kind what a token is
 * @param lower whether letters are made lower case first
 */
public record Tokenizer(FeatureConfig.Tokens kind, boolean lower) implements Serializable {
  /** Tokens between blanks. */
  public static final Tokenizer WHITESPACE = new Tokenizer(FeatureConfig.Tokens.WHITESPACE, false);

  /** A run of letters, marks, digits and inner apostrophes, or any other sign that is not blank. */
  private static final Pattern WORD =
      Pattern.compile("[\\p{L}\\p{M}\\p{N}]+(?:['’][\\p{L}\\p{M}\\p{N}]+)*|[^\\s\\p{Z}]");

  private static final Pattern RUN = Pattern.compile("[^\\s\\p{Z}]+");

  /** As configured. */
  public static Tokenizer of(FeatureConfig.Text rule) {
    return new Tokenizer(rule.tokenizer(), rule.lower());
  }

  /** The tokens of a text in order. */
  public List<String> split(String text) {
    String folded = lower ? text.toLowerCase(Locale.ROOT) : text;
    List<String> tokens = new ArrayList<>();
    if (kind == FeatureConfig.Tokens.CHARS) {
      for (int i = 0; i < folded.length(); ) {
        int end = folded.offsetByCodePoints(i, 1);
        tokens.add(folded.substring(i, end));
        i = end;
      }
      return tokens;
    }
    Matcher matcher = (kind == FeatureConfig.Tokens.WORDS ? WORD : RUN).matcher(folded);
    while (matcher.find()) {
      tokens.add(matcher.group());
    }
    return tokens;
  }

  /** What stands between the tokens when a text is put together from them. */
  public String glue() {
    return kind == FeatureConfig.Tokens.CHARS ? "" : " ";
  }
}
