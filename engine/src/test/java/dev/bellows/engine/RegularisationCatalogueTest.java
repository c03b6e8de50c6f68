package dev.bellows.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bellows.engine.CatalogueData.Split;
import dev.bellows.engine.LocalTrainer.Samples;
import dev.bellows.engine.nn.LossKind;
import dev.bellows.engine.nn.Model;
import dev.bellows.engine.nn.NetworkSpec;
import dev.bellows.engine.optim.OptimizerSpec;
import dev.bellows.engine.optim.OptimizerSpec.Kind;
import dev.bellows.engine.optim.ScheduleSpec;
import dev.bellows.engine.sample.Mix64;
import dev.bellows.engine.sample.Purpose;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * Regularisers on the 8 x 8 digits. With 100 labels: ten rows of each class, drawn anew per seed
 * from the training rows of fold 0, whose test rows measure.
 */
final class RegularisationCatalogueTest {
  private static final int SEEDS = 5;

  /** Accuracy and log loss on test rows, accuracy on training rows. */
  private record Figures(double accuracy, double logLoss, double trainAccuracy) {
    Figures plus(Figures other) {
      return new Figures(
          accuracy + other.accuracy, logLoss + other.logLoss, trainAccuracy + other.trainAccuracy);
    }

    Figures over(int n) {
      return new Figures(accuracy / n, logLoss / n, trainAccuracy / n);
    }
  }

  private static Split digits() {
    return CatalogueData.fold(CatalogueData.digits(), 0, false);
  }

  private static NetworkSpec cnn(boolean norm, double dropout, double smoothing) {
    Model.Builder b = Model.builder().input(8, 8, 1);
    conv(b, 16, norm).maxPool2d(2);
    conv(b, 32, norm).maxPool2d(2).flatten().dense(64).relu();
    if (dropout > 0) {
      b.dropout(dropout);
    }
    return b.dense(10).loss(LossKind.SOFTMAX_CROSS_ENTROPY, "label_smoothing", smoothing).build();
  }

  private static Model.Builder conv(Model.Builder b, int filters, boolean norm) {
    b.conv2d(filters, 3);
    return norm ? b.batchNorm().relu() : b.relu();
  }

  /** Ten rows of each class. */
  private static Samples hundred(Samples rows, long seed) {
    List<Integer> chosen = new ArrayList<>();
    for (int c = 0; c < 10; c++) {
      List<Integer> of = new ArrayList<>();
      for (int row = 0; row < rows.rows(); row++) {
        if (rows.labels()[row] == c) {
          of.add(row);
        }
      }
      of.sort(Comparator.comparing(row -> Mix64.mix(seed, Purpose.BOOTSTRAP, row)));
      chosen.addAll(of.subList(0, 10));
    }
    return rows.take(chosen.stream().mapToInt(i -> i).toArray());
  }

  private static Figures mean(NetworkSpec spec, NetworkSpec plain) {
    Split data = digits();
    Figures sum = new Figures(0, 0, 0);
    for (int seed = 1; seed <= SEEDS; seed++) {
      Samples train = hundred(data.train(), seed);
      sum = sum.plus(train(spec, plain, train, data.test(), 20, 60, seed));
    }
    return sum.over(SEEDS);
  }

  /**
   * @param plain the same network with the plain loss, to measure with
   */
  private static Figures train(
      NetworkSpec spec,
      NetworkSpec plain,
      Samples train,
      Samples test,
      int batch,
      int epochs,
      long seed) {
    OptimizerSpec adam = OptimizerSpec.of(Kind.ADAM, 0.002);
    try (LocalTrainer trainer = new LocalTrainer(spec, adam, batch, seed);
        LocalTrainer measure = new LocalTrainer(plain, adam, batch, seed)) {
      trainer.epochs(train, epochs);
      System.arraycopy(trainer.weights, 0, measure.weights, 0, trainer.weights.length);
      double[] found = measure.evaluate(test);
      return new Figures(found[1], found[0], measure.accuracy(train));
    }
  }

  @Test
  @DisplayName("LOS-12 label smoothing .1, DG CNN on 100 labels, 5 seeds: accuracy + .01 or more")
  void los12LabelSmoothing() {
    NetworkSpec plain = cnn(false, 0, 0);
    Figures without = mean(plain, plain);
    Figures with = mean(cnn(false, 0, 0.1), plain);
    String found = "without " + without + ", with " + with;
    assertThat(with.accuracy()).as(found).isGreaterThanOrEqualTo(without.accuracy() + 0.01);
  }

  @Test
  @DisplayName("REG-04 dropout .5, DG CNN on 100 labels, 5 seeds: log loss falls, accuracy holds")
  void reg04Dropout() {
    NetworkSpec plain = cnn(false, 0, 0);
    Figures without = mean(plain, plain);
    NetworkSpec dropout = cnn(false, 0.5, 0);
    Figures with = mean(dropout, dropout);
    String found = "without " + without + ", with " + with;
    assertThat(with.logLoss()).as(found).isLessThan(without.logLoss());
    assertThat(with.accuracy()).as(found).isGreaterThanOrEqualTo(without.accuracy());
  }

  @Test
  @DisplayName(
      "REG-06 batch norm, DG CNN, 5 seeds: the gap between training and test does not grow")
  void reg06BatchNorm() {
    NetworkSpec plain = cnn(false, 0, 0);
    Figures without = mean(plain, plain);
    NetworkSpec norm = cnn(true, 0, 0);
    Figures with = mean(norm, norm);
    String found = "without " + without + ", with " + with;
    assertThat(with.trainAccuracy() - with.accuracy())
        .as(found)
        .isLessThanOrEqualTo(without.trainAccuracy() - without.accuracy());
  }

