package dev.bellows.jobs.source;

import dev.bellows.engine.sample.Mix64;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.imageio.ImageIO;

/** Image files for tests. */
public final class Pictures {
  private Pictures() {}

  /** Writes pixels as a file; its ending says the format. */
  public static Path write(Path file, BufferedImage image) throws IOException {
    Files.createDirectories(file.getParent());
    String name = file.getFileName().toString();
    if (!ImageIO.write(image, name.substring(name.lastIndexOf('.') + 1), file.toFile())) {
      throw new IOException("no writer for " + name);
    }
    return file;
  }

  /** A grey image whose pixel (y, x) is {@code (start + 10 y + x) mod 256}. */
  public static BufferedImage ramp(int height, int width, int start) {
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_BYTE_GRAY);
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        image.getRaster().setSample(x, y, 0, (start + 10 * y + x) & 0xff);
      }
    }
    return image;
  }

  /** One colour everywhere. */
  public static BufferedImage colour(int height, int width, int rgb) {
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        image.setRGB(x, y, rgb);
      }
    }
    return image;
  }

  /**
   * A noisy dark image with one bright square, and its mask: 255 in the square, 0 outside. Where
   * the square is follows from the number.
   */
  public static BufferedImage[] square(int side, int number) {
    BufferedImage image = new BufferedImage(side, side, BufferedImage.TYPE_BYTE_GRAY);
    BufferedImage mask = new BufferedImage(side, side, BufferedImage.TYPE_BYTE_GRAY);
    int top = (int) Math.floorMod(Mix64.mix(number), (long) side / 2);
    int left = (int) Math.floorMod(Mix64.mix(number + 1000L), (long) side / 2);
    for (int y = 0; y < side; y++) {
      for (int x = 0; x < side; x++) {
        boolean inside = y >= top && y < top + side / 2 && x >= left && x < left + side / 2;
        int noise = (int) (Mix64.mix(number * 100_000L + y * 1000L + x) & 63);
        image.getRaster().setSample(x, y, 0, noise + (inside ? 150 : 30));
        mask.getRaster().setSample(x, y, 0, inside ? 255 : 0);
      }
    }
    return new BufferedImage[] {image, mask};
  }

  /** Squares 0 to count - 1 as {@code image/K.png} and {@code mask/K.png}. */
  public static void squares(Path folder, int count, int side) throws IOException {
    for (int k = 0; k < count; k++) {
      BufferedImage[] pair = square(side, k);
      write(folder.resolve("image").resolve(k + ".png"), pair[0]);
      write(folder.resolve("mask").resolve(k + ".png"), pair[1]);
    }
  }
}
