package dev.bellows.engine;

import dev.bellows.engine.CatalogueData.Split;
import dev.bellows.engine.LocalTrainer.Samples;
import dev.bellows.engine.nn.NetworkSpec;
import dev.bellows.engine.optim.OptimizerSpec;
import dev.bellows.engine.optim.OptimizerSpec.Kind;
import dev.bellows.engine.optim.ScheduleSpec;
import dev.bellows.engine.zoo.ImageTask;
import java.util.function.IntBinaryOperator;

/**
 * DG, the 1,797 digits of 8 x 8, with one protocol for every network: settings are chosen on {@link
 * #choosing}, figures are those of {@link #judging}, whose test rows took no part in any choice.
 * One test row is .0028.
 */
final class Digits {
  static final ImageTask TASK = ImageTask.square(8, 1, 10);

  private static final int BATCH = 32;

  private Digits() {}

  /** Folds 2 to 4 train, fold 0 validates. */
  static Split choosing() {
    return split(CatalogueData.digits(), 0, 1);
  }

  /** Folds 0 and 2 to 4 train, fold 1 tests. */
  static Split judging() {
    return judging(CatalogueData.digits());
  }

  /** The same rows, changed in place: order and first labels must be those of the digits. */
  static Split judging(Samples digits) {
    return split(digits, 1, -1);
  }

  private static Split split(Samples digits, int test, int unused) {
    int[] folds = CatalogueData.folds(CatalogueData.digits());
    return new Split(
        CatalogueData.where(digits, row -> folds[row] != test && folds[row] != unused),
        CatalogueData.where(digits, row -> folds[row] == test));
  }

  /** Every pixel {@code factor} times wide and high. */
  static Samples enlarged(Samples digits, int factor) {
    int side = 8 * factor;
    return moved(digits, side, (x, y) -> y / factor * 8 + x / factor);
  }

  /** Moved by some pixels to the right and down; 0 comes in. */
  static Samples shifted(Samples digits, int right, int down) {
    return moved(
        digits,
        8,
        (x, y) -> {
          int column = x - right;
          int row = y - down;
          return column < 0 || column > 7 || row < 0 || row > 7 ? -1 : row * 8 + column;
        });
  }

  /** Images of another side; {@code from} gives the pixel at (x, y), or -1 for 0. */
  private static Samples moved(Samples digits, int side, IntBinaryOperator from) {
    float[] x = new float[digits.rows() * side * side];
    for (int i = 0; i < x.length; i++) {
      int place = i % (side * side);
      int pixel = from.applyAsInt(place % side, place / side);
      x[i] = pixel < 0 ? 0 : digits.x()[i / (side * side) * 64 + pixel];
    }
    return digits.withX(side * side, x);
  }

  /**
   * How to train: Adam with one epoch of warm-up and half a cosine down to 0 at the end.
   *
   * @param rate highest learning rate
   * @param decay decoupled weight decay per unit of rate
   */
  record Recipe(double rate, int epochs, double decay) {
    Recipe(double rate, int epochs) {
      this(rate, epochs, 0);
    }

    /** A trained network; close it. */
    LocalTrainer train(NetworkSpec spec, Samples rows, long seed) {
      int steps = (rows.rows() + BATCH - 1) / BATCH;
      OptimizerSpec adam = OptimizerSpec.of(Kind.ADAMW, rate).withWeightDecay(decay);
      ScheduleSpec schedule = ScheduleSpec.cosine(0).withWarmup(steps);
      return new LocalTrainer(spec, adam, schedule, 0, BATCH, seed).epochs(rows, epochs);
    }

    /** Accuracy on the split's test rows. */
    double accuracy(NetworkSpec spec, Split data) {
      try (LocalTrainer trainer = train(spec, data.train(), 1)) {
        return trainer.accuracy(data.test());
      }
    }
  }
}
