package dev.bellows.engine.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bellows.engine.kernel.KernelProvider;
import dev.bellows.engine.nn.Initializers;
import dev.bellows.engine.nn.NetworkSpec;
import dev.bellows.engine.sample.Philox;
import dev.bellows.engine.tensor.Memory;
import dev.bellows.engine.zoo.ConvNets;
import dev.bellows.engine.zoo.ImageTask;
import dev.bellows.engine.zoo.ResNets;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Which kernels the convolutions of whole networks get. */
@ExtendWith(NativeKernels.class)
final class ConvolutionKernelsTest {
  private static final NetworkSpec LENET5 = ConvNets.lenet5(ImageTask.square(28, 1, 10));
  private static final NetworkSpec RESNET20 =
      ResNets.small(ImageTask.square(32, 3, 10), 3, ResNets.Block.BASIC, ResNets.Start.PLAIN);

  private final KernelProvider provider = KernelProvider.choose(KernelProvider.Preference.AUTO);

  /** A reference loop is 10 to 250 times slower and gives the same values: only its name tells. */
  @Test
  @DisplayName("No convolution of LeNet-5 or ResNet-20 is planned on loops without vectors")
  void noReferencePrimitive() {
    for (NetworkSpec spec : List.of(LENET5, RESNET20)) {
      for (PlanOptions options : List.of(PlanOptions.DEFAULT, PlanOptions.MIXED)) {
        for (int rows : new int[] {16, 32}) {
          try (SliceTrainer trainer = new SliceTrainer(spec, rows, provider, 1, options)) {
            trainer.batch().setRows(rows);
            List<String> products =
                trainer.describe().calls().stream()
                    .map(PlanDescription.Call::kernel)
                    .filter(kernel -> kernel.contains("conv") && kernel.contains("("))
                    .toList();
            assertThat(products).hasSizeGreaterThan(4);
            assertThat(products)
                .allSatisfy(
                    kernel ->
                        assertThat(kernel)
                            .as("%s, %d rows", options, rows)
                            .doesNotContain("(plain)", "ref:", "gemm:ref"));
          }
        }
      }
    }
  }

  @Test
  @DisplayName("LeNet-5 learns with bfloat16 products as with float32")
  void learnsRounded() {
    double exact = lossAfter(PlanOptions.DEFAULT);
    double rounded = lossAfter(PlanOptions.MIXED);
    assertThat(exact).isLessThan(0.5);
    assertThat(rounded).isLessThan(0.5);
  }

  /** Mean loss of the last of 80 plain gradient steps over four batches of images of two kinds. */
  private double lossAfter(PlanOptions options) {
    int rows = 32;
    try (SliceTrainer trainer = new SliceTrainer(LENET5, rows, provider, 1, options)) {
      float[] weights = Initializers.init(trainer.layout(), 1);
      float[] gradient = new float[weights.length];
      float[] images = new float[rows * 784];
      double loss = 0;
      for (int step = 0; step < 80; step++) {
        Philox.fillNormal(step % 4, 0, images, 0, images.length);
        for (int r = 0; r < rows; r++) {
          int kind = r % 10;
          for (int i = 0; i < 784; i++) {
            images[r * 784 + i] = 0.3f * images[r * 784 + i] + (i / 28 / 3 == kind ? 1 : 0);
          }
          Memory.putInt(trainer.batch().labels() + 4L * r, kind);
        }
        Memory.copyIn(images, 0, trainer.batch().numeric(), images.length);
        trainer.batch().setRows(rows);
        trainer.setParameters(weights);
        loss = trainer.run(step, 0).lossSum() / rows;
        trainer.gradient(gradient);
        for (int i = 0; i < weights.length; i++) {
          weights[i] -= 0.05f / rows * gradient[i];
        }
      }
      return loss;
    }
  }
}
