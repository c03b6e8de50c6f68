package dev.bellows.jobs.synth;

import java.io.IOException;
import java.nio.file.Path;

/** Digits as IDX files in the layout and under the names of MNIST. */
public final class SynthDigits {
  private SynthDigits() {}

  /**
   * Writes train-images-idx3-ubyte.gz, train-labels-idx1-ubyte.gz, t10k-images-idx3-ubyte.gz and
   * t10k-labels-idx1-ubyte.gz.
   *
   * @param out folder, made when missing
   * @param train training rows
   * @param test held-out rows, from a stream of their own
   */
  public static void write(Path out, int train, int test, long seed) throws IOException {
    part(out, "train", train, seed);
    part(out, "t10k", test, seed);
  }

  private static void part(Path out, String name, int rows, long seed) throws IOException {
    byte[] labels = new byte[rows];
    try (Idx images =
        Idx.create(
            out.resolve(name + "-images-idx3-ubyte.gz"), rows, DigitImage.SIDE, DigitImage.SIDE)) {
      for (int row = 0; row < rows; row++) {
        labels[row] = (byte) label(name, row, seed);
        images.write(image(name, row, seed));
      }
    }
    try (Idx file = Idx.create(out.resolve(name + "-labels-idx1-ubyte.gz"), rows)) {
      file.write(labels);
    }
  }

  /** The digit of a row. */
  static int label(String part, int row, long seed) {
    return new Draws(seed, "digit-label-" + part, row).below(10);
  }

  /** The pixels [28, 28] of a row. */
  static byte[] image(String part, int row, long seed) {
    return DigitImage.draw(label(part, row, seed), new Draws(seed, "digit-image-" + part, row));
  }
}
