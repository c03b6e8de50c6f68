package dev.bellows.engine.golden;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bellows.engine.kernel.KernelProvider;
import dev.bellows.engine.optim.OptimizerSpec;
import dev.bellows.engine.plan.NativeKernels;
import dev.bellows.engine.plan.PlanOptions;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** From the same weights and data the loss goes the way PyTorch's went, over 200 steps. */
@ExtendWith(NativeKernels.class)
final class GoldenCurveTest {
  /**
   * Rounding differs between the libraries and training magnifies it: asked of the last step, held
   * at each.
   */
  private static final double RELATIVE = 1e-3;

  private static final int LAST_STEP = 200;

  @Test
  @DisplayName("SEQ-16 the transformer's loss follows PyTorch's for 200 steps")
  void transformer() {
    follows(
        "transformer", new PeerTransformer(32), OptimizerSpec.of(OptimizerSpec.Kind.ADAMW, 1e-3));
  }

  @Test
  @DisplayName("SEQ-03 the character LSTM's loss follows PyTorch's for 200 steps")
  void lstm() {
    follows("lstm", new PeerLstm(32), OptimizerSpec.of(OptimizerSpec.Kind.ADAM, 2e-3));
  }

  @Test
  @DisplayName("LAY-01 the perceptron's loss follows PyTorch's for 200 steps")
  void mlp() {
    follows("mlp", new PeerMlp(128), OptimizerSpec.of(OptimizerSpec.Kind.ADAM, 5e-4));
  }

  @Test
  @DisplayName("LAY-03, LAY-11 LeNet-5's loss follows PyTorch's for 200 steps")
  void lenet5() {
    follows("lenet5", new PeerLenet5(64), OptimizerSpec.of(OptimizerSpec.Kind.SGD, 0.025));
  }

  @Test
  @DisplayName("LAY-27 ResNet-20's loss follows PyTorch's for 200 steps")
  void resnet20() {
    OptimizerSpec momentum = OptimizerSpec.of(OptimizerSpec.Kind.MOMENTUM, 0.005).withMomentum(0.9);
    follows("resnet20", new PeerResnet20(16), momentum, 1e-4);
  }

  private static void follows(String model, GoldenNet net, OptimizerSpec optimizer) {
    follows(model, net, optimizer, 0);
  }

  /** With {@code l2} times the parameters in their gradient. */
  private static void follows(String model, GoldenNet net, OptimizerSpec optimizer, double l2) {
    double[] expected = GoldenValues.losses(model);
    assertThat(expected).hasSize(LAST_STEP + 1);
    KernelProvider provider = KernelProvider.choose(KernelProvider.Preference.AUTO);
    try (GraphTrainer trainer =
        new GraphTrainer(net.graph, net.loss(), provider, PlanOptions.DEFAULT, optimizer, l2)) {
      float[] start = net.start();
      System.arraycopy(start, 0, trainer.flat, 0, start.length);
      trainer.load();
      for (int step = 0; step <= LAST_STEP; step++) {
        net.feed(trainer, step);
        double found = trainer.step();
        double difference = Math.abs(found - expected[step]) / Math.abs(expected[step]);
        assertThat(difference)
            .as("%s: loss of step %d is %s, PyTorch's %s", model, step, found, expected[step])
            .isLessThan(step == 0 ? 1e-5 : RELATIVE);
      }
    }
  }
}
