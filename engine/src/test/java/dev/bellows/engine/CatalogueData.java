package dev.bellows.engine;

import dev.bellows.engine.LocalTrainer.Samples;
import dev.bellows.engine.sample.Mix64;
import dev.bellows.engine.sample.Purpose;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/** The catalogue's data sets and splits, ready for {@link LocalTrainer}. */
final class CatalogueData {
  private CatalogueData() {}

  /** Rows for training and the rest. */
  record Split(Samples train, Samples test) {}

  /** DG: digits 8x8 divided by 16, labels 0-9. */
  static Samples digits() {
    List<String[]> csv = RealData.csv("digits8x8/digits8x8.csv.gz");
    float[] x = new float[csv.size() * 64];
    int[] labels = new int[csv.size()];
    for (int row = 0; row < labels.length; row++) {
      for (int j = 0; j < 64; j++) {
        x[row * 64 + j] = Float.parseFloat(csv.get(row)[j]) / 16;
      }
      labels[row] = Integer.parseInt(csv.get(row)[64]);
    }
    return new Samples(64, x, labels, 0, new float[0]);
  }

  /** BC: breast cancer, 30 columns as they are; label and target 1 = malignant. */
  static Samples breastCancer() {
    List<String[]> csv = RealData.csv("wdbc/wdbc.csv");
    float[] x = new float[csv.size() * 30];
    int[] labels = new int[csv.size()];
    for (int row = 0; row < labels.length; row++) {
      for (int j = 0; j < 30; j++) {
        x[row * 30 + j] = Float.parseFloat(csv.get(row)[j + 2]);
      }
      labels[row] = csv.get(row)[1].equals("M") ? 1 : 0;
    }
    return new Samples(30, x, labels, 1, floats(labels));
  }

  /** IR: iris, 4 columns as they are; label 0, 1, 2 = setosa, versicolor, virginica. */
  static Samples iris() {
    String[] lines =
        new String(RealData.bytes("iris/iris.csv"), StandardCharsets.UTF_8).strip().split("\n");
    float[] x = new float[lines.length * 4];
    int[] labels = new int[lines.length];
    for (int row = 0; row < lines.length; row++) {
      String[] cells = lines[row].strip().split(",");
      for (int j = 0; j < 4; j++) {
        x[row * 4 + j] = Float.parseFloat(cells[j]);
      }
      labels[row] = List.of("Iris-setosa", "Iris-versicolor", "Iris-virginica").indexOf(cells[4]);
    }
    return new Samples(4, x, labels, 0, new float[0]);
  }

  /** DB: diabetes, 10 columns as they are; target = progression. */
  static Samples diabetes() {
    List<String[]> csv = RealData.csv("diabetes/diabetes.csv.gz");
    float[] x = new float[csv.size() * 10];
    float[] target = new float[csv.size()];
    for (int row = 0; row < target.length; row++) {
      for (int j = 0; j < 10; j++) {
        x[row * 10 + j] = Float.parseFloat(csv.get(row)[j]);
      }
      target[row] = Float.parseFloat(csv.get(row)[10]);
    }
    return new Samples(10, x, new int[0], 1, target);
  }

  /** MNIST, 28 x 28 divided by 255: 60,000 rows for training and 10,000 for testing. */
  static Split mnist() {
    return new Split(mnist("train"), mnist("t10k"));
  }

  private static Samples mnist(String part) {
    byte[] pixels = RealData.bytes("mnist/" + part + "-images-idx3-ubyte.gz");
    byte[] digits = RealData.bytes("mnist/" + part + "-labels-idx1-ubyte.gz");
    float[] x = new float[pixels.length - 16]; // behind magic, count, rows and columns
    for (int i = 0; i < x.length; i++) {
      x[i] = (pixels[16 + i] & 0xff) / 255f;
    }
    int[] labels = new int[digits.length - 8]; // behind magic and count
    for (int i = 0; i < labels.length; i++) {
      labels[i] = digits[8 + i];
    }
    return new Samples(784, x, labels, 0, new float[0]);
  }

  private static float[] floats(int[] values) {
    float[] out = new float[values.length];
    for (int i = 0; i < out.length; i++) {
      out[i] = values[i];
    }
    return out;
  }

  /** Fold {@code fold} of five for testing, the others for training. */
  static Split fold(Samples data, int fold, boolean scaled) {
    int[] folds = folds(data);
    Samples trained = where(data, row -> folds[row] != fold);
    Samples tested = where(data, row -> folds[row] == fold);
    return scaled ? scale(trained, tested) : new Split(trained, tested);
  }

  /** The rows that pass, in their order. */
  static Samples where(Samples data, IntPredicate passes) {
    return data.take(IntStream.range(0, data.rows()).filter(passes).toArray());
  }

  /**
   * The fold, 0 to 4, of each row: rows are dealt within each class by a hashed rank, so classes
   * are balanced.
   */
  static int[] folds(Samples data) {
    int[] folds = new int[data.rows()];
    int classes = data.labels().length == 0 ? 1 : Arrays.stream(data.labels()).max().orElse(0) + 1;
    int dealt = 0;
    for (int c = 0; c < classes; c++) {
      List<Integer> rows = new ArrayList<>();
      for (int row = 0; row < data.rows(); row++) {
        if (data.labels().length == 0 || data.labels()[row] == c) {
          rows.add(row);
        }
      }
      rows.sort(Comparator.comparing(row -> Mix64.mix(42, Purpose.FOLD, row)));
      for (int row : rows) {
        folds[row] = dealt++ % 5;
      }
    }
    return folds;
  }

  /** Both standardised with the training rows' means and deviations. */
  static Split scale(Samples train, Samples test) {
    int width = train.width();
    double[] mean = new double[width];
    double[] deviation = new double[width];
    for (int i = 0; i < train.x().length; i++) {
      mean[i % width] += train.x()[i] / (double) train.rows();
    }
    for (int i = 0; i < train.x().length; i++) {
      double d = train.x()[i] - mean[i % width];
      deviation[i % width] += d * d / train.rows();
    }
    return new Split(scaled(train, mean, deviation), scaled(test, mean, deviation));
  }

  private static Samples scaled(Samples data, double[] mean, double[] variance) {
    float[] x = new float[data.x().length];
    for (int i = 0; i < x.length; i++) {
      int j = i % data.width();
      x[i] = (float) ((data.x()[i] - mean[j]) / Math.sqrt(variance[j]));
    }
    return new Samples(data.width(), x, data.labels(), data.outputs(), data.target());
  }
}
