package dev.bellows.jobs.table;

import dev.bellows.jobs.source.Tokenizer;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * One text column: T token codes and their number. Code 0 pads, code 1 stands for every token that
 * is not in the vocabulary; with {@code bounds}, 2 and 3 are start and end of the text.
 *
 * @param name column name
 * @param tokenizer text to tokens
 * @param bounds whether start and end are marked
 * @param length T, tokens of a row; longer texts are cut
 * @param vocabulary token of each code
 */
public record TextColumn(
    String name, Tokenizer tokenizer, boolean bounds, int length, List<String> vocabulary)
    implements Serializable {
  static final String PAD = "<pad>";
  static final String UNKNOWN = "<unk>";
  static final String START = "<s>";
  static final String END = "</s>";

  /** Code of the tokens that are not in the vocabulary. */
  public static final int UNKNOWN_CODE = 1;

  /** Code before the first token of a text, where bounds are marked. */
  public static final int START_CODE = 2;

  /** Code after the last token of a text, where bounds are marked. */
  public static final int END_CODE = 3;

  /** The codes that stand for no token of a text, in code order. */
  static List<String> marks(boolean bounds) {
    return bounds ? List.of(PAD, UNKNOWN, START, END) : List.of(PAD, UNKNOWN);
  }

  /** Name for {@code inputs} of layers: the column name, with _ for what a name can't hold. */
  public String part() {
    String part = name.replaceAll("[^A-Za-z0-9_]", "_");
    return part.isEmpty() || !Character.isLetter(part.charAt(0)) ? "text_" + part : part;
  }

  /**
   * The text that codes stand for, up to its end mark; marks are left out, unknown tokens are
   * shown.
   */
  public String text(int[] codes) {
    List<String> tokens = new ArrayList<>();
    for (int code : codes) {
      if (bounds && code == END_CODE) {
        break;
      }
      if (code == UNKNOWN_CODE || code >= marks(bounds).size()) {
        tokens.add(vocabulary.get(code));
      }
    }
    return String.join(tokenizer.glue(), tokens);
  }

  /** Codes of a text; an empty text is one unknown token. */
  public final class Codes {
    private final Map<String, Integer> codes = new HashMap<>();

    /** Looks tokens up in the vocabulary. */
    public Codes() {
      int marks = marks(bounds).size(); // "<pad>" in a text is a token like any other
      for (int code = vocabulary.size() - 1; code >= marks; code--) {
        codes.put(vocabulary.get(code), code);
      }
    }

    /** Codes of all tokens, with start and end where they are marked; at least one. */
    public int[] of(String text) {
      List<Integer> out = new ArrayList<>();
      if (bounds) {
        out.add(START_CODE);
      }
      for (String token : tokenizer.split(text)) {
        out.add(codes.getOrDefault(token, UNKNOWN_CODE));
      }
      if (bounds) {
        out.add(END_CODE);
      } else if (out.isEmpty()) {
        out.add(UNKNOWN_CODE);
      }
      return out.stream().mapToInt(c -> c).toArray();
    }
  }
}
