package dev.bellows.engine.bench;

import dev.bellows.engine.nn.LossKind;
import dev.bellows.engine.nn.Model;
import dev.bellows.engine.nn.NetworkSpec;
import dev.bellows.engine.optim.OptimizerSpec;
import dev.bellows.engine.optim.OptimizerSpec.Kind;
import dev.bellows.engine.sample.Philox;
import dev.bellows.engine.zoo.ConvNets;
import dev.bellows.engine.zoo.ImageTask;
import dev.bellows.engine.zoo.ResNets;
import dev.bellows.engine.zoo.SequenceNets;
import dev.bellows.engine.zoo.Transformers;
import java.util.List;

/**
 * One of the five models whose whole training steps are timed against PyTorch: same shapes, batch
 * and optimiser on both sides.
 *
 * @param rows of a batch
 * @param tokens codes of a row; 0 when rows are numbers
 */
public record PeerModel(
    String name, NetworkSpec spec, int rows, OptimizerSpec optimizer, int tokens) {
  private static final int VOCABULARY = 1000;
  private static final int CHARACTERS = 80;
  private static final int CLASSES = 10;

  /** All five, the smallest first. */
  public static List<PeerModel> all() {
    return List.of(mlp(), lenet5(), resnet20(), lstm(), transformer());
  }

  /**
   * The model of that name.
   *
   * @throws IllegalArgumentException when there is none
   */
  public static PeerModel named(String name) {
    return all().stream()
        .filter(m -> m.name.equals(name))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("no model is called " + name));
  }

  private static PeerModel mlp() {
    Model.Builder b = Model.builder().input(784).dense(256).relu().dense(128).relu().dense(CLASSES);
    NetworkSpec spec = b.loss(LossKind.SOFTMAX_CROSS_ENTROPY).build();
    return new PeerModel("mlp", spec, 128, OptimizerSpec.of(Kind.ADAM, 1e-3), 0);
  }

  private static PeerModel lenet5() {
    NetworkSpec spec = ConvNets.lenet5(ImageTask.square(28, 1, CLASSES));
    return new PeerModel("lenet5", spec, 64, OptimizerSpec.of(Kind.SGD, 0.05), 0);
  }

  private static PeerModel resnet20() {
    OptimizerSpec momentum =
        OptimizerSpec.of(Kind.MOMENTUM, 0.1).withMomentum(0.9).withWeightDecay(1e-4);
    NetworkSpec spec = ResNets.resNet20(ImageTask.square(32, 3, CLASSES));
    return new PeerModel("resnet20", spec, 32, momentum, 0);
  }

  private static PeerModel lstm() {
    NetworkSpec spec =
        SequenceNets.characterModel(SequenceNets.Cell.LSTM, 50, CHARACTERS, 64, 128, 1);
    return new PeerModel("lstm", spec, 32, OptimizerSpec.of(Kind.ADAM, 2e-3), 50);
  }

  private static PeerModel transformer() {
    Transformers.Size size = new Transformers.Size(2, 128, 4, 512, 0);
    NetworkSpec spec = Transformers.classifier(64, VOCABULARY, size, CLASSES);
    return new PeerModel("transformer", spec, 32, OptimizerSpec.of(Kind.ADAMW, 1e-3), 64);
  }

  /**
   * Row {@code row} of an endless table that can be learned: the class of a row of numbers is a
   * linear function of them, that of a row of tokens its first token modulo 10, and the characters
   * of a text go on in equal strides.
   *
   * @param numbers receives the row's numbers
   * @param codes receives the row's tokens
   * @param labels receives the row's labels
   */
  void row(long row, float[] numbers, int[] codes, int[] labels) {
    if (tokens == 0) {
      Philox.fillNormal(3, row * numbers.length, numbers, 0, numbers.length);
      labels[0] = linear(numbers);
    } else if (labels.length == 1) {
      for (int t = 0; t < tokens; t++) {
        codes[t] = whole(row * tokens + t, VOCABULARY);
      }
      labels[0] = codes[0] % CLASSES;
    } else {
      int stride = 1 + whole(2 * row, 3);
      int first = whole(2 * row + 1, CHARACTERS);
      for (int t = 0; t < tokens; t++) {
        codes[t] = (first + t * stride) % CHARACTERS;
        labels[t] = (codes[t] + stride) % CHARACTERS;
      }
    }
  }

  private static int whole(long index, int bound) {
    return (int) (Philox.uniform(4, index) * bound);
  }

  /** The class whose direction, one element in four of the numbers, has the largest product. */
  private static int linear(float[] numbers) {
    int best = 0;
    double highest = Double.NEGATIVE_INFINITY;
    for (int k = 0; k < CLASSES; k++) {
      double score = 0;
      for (int i = k; i < numbers.length; i += 4) {
        score += numbers[i] * (Philox.uniform(5, (long) k * numbers.length + i) - 0.5);
      }
      if (score > highest) {
        highest = score;
        best = k;
      }
    }
    return best;
  }
}
