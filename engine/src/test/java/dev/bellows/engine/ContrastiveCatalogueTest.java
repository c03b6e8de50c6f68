package dev.bellows.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bellows.engine.CatalogueData.Split;
import dev.bellows.engine.LocalTrainer.Samples;
import dev.bellows.engine.nn.Activation;
import dev.bellows.engine.nn.LayerSpec;
import dev.bellows.engine.nn.LossKind;
import dev.bellows.engine.nn.Model;
import dev.bellows.engine.nn.NetworkSpec;
import dev.bellows.engine.optim.OptimizerSpec;
import dev.bellows.engine.optim.OptimizerSpec.Kind;
import dev.bellows.engine.optim.ScheduleSpec;
import dev.bellows.engine.sample.RowOrder;
import dev.bellows.engine.zoo.ContrastiveNets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Features learnt without labels: views of the 8 x 8 digits moved by a pixel, under noise. */
final class ContrastiveCatalogueTest {
  private static final int CODE = 64;
  private static final int DRAWS = 10;

  /** Rows [view a, view b], each changed in its own way. */
  private static Samples views(Samples digits, long epoch) {
    Samples a =
        AugmentationCatalogueTest.changed(digits, AugmentationCatalogueTest.SHIFT, 5, epoch);
    Samples b =
        AugmentationCatalogueTest.changed(digits, AugmentationCatalogueTest.SHIFT, 6, epoch);
    return beside(a, b);
  }

  private static Samples beside(Samples a, Samples b) {
    float[] x = new float[a.rows() * 128];
    for (int row = 0; row < a.rows(); row++) {
      System.arraycopy(a.x(), row * 64, x, row * 128, 64);
      System.arraycopy(b.x(), row * 64, x, row * 128 + 64, 64);
    }
    return new Samples(128, x, new int[0], 0, new float[0]);
  }

  /** The rows as codes, times one factor that gives them a mean square of 1. */
  private static Split codes(LocalTrainer encoder, Split data) {
    float[] train = encoder.activations(beside(data.train(), data.train()), "code");
    float[] test = encoder.activations(beside(data.test(), data.test()), "code");
    double square = 0;
    for (float v : train) {
      square += v * v / train.length;
    }
    float factor = (float) (1 / Math.sqrt(square));
    for (float[] part : List.of(train, test)) {
      for (int i = 0; i < part.length; i++) {
        part[i] *= factor;
      }
    }
    return new Split(data.train().withX(CODE, train), data.test().withX(CODE, test));
  }

  /** Mean accuracy over the draws of a linear classifier of codes that sees few labels. */
  private static double probe(Split codes, int labels) {
    NetworkSpec linear =
        Model.builder().input(CODE).dense(10).loss(LossKind.SOFTMAX_CROSS_ENTROPY).build();
    OptimizerSpec adam = OptimizerSpec.of(Kind.ADAM, 0.02);
    double sum = 0;
    for (int draw = 0; draw < DRAWS; draw++) {
      int[] order = RowOrder.permutation(100 + draw, 0, 0, codes.train().rows());
      Samples few = codes.train().take(Arrays.copyOf(order, labels));
      ScheduleSpec constant = ScheduleSpec.constant();
      try (LocalTrainer trainer = new LocalTrainer(linear, adam, constant, 0.01, labels, 1)) {
        sum += trainer.epochs(few, 200).accuracy(codes.test());
      }
    }
    return sum / DRAWS;
  }

  @Test
  @DisplayName(
      "SSL-03, LOS-18 contrastive pre-training on DG, linear probe of 10 label draws: .01 or more above the random encoder at 20, 50 and 100 labels")
  void ssl03LinearProbe() {
    List<LayerSpec> encoder =
        List.of(
            LayerSpec.of("flatten", Map.of()),
            LayerSpec.dense(128, Activation.RELU),
            LayerSpec.dense(CODE, Activation.RELU));
    List<LayerSpec> projection = List.of(LayerSpec.dense(32, Activation.LINEAR));
    NetworkSpec spec = ContrastiveNets.pairs(new int[] {8, 8, 1}, 0.2, encoder, projection, 0.5);
    Split data = Digits.judging();
    OptimizerSpec adam = OptimizerSpec.of(Kind.ADAM, 2e-3);
    try (LocalTrainer trainer = new LocalTrainer(spec, adam, 256, 1)) {
      Split random = codes(trainer, data);
      for (int epoch = 0; epoch < 30; epoch++) {
        trainer.epoch(views(data.train(), epoch));
      }
      Split learnt = codes(trainer, data);
      for (int labels : new int[] {20, 50, 100}) {
        assertThat(probe(learnt, labels))
            .as(labels + " labels")
            .isGreaterThanOrEqualTo(probe(random, labels) + 0.01);
      }
    }
  }
}
