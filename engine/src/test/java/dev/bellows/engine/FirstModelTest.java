package dev.bellows.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bellows.engine.kernel.KernelProvider;
import dev.bellows.engine.model.ModelContents;
import dev.bellows.engine.model.ModelFolder;
import dev.bellows.engine.model.Provenance;
import dev.bellows.engine.model.WeightSegment;
import dev.bellows.engine.nn.LossKind;
import dev.bellows.engine.nn.Model;
import dev.bellows.engine.nn.Network;
import dev.bellows.engine.nn.NetworkException;
import dev.bellows.engine.nn.NetworkSpec;
import dev.bellows.engine.optim.OptimizerSpec;
import dev.bellows.engine.plan.PlanOptions;
import dev.bellows.engine.plan.Predictor;
import dev.bellows.engine.sample.Philox;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/**
 * A tour: describe a network, look at it, train it in one thread, predict, save and load.
 *
 * <p>The data: 8 x 8 images of noise with a bright bar, upright (class 0) or lying (class 1),
 * anywhere.
 */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
final class FirstModelTest {
  private static final int SIDE = 8;
  private static final KernelProvider KERNELS =
      KernelProvider.choose(KernelProvider.Preference.AUTO);

  @TempDir Path folder;

  /** Layers in the order in which data passes them; outputs follow from the last one. */
  private static NetworkSpec network() {
    return Model.builder()
        .input(SIDE, SIDE, 1)
        .conv2d(8, 3)
        .relu()
        .as("edges")
        .maxPool2d(2)
        .residual(block -> block.conv2d(8, 3).relu().conv2d(8, 3))
        .globalAveragePool()
        .dense(2)
        .loss(LossKind.SOFTMAX_CROSS_ENTROPY)
        .build();
  }

  private static LocalTrainer.Samples bars(int rows, long seed) {
    float[] pixels = new float[rows * SIDE * SIDE];
    int[] labels = new int[rows];
    Philox.fillNormal(seed, 0, pixels, 0, pixels.length);
    for (int row = 0; row < rows; row++) {
      int label = row % 2;
      int place = (int) (Philox.uniform(seed + 1, row) * SIDE);
      for (int i = 0; i < SIDE; i++) {
        int pixel = label == 0 ? i * SIDE + place : place * SIDE + i;
        pixels[row * SIDE * SIDE + pixel] += 2;
      }
      labels[row] = label;
    }
    return new LocalTrainer.Samples(SIDE * SIDE, pixels, labels, 2, new float[0]);
  }

  @Test
  @Order(1)
  void describeAndLook() {
    assertThat(Network.summary(network()))
        .isEqualTo(
            """
            layer                          output        parameters  multiply-adds  bytes  receptive field
            input image                    [N, 8, 8, 1]           0              0    256                -
            conv2d 'edges' filters 8 relu  [N, 8, 8, 8]          80          4,608  6,144                3
            maxpool2d                      [N, 4, 4, 8]           0              0    512                4
            conv2d filters 8 relu          [N, 4, 4, 8]         584          9,216  1,536                8
            conv2d filters 8               [N, 4, 4, 8]         584          9,216  1,024               12
            add of [layer3, layer1]        [N, 4, 4, 8]           0              0    512               12
            global_avgpool                 [N, 8]                 0              0     32              all
            dense                          [N, 2]                18             16     16              all
            1,266 trained parameters, loss softmax_cross_entropy
            46,112 FLOPs and 9,776 bytes per row, forward
            """);
  }

  @Test
  @Order(2)
  void mistakesAreNamed() {
    assertThatThrownBy(() -> Model.builder().input(64).conv2d(8, 3).loss(LossKind.MSE).build())
        .isInstanceOf(NetworkException.class)
        .hasMessage(
            "layer 0 (conv2d): expected images [N, H, W, C], found [N, 64]:"
                + " put {reshape: {shape: [...]}} with 3 sizes whose product is 64 before it");
    assertThatThrownBy(() -> Model.builder().input(64).layer("dens", "units", 3))
        .hasMessageContaining("did you mean 'dense'?");
  }

  @Test
  @Order(3)
  void trainPredictSaveAndLoad() throws Exception {
    NetworkSpec spec = network();
    LocalTrainer.Samples training = bars(512, 1);
    LocalTrainer.Samples heldOut = bars(256, 9);
    try (LocalTrainer trainer =
        new LocalTrainer(spec, OptimizerSpec.of(OptimizerSpec.Kind.ADAM, 0.01), 32, 7)) {
      double first = trainer.epoch(training);
      trainer.epochs(training, 9);
      assertThat(trainer.epoch(training)).isLessThan(first / 4);
      assertThat(trainer.accuracy(heldOut)).isGreaterThan(0.95);

      float[] scores = trainer.outputs(heldOut, 2);
      save(spec, trainer);
      assertThat(loaded(heldOut)).isEqualTo(scores);
    }
  }

  private void save(NetworkSpec spec, LocalTrainer trainer) throws Exception {
    List<WeightSegment> segments =
        trainer.layout.segments().stream()
            .map(s -> new WeightSegment(s.name(), s.shape().dims(), s.offset(), s.length()))
            .toList();
    Provenance provenance =
        new Provenance("0".repeat(64), "0".repeat(64), 7, KERNELS.id(), Map.of());
    ModelFolder.write(
        folder,
        new ModelContents(
            "classification",
            spec.toJson(),
            Map.of(),
            provenance,
            trainer.weights,
            segments,
            "# Bars\n\n" + Network.summary(spec)));
  }

  @SuppressWarnings({"unchecked", "NullAway"}) // the network's own reader checks each value
  private static Map<String, Object> present(Map<String, @Nullable Object> tree) {
    return (Map<String, Object>) (Map<String, ?>) tree;
  }

  /** The scores that a model read back from its folder gives. */
  private float[] loaded(LocalTrainer.Samples rows) throws Exception {
    ModelFolder model = ModelFolder.open(folder);
    NetworkSpec spec = NetworkSpec.fromJson(present(model.network()));
    List<WeightSegment> segments =
        Network.layout(spec).segments().stream()
            .map(s -> new WeightSegment(s.name(), s.shape().dims(), s.offset(), s.length()))
            .toList();
    List<String> watched = List.of("edges");
    try (Predictor predictor =
        new Predictor(spec, rows.rows(), KERNELS, PlanOptions.DEFAULT, watched)) {
      predictor.setParameters(model.flat(segments));
      rows.fill(predictor.batch(), LocalTrainer.Samples.identity(rows.rows()), 0, rows.rows());
      predictor.run();
      assertThat(predictor.activation("edges")).hasSize(rows.rows() * SIDE * SIDE * 8);
      float[] scores = new float[rows.rows() * 2];
      predictor.outputs(scores);
      return scores;
    }
  }
}
