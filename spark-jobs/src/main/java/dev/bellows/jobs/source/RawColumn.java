package dev.bellows.jobs.source;

/** One column of a {@link RawBlock}: each cell is a number, a text or missing. */
public final class RawColumn {
  static final int[] NO_TEXT = {};

  private final double[] numbers;
  private final int[] text;
  private final String[] dictionary;

  RawColumn(double[] numbers, int[] text, String[] dictionary) {
    this.numbers = numbers;
    this.text = text;
    this.dictionary = dictionary;
  }

  /** [rows] the number; NaN for text and missing cells. Not a copy. */
  public double[] numbers() {
    return numbers;
  }

  /** [rows] index in the dictionary, -1 for numbers and missing cells; empty without text. */
  int[] text() {
    return text;
  }

  /** Texts of this block. Not a copy. */
  public String[] dictionary() {
    return dictionary;
  }

  /** The dictionary index of a text cell, -1 otherwise. */
  public int textCode(int row) {
    return text.length == 0 ? -1 : text[row];
  }
}
