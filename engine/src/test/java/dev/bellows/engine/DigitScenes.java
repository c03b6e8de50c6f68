package dev.bellows.engine;

import dev.bellows.engine.LocalTrainer.Samples;
import dev.bellows.engine.sample.Philox;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import javax.imageio.ImageIO;

/**
 * DS, digit scenes: grey crops of 48 x 48 of the photos (PH) at 60 % brightness with 1 to 3 digits
 * (DG) of twice their size that don't overlap. Pixels are real, their composition is made.
 *
 * @param images with a label per pixel: 1 where the ink of a digit is above .3, else 0
 * @param digits of each scene, from left to right
 */
record DigitScenes(Samples images, List<int[]> digits) {
  static final int SIDE = 48;
  private static final int BOX = 16;

  private record Photo(int height, int width, float[] grey) {
    static Photo read(String name) {
      try {
        BufferedImage image =
            Objects.requireNonNull(ImageIO.read(RealData.file("photos/" + name).toFile()), name);
        float[] grey = new float[image.getHeight() * image.getWidth()];
        for (int i = 0; i < grey.length; i++) {
          int rgb = image.getRGB(i % image.getWidth(), i / image.getWidth());
          grey[i] = ((rgb >> 16 & 255) + (rgb >> 8 & 255) + (rgb & 255)) / 765f;
        }
        return new Photo(image.getHeight(), image.getWidth(), grey);
      } catch (IOException e) {
        throw new IllegalStateException(name, e);
      }
    }
  }

  /** 1,500 scenes of the first split's training digits, 200 of its test digits. */
  static DigitScenes[] of(CatalogueData.Split digits) {
    return new DigitScenes[] {make(digits.train(), 1500, 21), make(digits.test(), 200, 22)};
  }

  /** Numbers drawn one after the other. */
  private static final class Draws {
    private final long seed;
    private long at;

    Draws(long seed) {
      this.seed = seed;
    }

    int below(int bound) {
      return (int) (Philox.uniform(seed, at++) * bound);
    }
  }

  private static DigitScenes make(Samples digits, int scenes, long seed) {
    List<Photo> photos = List.of(Photo.read("china.jpg"), Photo.read("flower.jpg"));
    float[] x = new float[scenes * SIDE * SIDE];
    int[] ink = new int[x.length];
    List<int[]> written = new ArrayList<>();
    Draws draws = new Draws(seed);
    for (int scene = 0; scene < scenes; scene++) {
      Photo photo = photos.get(draws.below(2));
      int top = draws.below(photo.height() - SIDE + 1);
      int left = draws.below(photo.width() - SIDE + 1);
      int from = scene * SIDE * SIDE;
      for (int p = 0; p < SIDE * SIDE; p++) {
        int place = (top + p / SIDE) * photo.width() + left + p % SIDE;
        x[from + p] = 0.6f * photo.grey()[place];
      }
      List<int[]> boxes = boxes(1 + draws.below(3), draws);
      int[] labels = new int[boxes.size()];
      for (int i = 0; i < labels.length; i++) {
        int row = draws.below(digits.rows());
        labels[i] = digits.labels()[row];
        write(digits.x(), row, boxes.get(i), x, ink, from);
      }
      written.add(labels);
    }
    return new DigitScenes(new Samples(SIDE * SIDE, x, ink, 0, new float[0]), written);
  }

  /** Corners {column, row} of boxes that don't overlap, from left to right. */
  private static List<int[]> boxes(int count, Draws draws) {
    List<int[]> boxes = new ArrayList<>();
    while (boxes.size() < count) {
      int[] box = {draws.below(SIDE - BOX + 1), draws.below(SIDE - BOX + 1)};
      boolean free =
          boxes.stream()
              .allMatch(b -> Math.abs(b[0] - box[0]) >= BOX || Math.abs(b[1] - box[1]) >= BOX);
      if (free) {
        boxes.add(box);
      }
    }
    boxes.sort((a, b) -> a[0] != b[0] ? Integer.compare(a[0], b[0]) : Integer.compare(a[1], b[1]));
    return boxes;
  }

  private static void write(float[] digits, int row, int[] box, float[] x, int[] ink, int from) {
    for (int p = 0; p < BOX * BOX; p++) {
      float value = digits[row * 64 + p / BOX / 2 * 8 + p % BOX / 2];
      int to = from + (box[1] + p / BOX) * SIDE + box[0] + p % BOX;
      x[to] = Math.max(x[to], value);
      ink[to] = value > 0.3f ? 1 : 0;
    }
  }

  /** Mean over background and ink of intersection over union, all pixels of all scenes together. */
  double meanIntersectionOverUnion(LocalTrainer trainer) {
    double[] hit = new double[2];
    double[] either = new double[2];
    float[] scores = trainer.outputs(images, 2 * SIDE * SIDE);
    for (int i = 0; i < images.labels().length; i++) {
      int found = scores[2 * i + 1] > scores[2 * i] ? 1 : 0;
      int wanted = images.labels()[i];
      if (found == wanted) {
        hit[wanted]++;
        either[wanted]++;
      } else {
        either[0]++;
        either[1]++;
      }
    }
    return (hit[0] / either[0] + hit[1] / either[1]) / 2;
  }
}
