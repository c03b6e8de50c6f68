package dev.bellows.jobs.block;

import dev.bellows.jobs.table.CategoryColumn;
import dev.bellows.jobs.table.NumberColumn;
import dev.bellows.jobs.table.Preprocess;
import dev.bellows.jobs.table.TextColumn;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How rows that were encoded with one fit are read with another: blocks are encoded once, with what
 * all rows show, and every fold reads them with what its training rows show. Columns are matched by
 * name; values and tokens that the second fit does not know are unknown.
 */
final class Recoding {
  /** Stored number column of each fitted one. */
  final int[] numbers;

  /** Number columns of a block. */
  final int numberWidth;

  /** Stored offset of each fitted number column. */
  final double[] offsets;

  /** Stored category column of each fitted one. */
  final int[] categories;

  /** Category columns of a block. */
  final int codeWidth;

  /** [fitted column][1 + stored code + 1]: fitted code, with the code -1 at index 0. */
  final int[][] codes;

  /** Tokens and lengths of a block. */
  final int tokenWidth;

  /** The texts, when they are coded otherwise; null when they are the same. */
  final Text @Nullable [] texts;

  /**
   * A text.
   *
   * @param from first of its stored tokens in a row
   * @param stored stored tokens of a row; their number stands behind them
   * @param to first of its fitted tokens
   * @param fitted fitted tokens of a row
   * @param codes fitted code of each stored one
   */
  record Text(int from, int stored, int to, int fitted, int[] codes) {}

  Recoding(Preprocess stored, Preprocess fitted) {
    List<String> storedNumbers = stored.numbers().stream().map(NumberColumn::name).toList();
    this.numberWidth = storedNumbers.size();
    this.numbers = new int[fitted.numbers().size()];
    this.offsets = new double[numbers.length];
    for (int c = 0; c < numbers.length; c++) {
      numbers[c] = place(storedNumbers, fitted.numbers().get(c).name());
      offsets[c] = stored.numbers().get(numbers[c]).offset();
    }
    List<String> storedCategories = stored.categories().stream().map(CategoryColumn::name).toList();
    this.codeWidth = storedCategories.size();
    this.categories = new int[fitted.categories().size()];
    this.codes = new int[categories.length][];
    for (int c = 0; c < categories.length; c++) {
      categories[c] = place(storedCategories, fitted.categories().get(c).name());
      codes[c] = table(stored.categories().get(categories[c]), fitted.categories().get(c));
    }
    this.tokenWidth = stored.tokenWidth();
    this.texts = stored.texts().equals(fitted.texts()) ? null : texts(stored, fitted);
  }

  private static int place(List<String> names, String name) {
    int at = names.indexOf(name);
    if (at < 0) {
      throw new IllegalArgumentException(
          "column " + name + " is not in the rows; they have " + names);
    }
    return at;
  }

  private static int[] table(CategoryColumn stored, CategoryColumn fitted) {
    List<String> values = stored.dictionary();
    int[] table = new int[values.size() + 2]; // -1, missing, the values
    table[1] = fitted.codes().get(0);
    for (int v = 0; v < values.size(); v++) {
      int at = Collections.binarySearch(fitted.dictionary(), values.get(v));
      table[v + 2] = at < 0 ? 0 : fitted.codes().get(at + 1);
    }
    return table;
  }

  private static Text[] texts(Preprocess stored, Preprocess fitted) {
    Text[] texts = new Text[stored.texts().size()];
    int from = 0;
    int to = 0;
    for (int t = 0; t < texts.length; t++) {
      TextColumn was = stored.texts().get(t);
      TextColumn is = fitted.texts().get(t);
      Map<String, Integer> known = new HashMap<>();
      for (int code = is.vocabulary().size() - 1; code >= 0; code--) {
        known.put(is.vocabulary().get(code), code);
      }
      int marks = was.bounds() ? TextColumn.END_CODE + 1 : TextColumn.UNKNOWN_CODE + 1;
      int[] codes = new int[was.vocabulary().size()];
      for (int code = 0; code < codes.length; code++) {
        codes[code] =
            code < marks
                ? code
                : known.getOrDefault(was.vocabulary().get(code), TextColumn.UNKNOWN_CODE);
      }
      texts[t] = new Text(from, was.length(), to, is.length(), codes);
      from += was.length() + 1;
      to += is.length() + 1;
    }
    return texts;
  }

  /** Copies the tokens of a row. */
  void tokens(int[] stored, int row, int[] out, int at) {
    int base = row * tokenWidth;
    Text[] changed = texts;
    if (changed == null) {
      System.arraycopy(stored, base, out, at, tokenWidth);
      return;
    }
    for (Text text : changed) {
      int length = Math.min(stored[base + text.from() + text.stored()], text.fitted());
      for (int i = 0; i < text.fitted(); i++) {
        out[at + text.to() + i] = i < length ? text.codes()[stored[base + text.from() + i]] : 0;
      }
      out[at + text.to() + text.fitted()] = length;
    }
  }
}
