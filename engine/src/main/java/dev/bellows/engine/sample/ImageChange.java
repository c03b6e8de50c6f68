package dev.bellows.engine.sample;

import java.util.Arrays;

/**
 * The change of one image at a time: drawn by {@link #draw}, then applied to the image's bytes and,
 * where each pixel has a label, to its mask. The draws of one kind of change do not depend on which
 * others are on. Keeps scratch arrays; not thread-safe, one per task.
 */
public final class ImageChange {
  /** What a draw is for; part of the hash, never renumbered. */
  private static final int FLIP_X = 1;

  private static final int FLIP_Y = 2;
  private static final int TURN = 3;
  private static final int ANGLE = 4;
  private static final int SHIFT_X = 5;
  private static final int SHIFT_Y = 6;
  private static final int BRIGHTNESS = 7;
  private static final int CONTRAST = 8;
  private static final int ERASE = 9;
  private static final int ERASE_X = 10;
  private static final int ERASE_Y = 11;

  private final Augmentation kind;
  private final int height;
  private final int width;
  private final int channels;

  /** [height * width] pixel that each pixel comes from; -1 for none. */
  private final int[] from;

  /** [2, height * width] row and column that each pixel comes from, when rotated. */
  private final float[] places;

  private final byte[] recoloured = new byte[256];
  private long key;
  private int turns;
  private boolean mirrorY;
  private boolean mirrorX;
  private boolean rotated;

  /**
   * @throws IllegalArgumentException when images of this size cannot be changed so
   */
  public ImageChange(Augmentation kind, int height, int width, int channels) {
    kind.requireFits(height, width);
    this.kind = kind;
    this.height = height;
    this.width = width;
    this.channels = channels;
    this.from = new int[height * width];
    this.places = new float[kind.rotate() > 0 ? 2 * height * width : 0];
  }

