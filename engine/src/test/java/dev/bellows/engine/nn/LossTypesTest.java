package dev.bellows.engine.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Losses as networks see them: options, truth, weights. Formulas: StructuredLossTest. */
final class LossTypesTest {
  /** The loss of fixed scores: a network without layers. */
  private static NetworkRun run(LossSpec loss, int rows, int outputs, double... scores) {
    NetworkSpec spec = new NetworkSpec(InputSpec.numeric(outputs), List.of(), loss, outputs);
    return new NetworkRun(spec, rows, Mode.EVALUATE, new float[0]).numeric(scores);
  }

  private static double value(NetworkRun run) {
    return run.run.scalar(run.net.loss());
  }

  private static void weigh(NetworkRun run, double... weights) {
    run.run.bind(run.net.weights(), weights);
  }

  @Test
  void rowWeightsMultiplyTheLossOfARow() {
    for (LossKind kind : LossKind.values()) {
      if (kind == LossKind.BATCH_HARD_TRIPLET || kind == LossKind.INFO_NCE) {
        continue; // a row's loss depends on the other rows
      }
      int outputs = LossSamples.outputs(kind);
      double[] scores = new double[2 * outputs];
      for (int i = 0; i < scores.length; i++) {
        scores[i] = Math.sin(3 * i + 1);
      }
      NetworkRun both = run(LossSamples.of(kind), 2, outputs, scores);
      if (both.net.labels() != null) {
        both.labels(1, 2);
      } else if (both.net.target() != null) {
        double[] target = new double[2 * both.net.target().shape().dim(1)];
        for (int i = 0; i < target.length; i++) {
          target[i] = i % 3 == 0 ? 1 : 0;
        }
        both.target(target);
      }
      weigh(both, 1, 0);
      double first = value(both);
      weigh(both, 0, 1);
      double second = value(both);
      weigh(both, 2, 0.5);
      assertThat(value(both)).as(kind.id()).isCloseTo(2 * first + second / 2, within(1e-12));
      assertThat(first).as(kind.id()).isNotEqualTo(second);
    }
  }

  /** p = (0.8, 0.2), t = (1, 0): 1 - (2 0.8 + 1) / (1 + 1 + 1). */
  @Test
  void diceReadsRawScores() {
    double score = Math.log(4);
    NetworkRun run = run(LossSpec.of(LossKind.DICE, "smooth", 1), 1, 2, score, -score);
    assertThat(value(run.target(1, 0))).isCloseTo(1 - (0.8 + 1) / (1 + 1), within(1e-9));
    assertThat(run.run.scalar(run.net.metric())).as("both outputs right").isEqualTo(1);
  }

  /** Two positions of three have labels 0 and 1; softmax shares 0.8/0.2 and 0.5/0.5. */
  @Test
  void softmaxDiceLeavesOutPositionsWithoutALabel() {
    InputSpec input = InputSpec.shaped("series", 3, 2);
    LossSpec loss = LossSpec.of(LossKind.SOFTMAX_DICE, "smooth", 0.5);
    NetworkSpec spec =
        new NetworkSpec(
            input, List.of(LayerSpec.of("reshape", Map.of("shape", List.of(3, 2)))), loss, 2);
    NetworkRun run = new NetworkRun(spec, 1, Mode.EVALUATE, new float[0]);
    run.numeric(Math.log(4), 0, 7, 7, 0, 0).labels(0, -1, 1);
    run.run.bind(NetworkRun.node(run.net.safeLabels()), new int[] {0, 0, 1});
    run.run.bind(NetworkRun.node(run.net.mask()), new double[] {1, 0, 1});
    double zero = 1 - (0.8 + 0.5) / ((0.8 + 0.5 + 1) / 2 + 0.5);
    double one = 1 - (0.5 + 0.5) / ((0.2 + 0.5 + 1) / 2 + 0.5);
    assertThat(value(run)).isCloseTo((zero + one) / 2, within(1e-9));
  }

  @Test
  void lossesWithoutATruthReadNone() {
    NetworkRun run =
        run(LossSpec.of(LossKind.GAUSSIAN_KULLBACK_LEIBLER), 2, 4, 1, 0, 0, 0, 0, 0, 0, 0);
    assertThat(run.net.labels()).isNull();
    assertThat(run.net.target()).isNull();
    assertThat(value(run)).as("m = 1 costs 1/2").isCloseTo(0.5, within(1e-12));
    assertThat(run.run.scalar(run.net.metric())).isCloseTo(0.5, within(1e-12));
  }

  @Test
  void pairsHaveOneTargetPerRow() {
    NetworkRun run = run(LossSpec.of(LossKind.CONTRASTIVE), 2, 2, 0, 3, 0, 0.25).target(1, 0);
    assertThat(value(run)).isCloseTo(9.0 / 2 + 0.75 * 0.75 / 2, within(1e-9));
  }

  @Test
  void whatDoesNotFitIsNamed() {
    assertThatThrownBy(() -> run(LossSpec.of(LossKind.TRIPLET), 1, 4, 0, 0, 0, 0))
        .isInstanceOf(NetworkException.class)
        .hasMessageContaining("triplet reads 3 parts of equal width")
        .hasMessageContaining("4 outputs");
    assertThatThrownBy(() -> run(LossSpec.of(LossKind.FOCAL), 1, 1, 0))
        .hasMessageContaining("for one output use sigmoid_focal");
    assertThatThrownBy(() -> LossSpec.of(LossKind.FOCAL, "gama", 2))
        .hasMessageContaining("did you mean 'gamma'");
    assertThatThrownBy(() -> LossSpec.of(LossKind.BATCH_HARD_TRIPLET))
        .hasMessageContaining("loss.classes is missing");
    assertThatThrownBy(() -> LossSpec.of(LossKind.DICE, "smooth"))
        .hasMessageContaining("names and values in turn");
    assertThatThrownBy(
            () -> run(LossSpec.of(LossKind.INFO_NCE).with("target", "input"), 1, 2, 0, 0))
        .hasMessageContaining("info_nce of head 'main' has no truth: remove target");
  }
}
