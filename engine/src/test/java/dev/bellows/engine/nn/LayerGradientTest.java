package dev.bellows.engine.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.bellows.engine.sample.Philox;
import dev.bellows.engine.zoo.ImageTask;
import dev.bellows.engine.zoo.Inception;
import java.util.Arrays;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Parts made of many ops against finite differences in double. */
final class LayerGradientTest {
  private static final ImageTask TASK = ImageTask.square(4, 3, 3);

  private static final double[] NUMPY = {
    1.047299811,
    0.525859710,
    -0.479053383,
    -1.043527005,
    -0.648586711,
    0.342661214,
    1.018867999,
    0.758332245,
    -0.199410678,
    -0.973816343
  };

  private static Model.Builder image() {
    return Model.builder().input(TASK.height(), TASK.width(), TASK.channels());
  }

  private static void check(String what, Model.Builder b, LossKind loss) {
    NetworkSpec spec = b.loss(loss).build();
    float[] flat = Initializers.init(Network.layout(spec), 11);
    for (int i = 0; i < flat.length; i++) {
      flat[i] += 0.3f * Philox.normal(12, i);
    }
    double[] x = new double[2 * spec.input().numeric()];
    Arrays.setAll(x, i -> Philox.normal(13, i));
    new NetworkRun(spec, 2, Mode.TRAIN, flat).numeric(x).labels(2, 0).checkGradients(what);
  }

  /**
   * NumPy 2: {@code x = np.sin(np.arange(64)); W = np.sin(np.arange(640)).reshape(64, 10) / 8; x @
   * W + np.cos(np.arange(10))}.
   */
  @Test
  @DisplayName("LAY-01 dense 64 to 10: 650 parameters, NumPy's output to 1e-6, gradient check")
  void lay01Dense() {
    Model.Builder b = Model.builder().input(64).dense(10).as("dense");
    NetworkSpec spec = b.loss(LossKind.SOFTMAX_CROSS_ENTROPY).build();
    ParameterLayout layout = Network.layout(spec);
    assertThat(layout.trainable()).isEqualTo(650);
    float[] flat = new float[650];
    for (int i = 0; i < 640; i++) {
      flat[layout.segment("dense.weight").offset() + i] = (float) (Math.sin(i) / 8);
    }
    for (int i = 0; i < 10; i++) {
      flat[layout.segment("dense.bias").offset() + i] = (float) Math.cos(i);
    }
    double[] x = new double[64];
    Arrays.setAll(x, Math::sin);
    NetworkRun run = new NetworkRun(spec, 1, Mode.TRAIN, flat).numeric(x).labels(3);
    assertThat(run.output()).containsExactly(NUMPY, within(1e-6));
    run.checkGradients("dense");
  }

  @Test
  @DisplayName("VIS-05 gradient check of a whole Inception module: branches, pool and concat")
  void vis05InceptionModule() {
    Model.Builder b = Inception.module(image(), "module", new Inception.Module(2, 2, 3, 1, 2, 2));
    check(
        "inception module",
        b.globalAveragePool().dense(TASK.classes()),
        LossKind.SOFTMAX_CROSS_ENTROPY);
  }

  @Test
  @DisplayName("VIS-18 gradient check of tokens gathered from pixels and asked by them")
  void vis18Tokens() {
    Model.Builder b = image().reshape(16, 3).as("pixels").layer("tokenizer", "tokens", 4);
    b.as("tokens").layer("attention", "score", "general").from("pixels", "tokens");
    check("tokens", b.flatten().dense(TASK.classes()), LossKind.SOFTMAX_CROSS_ENTROPY);
  }

  @Test
  @DisplayName(
      "VIS-17 gradient check of capsules: squash, votes, three rounds, lengths, margin loss")
  void vis17Capsules() {
    Model.Builder b = image().reshape(-1, 6).layer("squash");
    b.layer("capsules", "capsules", TASK.classes(), "dim", 4, "rounds", 3);
    check("capsules", b.layer("vector_length"), LossKind.CAPSULE_MARGIN);
  }
}
