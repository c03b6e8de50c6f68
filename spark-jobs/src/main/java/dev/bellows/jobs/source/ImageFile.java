package dev.bellows.jobs.source;

import java.awt.image.BufferedImage;
import java.awt.image.Raster;
import java.io.IOException;
import java.io.InputStream;
import java.util.Iterator;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.MemoryCacheImageInputStream;

/**
 * One decoded image file (PNG, JPEG, BMP, GIF) as unsigned bytes [height, width, channels].
 *
 * <p>Grey samples are taken as they are stored: Java's own conversion to RGB would bend them with a
 * gamma curve. Of samples of 16 bits the upper 8 are kept.
 *
 * @param height rows of pixels
 * @param width pixels of a row
 * @param channels 1 (grey) or 3 (red, green, blue)
 * @param pixels [height, width, channels]
 */
@SuppressWarnings("ArrayRecordComponent") // handed on, never compared
record ImageFile(int height, int width, int channels, byte[] pixels) {
  /** Most pixels of a file: a small file can declare a huge image. */
  private static final long MAX_PIXELS = 1L << 26;

  /**
   * Decodes an image.
   *
   * @param channels 1, 3, or 0 for those of the file
   * @throws LineException saying what is wrong with the file
   */
  static ImageFile read(InputStream in, int channels) throws IOException {
    BufferedImage image = decode(in);
    boolean grey =
        image.getRaster().getNumBands() <= 2 && image.getColorModel().getNumColorComponents() == 1;
    int wanted = channels == 0 ? (grey ? 1 : 3) : channels;
    int height = image.getHeight();
    int width = image.getWidth();
    byte[] pixels = new byte[Math.multiplyExact(height * width, wanted)];
    if (grey) {
      int bits = image.getColorModel().getComponentSize(0);
      int[] row = new int[width];
      int at = 0;
      for (int y = 0; y < height; y++) {
        image.getRaster().getSamples(0, y, width, 1, 0, row);
        for (int sample : row) {
          byte value = (byte) eightBits(sample, bits);
          for (int c = 0; c < wanted; c++) {
            pixels[at++] = value;
          }
        }
      }
    } else {
      colours(image, wanted, pixels);
    }
    return new ImageFile(height, width, wanted, pixels);
  }

  private static int eightBits(int sample, int bits) {
    return bits > 8 ? sample >>> (bits - 8) : bits == 8 ? sample : sample * 255 / ((1 << bits) - 1);
  }

  /** Red, green and blue without transparency, or their luma (Rec. 601). */
  private static void colours(BufferedImage image, int channels, byte[] pixels) {
    int width = image.getWidth();
    int[] row = new int[width];
    int at = 0;
    for (int y = 0; y < image.getHeight(); y++) {
      image.getRGB(0, y, width, 1, row, 0, width);
      for (int rgb : row) {
        int red = rgb >> 16 & 0xff;
        int green = rgb >> 8 & 0xff;
        int blue = rgb & 0xff;
        if (channels == 1) {
          pixels[at++] = (byte) ((299 * red + 587 * green + 114 * blue + 500) / 1000);
        } else {
          pixels[at++] = (byte) red;
          pixels[at++] = (byte) green;
          pixels[at++] = (byte) blue;
        }
      }
    }
  }

  /**
   * Decodes a mask: grey values, or the indices of a palette, are the labels.
   *
   * @throws LineException when it has colours or more than 256 values
   */
  static ImageFile mask(InputStream in) throws IOException {
    BufferedImage image = decode(in);
    Raster raster = image.getRaster();
    if (raster.getNumBands() != 1) {
      throw new LineException(
          "has "
              + raster.getNumBands()
              + " channels; expected a mask of one: a grey value, or an index of a palette, per label");
    }
    int width = image.getWidth();
    byte[] labels = new byte[image.getHeight() * width];
    int[] row = new int[width];
    int at = 0;
    for (int y = 0; y < image.getHeight(); y++) {
      for (int label : raster.getSamples(0, y, width, 1, 0, row)) {
        if (label > 255) {
          throw new LineException("has the label " + label + "; expected 0 to 255");
        }
        labels[at++] = (byte) label;
      }
    }
    return new ImageFile(image.getHeight(), width, 1, labels);
  }

  private static BufferedImage decode(InputStream in) throws IOException {
    try (MemoryCacheImageInputStream stream = new MemoryCacheImageInputStream(in)) {
      Iterator<ImageReader> readers = ImageIO.getImageReaders(stream);
      if (!readers.hasNext()) {
        throw new LineException("is no image: expected PNG, JPEG, BMP or GIF");
      }
      ImageReader reader = readers.next();
      try {
        reader.setInput(stream, true, true);
        long count = (long) reader.getHeight(0) * reader.getWidth(0);
        if (count > MAX_PIXELS) {
          throw new LineException(
              "declares "
                  + reader.getHeight(0)
                  + " x "
                  + reader.getWidth(0)
                  + " pixels; expected at most 2^26 of them");
        }
        return reader.read(0);
      } catch (LineException e) {
        throw e;
      } catch (IOException | RuntimeException e) { // decoders throw what they like at damaged files
        throw new LineException("cannot be decoded: " + e.getMessage());
      } finally {
        reader.dispose();
      }
    }
  }

  /** The window of a size whose upper left corner is (top, left). */
  ImageFile window(int top, int left, int rows, int columns) {
    byte[] part = new byte[rows * columns * channels];
    for (int y = 0; y < rows; y++) {
      System.arraycopy(
          pixels,
          ((top + y) * width + left) * channels,
          part,
          y * columns * channels,
          columns * channels);
    }
    return new ImageFile(rows, columns, channels, part);
  }

  /**
   * The image in another size: each pixel is the mean of the pixels that it covers, so that small
   * images keep what large ones show; enlarged ones repeat pixels.
   */
  ImageFile resized(int rows, int columns) {
    if (rows == height && columns == width) {
      return this;
    }
    byte[] out = new byte[rows * columns * channels];
    for (int y = 0; y < rows; y++) {
      int top = (int) ((long) y * height / rows);
      int bottom = Math.max(top + 1, (int) ((y + 1L) * height / rows));
      for (int x = 0; x < columns; x++) {
        int left = (int) ((long) x * width / columns);
        int right = Math.max(left + 1, (int) ((x + 1L) * width / columns));
        for (int c = 0; c < channels; c++) {
          out[(y * columns + x) * channels + c] = mean(top, bottom, left, right, c);
        }
      }
    }
    return new ImageFile(rows, columns, channels, out);
  }

  private byte mean(int top, int bottom, int left, int right, int channel) {
    int sum = 0;
    int count = (bottom - top) * (right - left);
    for (int y = top; y < bottom; y++) {
      for (int x = left; x < right; x++) {
        sum += pixels[(y * width + x) * channels + channel] & 0xff;
      }
    }
    return (byte) ((sum + count / 2) / count);
  }

  /** The mask in another size: the label of the pixel in the middle. */
  ImageFile resizedMask(int rows, int columns) {
    byte[] out = new byte[rows * columns];
    for (int y = 0; y < rows; y++) {
      int from = (int) ((2L * y + 1) * height / (2L * rows)) * width;
      for (int x = 0; x < columns; x++) {
        out[y * columns + x] = pixels[from + (int) ((2L * x + 1) * width / (2L * columns))];
      }
    }
    return new ImageFile(rows, columns, 1, out);
  }

  String size() {
    return height + " x " + width;
  }
}
