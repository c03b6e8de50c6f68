package dev.bellows.engine.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bellows.engine.kernel.KernelProvider;
import dev.bellows.engine.nn.Mode;
import dev.bellows.engine.nn.NetworkSpec;
import dev.bellows.engine.tensor.Memory;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Slices computed side by side have the bits of slices computed one by one and added in a tree. */
abstract class LanesTest {
  private static final int LANES = 4;
  private static final int FIRST = 8;
  private static final long STEP = 9;

  final KernelProvider provider = KernelProvider.choose(preference());
  private long before;

  abstract KernelProvider.Preference preference();

  @BeforeEach
  void count() {
    before = Memory.allocatedBytes();
  }

  @AfterEach
  void memoryReturns() {
    assertThat(Memory.allocatedBytes()).isEqualTo(before);
  }

  @Test
  void sumsOfLanesHaveTheBitsOfTheTreeOverSingleSlices() {
    Map<String, NetworkSpec> networks = new TreeMap<>(Networks.all());
    GraphNetworks.all().forEach((name, spec) -> networks.put("graph " + name, spec));
    networks.forEach(
        (name, spec) -> {
          for (PlanOptions options : List.of(PlanOptions.DEFAULT, PlanOptions.MIXED)) {
            TrainerFixture fixture = new TrainerFixture(spec, 5);
            try (NetworkPlans plans =
                new NetworkPlans(spec, 5, provider, Mode.TRAIN, options, List.of(), LANES)) {
              plans.setParameters(fixture.parameters);
              agrees(name + " " + options.products(), plans, fixture);
              plans.setParameters(0, new float[] {0.5f}, 0, 1);
              agrees(name + ", new parameters", plans, fixture);
            }
          }
        });
  }

  private static void agrees(String name, NetworkPlans plans, TrainerFixture fixture) {
    float[][] gradients = new float[LANES][];
    double[][] scalars = new double[LANES][];
    for (int lane = 0; lane < LANES; lane++) {
      fill(fixture, plans.batch(0), lane);
      plans.run(7, STEP, FIRST + lane);
      gradients[lane] = gradient(plans);
      scalars[lane] = plans.result().scalars().clone();
    }
    for (int lane = 0; lane < LANES; lane++) {
      fill(fixture, plans.batch(lane), lane);
    }
    plans.runLanes(7, STEP, FIRST);
    float[] sum = gradient(plans);
    for (int i = 0; i < sum.length; i++) {
      float tree = (gradients[0][i] + gradients[1][i]) + (gradients[2][i] + gradients[3][i]);
      assertThat(sum[i]).as(name + ", element " + i).isEqualTo(tree);
    }
    for (int i = 0; i < 4; i++) {
      double tree = (scalars[0][i] + scalars[1][i]) + (scalars[2][i] + scalars[3][i]);
      assertThat(plans.result().scalars()[i]).as(name + ", scalar " + i).isEqualTo(tree);
    }
  }

  /** Rows that differ from lane to lane in their weights. */
  private static void fill(TrainerFixture fixture, BatchBuffers batch, int lane) {
    fixture.fill(batch);
    for (int row = 0; row < fixture.rows; row++) {
      long at = batch.weights() + 4L * row;
      Memory.putFloat(at, Memory.getFloat(at) * (1 + 0.37f * lane * row));
    }
  }

  private static float[] gradient(NetworkPlans plans) {
    float[] gradient = new float[plans.layout().length()];
    Memory.copyOut(plans.gradientAddress(), gradient, 0, gradient.length);
    return gradient;
  }

  @Test
  void slicesOfDifferentSizeAreRefused() {
    TrainerFixture fixture = new TrainerFixture(Networks.mlp(), 3);
    try (NetworkPlans plans =
        new NetworkPlans(
            fixture.spec, 3, provider, Mode.TRAIN, PlanOptions.DEFAULT, List.of(), 2)) {
      plans.setParameters(fixture.parameters);
      fixture.fill(plans.batch(0));
      fixture.fill(plans.batch(1));
      plans.batch(1).setRows(2);
      assertThatThrownBy(() -> plans.runLanes(1, 0, 0))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("found 3 and 2");
    }
  }

  /** Lanes that a trainer of the large MLP chooses. */
  int chosen(int rows, int most, PlanOptions options) {
    try (SliceTrainer trainer =
        new SliceTrainer(Networks.mlp(), rows, provider, 1, options, List.of(), most)) {
      return trainer.lanes();
    }
  }
}
