package dev.bellows.engine.classic;

/**
 * Histograms of oriented gradients of a grey image (N. Dalal, B. Triggs, "Histograms of oriented
 * gradients for human detection", CVPR 2005): the image is cut in square cells, each with a
 * histogram of the directions of its gradients, weighted by their lengths; blocks of 2 x 2 cells,
 * one cell apart, are scaled to length 1. Differs from the paper: a gradient votes in its own cell
 * only, without a Gaussian over the block.
 *
 * @param cell side of a cell in pixels; 8 in the paper
 * @param bins of the directions from 0 to 180 degrees; 9 in the paper
 */
public record OrientedGradients(int cell, int bins) {
  /** Cells along the side of a block. */
  private static final int BLOCK = 2;

  /** Largest share of one value in its block before the second scaling (L2-Hys). */
  private static final double CLIP = 0.2;

  private static final double TINY = 1e-5;

  /** Checks the sizes. */
  public OrientedGradients {
    if (cell < 1 || bins < 1) {
      throw new IllegalArgumentException(
          "cell and bins must be 1 or more, got " + cell + " and " + bins);
    }
  }

  /** The paper's cells of 8 pixels and 9 bins: 3,780 numbers for 64 x 128 pixels. */
  public static OrientedGradients standard() {
    return new OrientedGradients(8, 9);
  }

  /** Numbers of an image of this size. */
  public int length(int height, int width) {
    int down = height / cell - BLOCK + 1;
    int across = width / cell - BLOCK + 1;
    if (down < 1 || across < 1) {
      throw new IllegalArgumentException(
          "expected an image of at least "
              + BLOCK * cell
              + " x "
              + BLOCK * cell
              + " pixels, one block of cells of "
              + cell
              + ", got "
              + height
              + " x "
              + width);
    }
    return down * across * BLOCK * BLOCK * bins;
  }

  /**
   * The blocks of an image, row by row; in each its cells, row by row, with their bins. Pixels
   * behind the last whole cell are left out.
   *
   * @param pixels of any scale, row-major
   * @param from where the image begins
   */
  public float[] of(float[] pixels, int from, int height, int width) {
    float[] blocks = new float[length(height, width)];
    int columns = width / cell;
    double[] cells = cells(pixels, from, height, width);
    int size = BLOCK * BLOCK * bins;
    int across = columns - BLOCK + 1;
    double[] block = new double[size];
    for (int at = 0; at < blocks.length; at += size) {
      int row = at / size / across;
      int column = at / size % across;
      for (int i = 0; i < size; i++) {
        int inner = i / bins;
        int place = (row + inner / BLOCK) * columns + column + inner % BLOCK;
        block[i] = cells[place * bins + i % bins];
      }
      scale(block);
      for (int i = 0; i < size; i++) {
        block[i] = Math.min(block[i], CLIP);
      }
      scale(block);
      for (int i = 0; i < size; i++) {
        blocks[at + i] = (float) block[i];
      }
    }
    return blocks;
  }

  /** Histograms of the cells; a direction between two bins' middles votes for both. */
  private double[] cells(float[] pixels, int from, int height, int width) {
    int columns = width / cell;
    int rows = height / cell;
    double[] cells = new double[rows * columns * bins];
    for (int y = 0; y < rows * cell; y++) {
      for (int x = 0; x < columns * cell; x++) {
        int at = from + y * width + x;
        double dx = x == 0 || x == width - 1 ? 0 : pixels[at + 1] - pixels[at - 1];
        double dy = y == 0 || y == height - 1 ? 0 : pixels[at + width] - pixels[at - width];
        double length = Math.hypot(dx, dy);
        double turn = Math.atan2(dy, dx) / Math.PI; // half turns
        double place = (turn - Math.floor(turn)) * bins - 0.5;
        int below = (int) Math.floor(place);
        double share = place - below;
        int base = (y / cell * columns + x / cell) * bins;
        cells[base + Math.floorMod(below, bins)] += length * (1 - share);
        cells[base + Math.floorMod(below + 1, bins)] += length * share;
      }
    }
    return cells;
  }

  private static void scale(double[] values) {
    double squares = TINY * TINY;
    for (double v : values) {
      squares += v * v;
    }
    double length = Math.sqrt(squares);
    for (int i = 0; i < values.length; i++) {
      values[i] /= length;
    }
  }
}
