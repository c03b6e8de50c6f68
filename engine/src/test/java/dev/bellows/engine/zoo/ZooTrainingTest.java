package dev.bellows.engine.zoo;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bellows.engine.kernel.KernelProvider;
import dev.bellows.engine.nn.Head;
import dev.bellows.engine.nn.Initializers;
import dev.bellows.engine.nn.InputPart;
import dev.bellows.engine.nn.NetworkSpec;
import dev.bellows.engine.nn.Segment;
import dev.bellows.engine.plan.BatchBuffers;
import dev.bellows.engine.plan.SliceTrainer;
import dev.bellows.engine.sample.Philox;
import dev.bellows.engine.tensor.Memory;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** One small step against the gradient lowers every network's loss by as much as it says. */
abstract class ZooTrainingTest {
  private static final int ROWS = 8;

  /** Share of the loss that the step would take if the loss were linear. */
  private static final double SHARE = 0.0005;

  abstract KernelProvider.Preference preference();

  static List<String> names() {
    return List.copyOf(ZooNetworks.tiny().keySet());
  }

  @ParameterizedTest
  @MethodSource("names")
  void aStepLowersTheLoss(String name) {
    NetworkSpec spec = ZooNetworks.tiny().get(name);
    KernelProvider kernels = KernelProvider.choose(preference());
    try (SliceTrainer trainer = new SliceTrainer(spec, ROWS, kernels, 5)) {
      fill(spec, trainer.batch());
      float[] weights = Initializers.init(trainer.layout(), 3);
      float[] gradient = new float[weights.length];
      double before = loss(trainer, weights);
      trainer.gradient(gradient);
      double squares = 0;
      for (Segment s : trained(trainer)) {
        for (int i = s.offset(); i < s.end(); i++) {
          squares += (double) gradient[i] * gradient[i];
        }
      }
      double rate = SHARE * before / squares;
      for (Segment s : trained(trainer)) {
        for (int i = s.offset(); i < s.end(); i++) {
          weights[i] -= (float) (rate * gradient[i]);
        }
      }
      double after = loss(trainer, weights);
      // Kinks and curvature bend the line; a wrong gradient of some layer misses by far more.
      assertThat((before - after) / (SHARE * before)).isBetween(0.5, 1.5);
    }
  }

  private static List<Segment> trained(SliceTrainer trainer) {
    return trainer.layout().segments().stream()
        .filter(s -> s.kind() == Segment.Kind.TRAINABLE)
        .toList();
  }

  /** The loss of the batch; the same step number draws the same dropout. */
  private static double loss(SliceTrainer trainer, float[] weights) {
    trainer.setParameters(weights);
    trainer.run(1, 0);
    assertThat(trainer.finite()).isTrue();
    return trainer.scalars()[1];
  }

  private static void fill(NetworkSpec spec, BatchBuffers batch) {
    float[] numeric = new float[ROWS * spec.input().numeric()];
    Philox.fillNormal(1, 0, numeric, 0, numeric.length);
    Memory.copyIn(numeric, 0, batch.numeric(), numeric.length);
    List<Integer> limits = new ArrayList<>();
    spec.input().categorical().forEach(column -> limits.add(column.cardinality()));
    for (InputPart part : spec.input().parts()) {
      if (part.tokens()) {
        limits.addAll(Collections.nCopies(part.size(), part.vocabulary()));
        if (part.lengths()) {
          limits.add(part.size() + 1);
        }
      }
    }
    int[] codes = new int[ROWS * limits.size()];
    for (int i = 0; i < codes.length; i++) {
      codes[i] = (int) (Philox.uniform(2, i) * limits.get(i % limits.size()));
    }
    Memory.copyIn(codes, 0, batch.codes(), codes.length);
    int[] labels = new int[ROWS * spec.labelWidth()];
    int classes =
        spec.heads().stream()
            .filter(head -> head.loss().kind().usesLabels())
            .mapToInt(Head::outputs)
            .reduce(spec.outputs(), Math::min);
    for (int i = 0; i < labels.length; i++) {
      labels[i] = (int) (Philox.uniform(4, i) * classes);
    }
    Memory.copyIn(labels, 0, batch.labels(), labels.length);
    batch.setRows(ROWS);
  }
}
