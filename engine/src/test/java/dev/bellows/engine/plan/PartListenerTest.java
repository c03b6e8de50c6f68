package dev.bellows.engine.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bellows.engine.kernel.KernelProvider;
import dev.bellows.engine.nn.Mode;
import dev.bellows.engine.nn.NetworkSpec;
import dev.bellows.engine.nn.Segment;
import dev.bellows.engine.tensor.Memory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * What a run tells of parts is true: parameters that come at the last moment and go at the first
 * one leave gradient and sums as they are, and a gradient said to be final is.
 */
final class PartListenerTest {
  private static final int PART = 40;
  private static final int ROWS = 5;

  /** Parameters outside of their time are this. */
  private static final float WRONG = 1e30f;

  @ParameterizedTest
  @EnumSource(
      value = KernelProvider.Preference.class,
      names = {"AUTO", "PLAIN"})
  void parametersAreReadBetweenNeedsAndReadyOnly(KernelProvider.Preference preference) {
    KernelProvider provider = KernelProvider.choose(preference);
    Map<String, NetworkSpec> networks = new TreeMap<>(Networks.all());
    GraphNetworks.all().forEach((name, spec) -> networks.put("graph " + name, spec));
    networks.forEach(
        (name, spec) -> {
          for (PlanOptions options : List.of(PlanOptions.DEFAULT, PlanOptions.MIXED)) {
            for (int lanes : new int[] {1, 2}) {
              TrainerFixture fixture = new TrainerFixture(spec, ROWS);
              try (NetworkPlans plans =
                  new NetworkPlans(spec, ROWS, provider, Mode.TRAIN, options, List.of(), lanes)) {
                agrees(name + ", lanes " + lanes, plans, fixture, lanes);
              }
            }
          }
        });
  }

  private static void agrees(String name, NetworkPlans plans, TrainerFixture fixture, int lanes) {
    for (int lane = 0; lane < lanes; lane++) {
      fixture.fill(plans.batch(lane));
    }
    plans.setParameters(fixture.parameters);
    plans.runLanes(7, 3, 4);
    float[] expected = gradient(plans, 0, plans.layout().length());
    double[] scalars = plans.result().scalars().clone();
    float[] wrong = new float[plans.layout().length()];
    Arrays.fill(wrong, WRONG);
    for (int turn = 0; turn < 2; turn++) { // with fresh parameters, then again with the same
      plans.bringParameters(0, wrong, 0, wrong.length);
      if (turn == 0) {
        plans.parametersChanged();
      }
      Arrays.fill(plans.result().scalars(), Double.NaN);
      Hand hand = new Hand(name, plans, fixture.parameters, expected, scalars);
      plans.setParts(hand.bounds);
      plans.runLanes(7, 3, 4, hand);
      assertThat(hand.ready).as(name).doesNotHaveDuplicates().hasSize(hand.bounds.length - 1);
      assertThat(hand.needed).as(name).doesNotHaveDuplicates();
      assertThat(gradient(plans, 0, wrong.length)).as(name).isEqualTo(expected);
      assertThat(plans.result().scalars()).as(name).isEqualTo(scalars);
    }
  }

  private static float[] gradient(NetworkPlans plans, int from, int to) {
    float[] gradient = new float[to - from];
    Memory.copyOut(plans.gradientAddress() + 4L * from, gradient, 0, gradient.length);
    return gradient;
  }

  /** Gives each part when it is needed and takes it away when it is ready. */
  private static final class Hand implements PartListener {
    private final String name;
    private final NetworkPlans plans;
    private final float[] parameters;
    private final float[] expected;
    private final double[] scalars;
    private final int[] bounds;
    private final List<Integer> needed = new ArrayList<>();
    private final List<Integer> ready = new ArrayList<>();

    Hand(String name, NetworkPlans plans, float[] parameters, float[] expected, double[] scalars) {
      this.name = name;
      this.plans = plans;
      this.parameters = parameters;
      this.expected = expected;
      this.scalars = scalars;
      int parts = (parameters.length + PART - 1) / PART;
      this.bounds = new int[parts + 1];
      for (int p = 0; p <= parts; p++) {
        bounds[p] = Math.min(parameters.length, p * PART);
      }
    }

    @Override
    public void needs(int part) {
      needed.add(part);
      int length = bounds[part + 1] - bounds[part];
      plans.bringParameters(bounds[part], parameters, bounds[part], length);
    }

    @Override
    public void ready(int part) {
      ready.add(part);
      assertThat(gradient(plans, bounds[part], bounds[part + 1]))
          .as(name + ", part " + part)
          .isEqualTo(Arrays.copyOfRange(expected, bounds[part], bounds[part + 1]));
      assertThat(plans.result().scalars()).as(name).isEqualTo(scalars);
      float[] wrong = new float[bounds[part + 1] - bounds[part]];
      Arrays.fill(wrong, WRONG);
      plans.bringParameters(bounds[part], wrong, 0, wrong.length);
    }
  }

  @Test
  void lastLayersAreReadyFirstAndFirstLayersNeededFirst() {
    NetworkSpec spec = Networks.mlp();
    TrainerFixture fixture = new TrainerFixture(spec, ROWS);
    List<Integer> needed = new ArrayList<>();
    List<Integer> ready = new ArrayList<>();
    try (SliceTrainer trainer =
        new SliceTrainer(spec, ROWS, KernelProvider.choose(KernelProvider.Preference.AUTO), 1)) {
      trainer.setParameters(fixture.parameters);
      fixture.fill(trainer.batch());
      int[] bounds =
          IntStream.concat(
                  IntStream.of(0), trainer.layout().segments().stream().mapToInt(Segment::end))
              .toArray();
      trainer.setParts(bounds);
      trainer.run(
          0,
          0,
          new PartListener() {
            @Override
            public void needs(int part) {
              needed.add(part);
            }

            @Override
            public void ready(int part) {
              ready.add(part);
            }
          });
    }
    assertThat(needed).isSorted();
    assertThat(ready).isSortedAccordingTo(Comparator.reverseOrder());
  }

  @Test
  void boundsThatAreNoCutAreRefused() {
    NetworkSpec spec = Networks.mlp();
    try (SliceTrainer trainer =
        new SliceTrainer(spec, ROWS, KernelProvider.choose(KernelProvider.Preference.PLAIN), 1)) {
      int length = trainer.layout().length();
      for (int[] bounds : new int[][] {{0}, {0, length - 1}, {1, length}, {0, 5, 5, length}}) {
        assertThatThrownBy(() -> trainer.setParts(bounds))
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessageContaining("must ascend from 0 to " + length);
      }
    }
  }
}
