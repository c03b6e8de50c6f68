package dev.bellows.engine;

import dev.bellows.engine.plan.BatchBuffers;
import dev.bellows.engine.tensor.Memory;
import java.util.List;
import java.util.TreeMap;

/**
 * A text as codes: characters that it has less than 20 times are one code.
 *
 * @param codes of all characters
 * @param vocabulary number of codes
 */
record CharacterText(int[] codes, int vocabulary) {
  private static final int RARE = 20;

  static CharacterText of(List<String> texts) {
    int[] characters = String.join("\n", texts).codePoints().toArray();
    TreeMap<Integer, Integer> counts = new TreeMap<>();
    for (int c : characters) {
      counts.merge(c, 1, Integer::sum);
    }
    TreeMap<Integer, Integer> codes = new TreeMap<>();
    counts.forEach(
        (c, count) -> {
          if (count >= RARE) {
            codes.put(c, codes.size() + 1);
          }
        });
    int[] text = new int[characters.length];
    for (int i = 0; i < text.length; i++) {
      text[i] = codes.getOrDefault(characters[i], 0);
    }
    return new CharacterText(text, codes.size() + 1);
  }

  /** The range [from, to) of shares of the text. */
  CharacterText part(double from, double to) {
    int first = (int) (from * codes.length);
    int last = (int) (to * codes.length);
    return new CharacterText(java.util.Arrays.copyOfRange(codes, first, last), vocabulary);
  }

  /** How many chunks of {@code steps} characters {@code rows} streams of this text have. */
  int chunks(int rows, int steps) {
    return (codes.length / rows - 1) / steps;
  }

  /** Chunk {@code chunk} of each of {@code rows} streams; labels are the characters behind. */
  void fill(BatchBuffers batch, int rows, int steps, int chunk) {
    int stream = codes.length / rows;
    for (int row = 0; row < rows; row++) {
      int at = row * stream + chunk * steps;
      Memory.copyIn(codes, at, batch.codes() + 4L * row * steps, steps);
      Memory.copyIn(codes, at + 1, batch.labels() + 4L * row * steps, steps);
    }
    batch.setRows(rows);
  }
}
