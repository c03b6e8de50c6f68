package dev.bellows.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bellows.engine.CatalogueData.Split;
import dev.bellows.engine.Digits.Recipe;
import dev.bellows.engine.LocalTrainer.Samples;
import dev.bellows.engine.nn.LossKind;
import dev.bellows.engine.nn.LossSpec;
import dev.bellows.engine.nn.Model;
import dev.bellows.engine.nn.NetworkSpec;
import dev.bellows.engine.optim.OptimizerSpec;
import dev.bellows.engine.optim.OptimizerSpec.Kind;
import dev.bellows.engine.optim.ScheduleSpec;
import dev.bellows.engine.sample.RowOrder;
import dev.bellows.engine.zoo.EntityEmbedding;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Catalogue rows about rates, amounts of data and encodings, on the digits. */
final class CatalogueDigitsTest {
  private static final LossSpec SOFTMAX = LossSpec.of(LossKind.SOFTMAX_CROSS_ENTROPY);

  private static NetworkSpec linear() {
    return Model.builder().input(64).dense(10).loss(SOFTMAX).build();
  }

  @Test
  @DisplayName("TRN-19 cosine: final training loss on the DG MLP at most the constant rate's")
  void trn19Cosine() {
    Samples rows = Digits.judging().train();
    NetworkSpec mlp = Model.builder().input(64).dense(64).relu().dense(10).loss(SOFTMAX).build();
    double[] loss = new double[2];
    for (int i = 0; i < 2; i++) {
      ScheduleSpec schedule = i == 0 ? ScheduleSpec.constant() : ScheduleSpec.cosine(0);
      OptimizerSpec adam = OptimizerSpec.of(Kind.ADAM, 0.03);
      try (LocalTrainer trainer = new LocalTrainer(mlp, adam, schedule, 0, 32, 1)) {
        loss[i] = trainer.epochs(rows, 15).evaluate(rows)[0];
      }
    }
    assertThat(loss[1]).isLessThanOrEqualTo(loss[0]);
  }

  private static double meanAccuracy(double share, double noise, double[] deviation) {
    double[] accuracy = new double[5];
    for (int fold = 0; fold < 5; fold++) {
      Split data = CatalogueData.fold(CatalogueData.digits(), fold, false);
      int[] order = RowOrder.permutation(7, fold, 0, data.train().rows());
      int clean = (int) (share * order.length);
      int all = (int) ((share + noise) * order.length);
      Samples rows = data.train().take(Arrays.copyOf(order, all));
      int[] labels = rows.labels().clone();
      int[] shuffle = RowOrder.permutation(8, fold, 0, all - clean);
      for (int i = clean; i < all; i++) {
        labels[i] = rows.labels()[clean + shuffle[i - clean]];
      }
      Split used = new Split(rows.withLabels(labels), data.test());
      accuracy[fold] = new Recipe(0.01, 15).accuracy(linear(), used);
    }
    double mean = Arrays.stream(accuracy).average().orElseThrow();
    double squares = Arrays.stream(accuracy).map(a -> (a - mean) * (a - mean)).sum();
    deviation[0] = Math.sqrt(squares / 4);
    return mean;
  }

  @Test
  @DisplayName(
      "REG-13 DG softmax regression, 5 folds: 10, 25, 50, 100 % of the rows rise; 50 % with shuffled labels don't help")
  void reg13MoreData() {
    double[] deviation = new double[1];
    double before = 0;
    double half = 0;
    for (double share : new double[] {0.1, 0.25, 0.5, 1}) {
      double accuracy = meanAccuracy(share, 0, deviation);
      assertThat(accuracy).as("share " + share).isGreaterThanOrEqualTo(before - deviation[0]);
      half = share == 0.5 ? accuracy : half;
      before = accuracy;
    }
    assertThat(before).isGreaterThan(half);
    assertThat(meanAccuracy(0.5, 0.5, deviation)).isLessThanOrEqualTo(half);
  }

  @Test
  @DisplayName(
      "LAY-18 DG pixels as categories (8 quantile bins), a trained vector of 4 each: .94 or more")
  void lay18EntityEmbeddings() {
    Split data = Digits.judging();
    float[][] edges = edges(data.train());
    Map<String, Integer> pixels = new LinkedHashMap<>();
    for (int j = 0; j < 64; j++) {
      pixels.put("pixel" + j, 8); // half the categories: 4 values each
    }
    NetworkSpec spec = EntityEmbedding.of(0, pixels, List.of(64), 0, SOFTMAX, 10);
    Split coded = new Split(coded(data.train(), edges), coded(data.test(), edges));
    assertThat(new Recipe(0.003, 15, 0.3).accuracy(spec, coded)).isGreaterThanOrEqualTo(0.94);
  }

  /** Seven quantiles of each pixel. */
  private static float[][] edges(Samples rows) {
    float[][] edges = new float[64][7];
    for (int j = 0; j < 64; j++) {
      float[] values = new float[rows.rows()];
      for (int row = 0; row < values.length; row++) {
        values[row] = rows.x()[row * 64 + j];
      }
      Arrays.sort(values);
      for (int k = 0; k < 7; k++) {
        edges[j][k] = values[(k + 1) * values.length / 8];
      }
    }
    return edges;
  }

  private static Samples coded(Samples rows, float[][] edges) {
    int[] codes = new int[rows.x().length];
    for (int i = 0; i < codes.length; i++) {
      for (float edge : edges[i % 64]) {
        codes[i] += rows.x()[i] > edge ? 1 : 0;
      }
    }
    return new Samples(0, new float[0], rows.labels(), 0, new float[0], codes);
  }
}