  /** Every image moved by each of the shifts, with zeros from outside. */
  private static Samples shifted(Samples data, int[][] shifts) {
    float[] x = new float[data.x().length * shifts.length];
    int[] labels = new int[data.rows() * shifts.length];
    for (int s = 0; s < shifts.length; s++) {
      for (int row = 0; row < data.rows(); row++) {
        int to = s * data.rows() + row;
        labels[to] = data.labels()[row];
        for (int p = 0; p < 64; p++) {
          int i = p / 8 - shifts[s][0];
          int j = p % 8 - shifts[s][1];
          boolean inside = i >= 0 && i < 8 && j >= 0 && j < 8;
          x[to * 64 + p] = inside ? data.x()[row * 64 + 8 * i + j] : 0;
        }
      }
    }
    return new Samples(64, x, labels, 0, new float[0]);
  }

  @Test
  @DisplayName(
      "REG-09 shifts of one pixel, DG CNN on shifted digits: .93 or more with, .60 or less without")
  void reg09Augmentation() {
    int[][] straight = {{0, 0}, {-1, 0}, {1, 0}, {0, -1}, {0, 1}};
    int[][] diagonal = {{-1, -1}, {-1, 1}, {1, -1}, {1, 1}};
    Split data = digits();
    Samples test = shifted(data.test(), diagonal);
    NetworkSpec plain = cnn(false, 0, 0);
    Figures without = train(plain, plain, data.train(), test, 32, 10, 1);
    int[][] all = {
      straight[0],
      straight[1],
      straight[2],
      straight[3],
      straight[4],
      diagonal[0],
      diagonal[1],
      diagonal[2],
      diagonal[3]
    };
    Figures with = train(plain, plain, shifted(data.train(), all), test, 32, 2, 1);
    String found = "without " + without + ", with " + with;
    assertThat(with.accuracy()).as(found).isGreaterThanOrEqualTo(0.93);
    assertThat(without.accuracy()).as(found).isLessThanOrEqualTo(0.60);
  }

  @Test
  @DisplayName("REG-05 DropConnect on the DG MLP: accuracy .95 or more")
  void reg05DropConnect() {
    Split data = digits();
    NetworkSpec spec =
        Model.builder()
            .input(64)
            .layer("drop_connect", "units", 64, "rate", 0.5, "activation", "relu")
            .dense(10)
            .loss(LossKind.SOFTMAX_CROSS_ENTROPY)
            .build();
    Figures found = train(spec, spec, data.train(), data.test(), 32, 30, 1);
    assertThat(found.accuracy()).isGreaterThanOrEqualTo(0.95);
  }

  /** Hinge plus l2 / 2 |w|^2 per row with l2 = 1 / (C n). */
  private static double[] svm(Samples rows, double c) {
    NetworkSpec spec = Model.builder().input(30).dense(1).loss(LossKind.HINGE).build();
    double l2 = 1 / (c * rows.rows());
    ScheduleSpec falling =
        new ScheduleSpec(ScheduleSpec.Kind.EXPONENTIAL, 0, 0.003, 1, 1, 1, 0, false);
    OptimizerSpec sgd = OptimizerSpec.of(Kind.SGD, Math.min(0.5, 1 / (20 * l2)));
    try (LocalTrainer trainer = new LocalTrainer(spec, sgd, falling, l2, rows.rows(), 1)) {
      trainer.epochs(rows, 3000);
      double[] w = new double[30];
      for (int i = 0; i < 30; i++) {
        w[i] = trainer.weights[i];
      }
      return w;
    }
  }

  private static double norm(double[] w) {
    double sum = 0;
    for (double v : w) {
      sum += v * v;
    }
    return Math.sqrt(sum);
  }

  @Test
  @DisplayName(
      "LOS-09 SVM cost with C on BC: the norm grows with C; an outlier moves more at C = 100 than .01")
  void los09SvmCost() {
    Split data = CatalogueData.fold(CatalogueData.breastCancer(), 0, true);
    Samples rows = data.train();
    double last = 0;
    for (double c : new double[] {0.01, 0.1, 1, 10}) {
      double size = norm(svm(rows, c));
      assertThat(size).as("C = %s", c).isGreaterThan(last);
      last = size;
    }
    int outlier = farthest(rows);
    float[] target = rows.target().clone();
    target[outlier] = 1 - target[outlier];
    Samples flipped = new Samples(30, rows.x(), rows.labels(), 1, target);
    assertThat(moved(rows, flipped, 100)).isGreaterThan(moved(rows, flipped, 0.01));
  }

  private static double moved(Samples rows, Samples flipped, double c) {
    double[] before = svm(rows, c);
    double[] after = svm(flipped, c);
    for (int i = 0; i < before.length; i++) {
      after[i] -= before[i];
    }
    return norm(after);
  }

  private static int farthest(Samples rows) {
    int farthest = 0;
    double most = 0;
    for (int row = 0; row < rows.rows(); row++) {
      double sum = 0;
      for (int j = 0; j < 30; j++) {
        sum += rows.x()[30 * row + j] * rows.x()[30 * row + j];
      }
      if (sum > most) {
        most = sum;
        farthest = row;
      }
    }
    return farthest;
  }
}