  /** Draws the change of one row in one epoch. */
  public void draw(long seed, long epoch, long rowKey) {
    key = Mix64.mix(seed, Purpose.AUGMENT, epoch, rowKey);
    if (!kind.moves()) {
      return;
    }
    mirrorX = kind.flipHorizontal() && unit(FLIP_X) < 0.5;
    mirrorY = kind.flipVertical() && unit(FLIP_Y) < 0.5;
    turns = kind.turn() ? below(TURN, 4) : 0;
    int dx = below(SHIFT_X, 2 * kind.padding() + 1) - kind.padding();
    int dy = below(SHIFT_Y, 2 * kind.padding() + 1) - kind.padding();
    double angle = Math.toRadians(kind.rotate() * (2 * unit(ANGLE) - 1));
    rotated = kind.rotate() > 0;
    // StrictMath: the same bits on every machine.
    double cos = rotated ? StrictMath.cos(angle) : 1;
    double sin = rotated ? StrictMath.sin(angle) : 0;
    double middleY = (height - 1) / 2.0;
    double middleX = (width - 1) / 2.0;
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        int pixel = y * width + x;
        if (rotated) {
          double v = y + dy - middleY;
          double u = x + dx - middleX;
          double row = cos * v + sin * u + middleY;
          double column = cos * u - sin * v + middleX;
          places[2 * pixel] = (float) row;
          places[2 * pixel + 1] = (float) column;
          from[pixel] = source((int) Math.rint(row), (int) Math.rint(column));
        } else {
          from[pixel] = source(y + dy, x + dx);
        }
      }
    }
  }

  /**
   * Where the pixel at (row, column) of the flipped and turned image comes from; -1 for nowhere.
   */
  private int source(int row, int column) {
    int y = kind.fill().at(row, height);
    int x = kind.fill().at(column, width);
    if (y < 0 || x < 0) {
      return -1;
    }
    int side = width - 1; // turned images are square
    for (int t = 0; t < turns; t++) {
      int old = y;
      y = x;
      x = side - old;
    }
    return (mirrorY ? height - 1 - y : y) * width + (mirrorX ? width - 1 - x : x);
  }

  /**
   * Writes the changed image.
   *
   * @param image [height, width, channels] unsigned bytes from {@code at} on
   * @param out the same shape from {@code to} on; not the same array
   */
  public void apply(byte[] image, int at, byte[] out, int to) {
    int n = height * width * channels;
    if (!kind.moves()) {
      System.arraycopy(image, at, out, to, n);
    } else if (rotated) {
      bilinear(image, at, out, to);
    } else {
      for (int pixel = 0; pixel < from.length; pixel++) {
        int source = from[pixel];
        for (int c = 0; c < channels; c++) {
          out[to + pixel * channels + c] = source < 0 ? 0 : image[at + source * channels + c];
        }
      }
    }
    if (kind.recolours()) {
      recolour(out, to, n);
    }
  }

  private void bilinear(byte[] image, int at, byte[] out, int to) {
    for (int pixel = 0; pixel < from.length; pixel++) {
      float row = places[2 * pixel];
      float column = places[2 * pixel + 1];
      int y = (int) Math.floor(row);
      int x = (int) Math.floor(column);
      float down = row - y;
      float right = column - x;
      int a = source(y, x);
      int b = source(y, x + 1);
      int c = source(y + 1, x);
      int d = source(y + 1, x + 1);
      for (int k = 0; k < channels; k++) {
        float top = value(image, at, a, k) * (1 - right) + value(image, at, b, k) * right;
        float bottom = value(image, at, c, k) * (1 - right) + value(image, at, d, k) * right;
        out[to + pixel * channels + k] = (byte) Math.round(top * (1 - down) + bottom * down);
      }
    }
  }

  private int value(byte[] image, int at, int pixel, int channel) {
    return pixel < 0 ? 0 : image[at + pixel * channels + channel] & 0xff;
  }

  private void recolour(byte[] out, int to, int n) {
    long sum = 0;
    for (int i = to; i < to + n; i++) {
      sum += out[i] & 0xff;
    }
    double mean = (double) sum / n;
    if (kind.brightness() > 0 || kind.contrast() > 0) {
      double contrast = 1 + kind.contrast() * (2 * unit(CONTRAST) - 1);
      double brightness = 1 + kind.brightness() * (2 * unit(BRIGHTNESS) - 1);
      for (int b = 0; b < recoloured.length; b++) {
        double changed = ((b - mean) * contrast + mean) * brightness;
        recoloured[b] = (byte) Math.round(Math.max(0, Math.min(255, changed)));
      }
      for (int i = to; i < to + n; i++) {
        out[i] = recoloured[out[i] & 0xff];
      }
    }
    if (kind.erases() && unit(ERASE) < kind.eraseShare()) {
      int top = below(ERASE_Y, height) - kind.eraseSize() / 2;
      int left = below(ERASE_X, width) - kind.eraseSize() / 2;
      int right = Math.min(width, left + kind.eraseSize());
      byte blank = kind.fill() == Augmentation.Fill.ZERO ? 0 : (byte) Math.round(mean);
      for (int y = Math.max(0, top); y < Math.min(height, top + kind.eraseSize()); y++) {
        int row = to + y * width * channels;
        Arrays.fill(out, row + Math.max(0, left) * channels, row + right * channels, blank);
      }
    }
  }

  /**
   * Writes the mask of the changed image.
   *
   * @param labels [height, width] labels of pixels from {@code at} on
   * @param out the same shape from {@code to} on: the label of the nearest pixel, -1 where there is
   *     none
   */
  public void applyToMask(int[] labels, int at, int[] out, int to) {
    if (!kind.moves()) {
      System.arraycopy(labels, at, out, to, from.length);
      return;
    }
    for (int pixel = 0; pixel < from.length; pixel++) {
      out[to + pixel] = from[pixel] < 0 ? -1 : labels[at + from[pixel]];
    }
  }

  private long hash(int draw) {
    return Mix64.mix(key ^ Mix64.mix(draw));
  }

  private double unit(int draw) {
    return Mix64.unit(hash(draw));
  }

  private int below(int draw, int bound) {
    return RowOrder.below(hash(draw), bound);
  }
}
