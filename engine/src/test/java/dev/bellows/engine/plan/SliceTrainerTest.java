package dev.bellows.engine.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.sun.management.ThreadMXBean;
import dev.bellows.engine.graph.Node;
import dev.bellows.engine.kernel.KernelProvider;
import dev.bellows.engine.kernel.reference.ReferenceExecutor;
import dev.bellows.engine.nn.Mode;
import dev.bellows.engine.nn.Network;
import dev.bellows.engine.nn.NetworkGraph;
import dev.bellows.engine.nn.NetworkSpec;
import dev.bellows.engine.nn.Segment;
import dev.bellows.engine.tensor.Memory;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Whole networks: gradients against the reference, bit-equality, errors, allocation. */
abstract class SliceTrainerTest {
  private static final long SEED = 42;

  private final KernelProvider provider = KernelProvider.choose(preference());
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

  private SliceTrainer trainer(TrainerFixture fixture, int maxRows, PlanOptions options) {
    SliceTrainer trainer = new SliceTrainer(fixture.spec, maxRows, provider, SEED, options);
    trainer.setParameters(fixture.parameters);
    fixture.fill(trainer.batch());
    return trainer;
  }

  private float[] gradient(TrainerFixture fixture, int maxRows, PlanOptions options) {
    try (SliceTrainer trainer = trainer(fixture, maxRows, options)) {
      trainer.run(9, 1);
      assertThat(trainer.finite()).isTrue();
      float[] gradient = new float[fixture.parameters.length];
      trainer.gradient(gradient);
      return gradient;
    }
  }

  @Test
  void gradientsScalarsAndStatesAgreeWithTheReference() {
    Networks.all()
        .forEach(
            (name, spec) -> {
              for (int rows : new int[] {3, 17}) {
                agrees(name, new TrainerFixture(spec, rows));
              }
            });
  }

  private void agrees(String name, TrainerFixture fixture) {
    NetworkGraph network = fixture.graph(Mode.TRAIN);
    ReferenceExecutor reference = fixture.reference(network, SEED, 9, 1);
    for (PlanOptions options :
        List.of(PlanOptions.DEFAULT, new PlanOptions(false, true), PlanOptions.CHECKED)) {
      try (SliceTrainer trainer = trainer(fixture, 20, options)) {
        StepResult result = trainer.run(9, 1);
        float[] gradient = new float[fixture.parameters.length];
        trainer.gradient(gradient);
        double rows = fixture.rows;
        assertThat(result.rows()).isEqualTo(rows);
        close(name, result.lossSum(), reference.scalar(network.loss()), rows);
        close(name, result.weightSum(), reference.scalar(network.weightSum()), rows);
        close(name, result.metricSum(), metric(network, reference, fixture), rows);
        for (int s = 0; s < network.gradients().size(); s++) {
          Segment segment = network.layout().segments().get(s);
          double[] expected = reference.value(network.gradients().get(s));
          double largest = Math.max(1, Arrays.stream(expected).map(Math::abs).max().orElse(0));
          for (int i = 0; i < expected.length; i++) {
            close(
                name + " " + segment.name() + "[" + i + "] " + options,
                gradient[segment.offset() + i],
                expected[i],
                largest);
          }
        }
      }
    }
  }

  /** The metric's sum over rows: correct labels count in units of a row's labels. */
  private static double metric(
      NetworkGraph network, ReferenceExecutor reference, TrainerFixture fixture) {
    NetworkGraph.HeadNodes main = network.heads().get(0);
    double sum = reference.scalar(network.metric());
    if (!main.usesLabels() || fixture.spec.labelWidth() == 1) {
      return sum;
    }
    long labels =
        java.util.stream.IntStream.range(0, fixture.labels.length)
            .filter(i -> i % fixture.spec.labelWidth() < main.from() + main.width())
            .filter(i -> i % fixture.spec.labelWidth() >= main.from())
            .filter(i -> fixture.labels[i] >= 0)
            .count();
    return sum * fixture.rows / labels;
  }

  /**
   * 2^-23 times 200: sums of up to 50 terms in a row through three layers, each with an error of
   * some units in the last place that batch norm over 3 rows magnifies by 1 / standard deviation.
   */
  private static void close(String what, double found, double expected, double scale) {
    assertThat(found).as(what).isCloseTo(expected, within(200 * Math.ulp(1f) * Math.max(1, scale)));
  }

  @Test
  void gradientIsTheSlopeOfTheLoss() {
    TrainerFixture fixture = new TrainerFixture(Networks.all().get("everything"), 17);
    float[] gradient = gradient(fixture, 17, PlanOptions.DEFAULT);
    double slope = 0;
    for (float g : gradient) {
      slope += (double) g * g;
    }
    double h = 1e-3 / Math.sqrt(slope);
    double[] losses = new double[2];
    try (SliceTrainer trainer = trainer(fixture, 17, PlanOptions.DEFAULT)) {
      for (int side = 0; side < 2; side++) {
        float[] moved = fixture.parameters.clone();
        for (int i = 0; i < moved.length; i++) {
          moved[i] += (float) ((side == 0 ? h : -h) * gradient[i]);
        }
        trainer.setParameters(moved);
        losses[side] = trainer.run(9, 1).lossSum();
      }
    }
    // Moving h along the gradient changes the loss by h |g|^2; float parameters leave about 1e-3 of
    // it.
    assertThat((losses[0] - losses[1]) / (2 * h)).isCloseTo(slope, within(5e-3 * slope));
  }

  @Test
  void inv01_sameBitsForAnyInstanceThreadBufferSizeAndHistory() throws Exception {
    for (String name :
        List.of("mlp", "dropout", "batch norm", "everything", "heads", "deep recomputed")) {
      TrainerFixture fixture = new TrainerFixture(Networks.all().get(name), 16);
      float[] expected = gradient(fixture, 16, PlanOptions.DEFAULT);
      ExecutorService threads = Executors.newFixedThreadPool(2);
      try {
        List<Callable<float[]>> tasks = new ArrayList<>();
        for (int t = 0; t < 4; t++) {
          int maxRows = 16 + 13 * t;
          tasks.add(() -> afterOthers(fixture, maxRows));
        }
        for (Future<float[]> found : threads.invokeAll(tasks)) {
          assertThat(found.get()).as(name).isEqualTo(expected);
        }
      } finally {
        threads.shutdown();
      }
      assertThat(gradient(fixture, 16, new PlanOptions(true, false))).as(name).isEqualTo(expected);
    }
  }

  /** The gradient of a trainer that has computed other batches of other sizes before. */
  private float[] afterOthers(TrainerFixture fixture, int maxRows) {
    float[] gradient = new float[fixture.parameters.length];
    try (SliceTrainer trainer = trainer(fixture, maxRows, PlanOptions.DEFAULT)) {
      for (int rows : new int[] {16, 5, 1}) {
        TrainerFixture other = new TrainerFixture(fixture.spec, rows);
        other.fill(trainer.batch());
        for (int i = 0; i < 20; i++) {
          trainer.run(i, i);
          trainer.gradient(gradient);
        }
      }
      fixture.fill(trainer.batch());
      trainer.run(9, 1);
      trainer.gradient(gradient);
      return gradient;
    }
  }

  @Test
  void dropoutDependsOnStepSliceAndSeed() {
    TrainerFixture fixture = new TrainerFixture(Networks.all().get("dropout"), 8);
    try (SliceTrainer trainer = trainer(fixture, 8, PlanOptions.DEFAULT);
        SliceTrainer otherSeed = new SliceTrainer(fixture.spec, 8, provider, SEED + 1)) {
      otherSeed.setParameters(fixture.parameters);
      fixture.fill(otherSeed.batch());
      double loss = trainer.run(1, 1).lossSum();
      assertThat(trainer.run(2, 1).lossSum()).isNotEqualTo(loss);
      assertThat(trainer.run(1, 2).lossSum()).isNotEqualTo(loss);
      assertThat(otherSeed.run(1, 1).lossSum()).isNotEqualTo(loss);
      assertThat(trainer.run(1, 1).lossSum()).isEqualTo(loss);
    }
  }

  @Test
  void aStepAllocatesNothing() {
    for (String name :
        List.of(
            "mlp",
            "dropout",
            "batch norm",
            "everything",
            "embeddings",
            "heads",
            "noise",
            "channels",
            "gradients",
            "loss dice",
            "loss info_nce",
            "deep recomputed")) {
      TrainerFixture fixture = new TrainerFixture(Networks.all().get(name), 16);
      float[] gradient = new float[fixture.parameters.length];
      try (SliceTrainer trainer = trainer(fixture, 16, PlanOptions.DEFAULT)) {
        for (int i = 0; i < 50; i++) {
          step(trainer, fixture, gradient, i);
        }
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long thread = Thread.currentThread().getId();
        long start = threads.getThreadAllocatedBytes(thread);
        long idle = threads.getThreadAllocatedBytes(thread) - start; // what asking costs
        start = threads.getThreadAllocatedBytes(thread);
        for (int i = 0; i < 100; i++) {
          step(trainer, fixture, gradient, i);
        }
        long bytes = threads.getThreadAllocatedBytes(thread) - start - idle;
        assertThat(bytes).as(name + ": bytes of 100 steps").isLessThan(100);
      }
    }
  }

  private static void step(SliceTrainer trainer, TrainerFixture fixture, float[] gradient, int i) {
    trainer.setParameters(fixture.parameters);
    trainer.run(i, 0);
    trainer.gradient(gradient);
    trainer.finite();
  }

  @Test
  void notANumberReachesGradientOrLoss() {
    for (String name : List.of("mlp", "dropout", "batch norm", "hinge", "mae")) {
      NetworkSpec spec = Networks.all().get(name);
      TrainerFixture input = new TrainerFixture(spec, 16);
      Arrays.fill(
          input.numeric, 0, spec.input().numeric(), Float.NaN); // a whole row: dropout drops some
      assertThat(finite(input)).as(name + " with a NaN row").isFalse();
      for (Segment segment : Network.layout(spec).segments()) {
        if (segment.kind() != Segment.Kind.TRAINABLE) {
          continue;
        }
        TrainerFixture weight = new TrainerFixture(spec, 16);
        weight.parameters[segment.offset()] = Float.NaN;
        assertThat(finite(weight)).as("%s with a NaN in %s", name, segment.name()).isFalse();
      }
    }
    TrainerFixture huge = new TrainerFixture(Networks.all().get("linear"), 16);
    huge.numeric[0] = Float.POSITIVE_INFINITY;
    assertThat(finite(huge)).isFalse();
  }

  private boolean finite(TrainerFixture fixture) {
    try (SliceTrainer trainer = trainer(fixture, 16, PlanOptions.DEFAULT)) {
      trainer.run(0, 0);
      return trainer.finite();
    }
  }

  @Test
  void predictorAgreesWithTheReference() {
    Networks.all()
        .forEach(
            (name, spec) -> {
              TrainerFixture fixture = new TrainerFixture(spec, 17);
              NetworkGraph network = fixture.graph(Mode.EVALUATE);
              ReferenceExecutor reference = fixture.reference(network, 0, 0, 0);
              double[] scores = reference.value(network.output());
              double[] expected = probabilities(network, reference, spec);
              try (Predictor predictor = new Predictor(spec, 40, provider)) {
                predictor.setParameters(fixture.parameters);
                fixture.fill(predictor.batch());
                predictor.run();
                float[] found = new float[scores.length];
                predictor.outputs(found);
                for (int i = 0; i < found.length; i++) {
                  close(name + " score " + i, found[i], scores[i], Math.abs(scores[i]));
                }
                predictor.probabilities(found);
                for (int i = 0; i < found.length; i++) {
                  close(name + " probability " + i, found[i], expected[i], Math.abs(expected[i]));
                }
                close(name, predictor.scalars()[1], reference.scalar(network.loss()), 17);
                close(name, predictor.scalars()[2], metric(network, reference, fixture), 17);
              }
            });
  }

  private static double[] probabilities(
      NetworkGraph network, ReferenceExecutor reference, NetworkSpec spec) {
    Node output = network.output();
    Node probabilities =
        switch (spec.loss().kind()) {
          case SOFTMAX_CROSS_ENTROPY, FOCAL, SOFTMAX_DICE, KULLBACK_LEIBLER, CAPSULE_MARGIN ->
              network.graph().softmax(output, 1);
          case SIGMOID_CROSS_ENTROPY, SIGMOID_FOCAL, DICE, JACCARD, TVERSKY ->
              network.graph().sigmoid(output);
          case POISSON -> network.graph().exp(output);
          default -> output;
        };
    return reference.value(probabilities);
  }

  @Test
  void wrongInputIsRefusedByName() {
    TrainerFixture label = new TrainerFixture(Networks.all().get("mlp"), 5);
    label.labels[3] = 10;
    assertThatThrownBy(() -> finite(label))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("row 3 of the batch has label 10, expected 0..9");
    TrainerFixture code = new TrainerFixture(Networks.all().get("embeddings"), 5);
    code.codes[2 * 4 + 1] = -1;
    assertThatThrownBy(() -> finite(code)).hasMessageContaining("row 4 of the batch has city -1");
    TrainerFixture column = new TrainerFixture(Networks.all().get("sparse"), 5);
    column.columns[7] = 50;
    assertThatThrownBy(() -> finite(column))
        .hasMessageContaining("value 7")
        .hasMessageContaining("column 50");
    TrainerFixture pointer = new TrainerFixture(Networks.all().get("sparse"), 5);
    pointer.pointers[2] = 1 << 20;
    assertThatThrownBy(() -> finite(pointer)).hasMessageContaining("CSR row pointer 2");
    try (SliceTrainer trainer = new SliceTrainer(label.spec, 5, provider, 1)) {
      assertThatThrownBy(() -> trainer.setParameters(new float[3]))
          .hasMessageContaining("3 values, but the network has");
      assertThatThrownBy(() -> trainer.batch().setRows(6)).hasMessageContaining("1..5");
      trainer.batch().setRows(5);
      assertThatThrownBy(() -> trainer.run(0, 0)).hasMessageContaining("setParameters");
    }
  }

  @Test
  void describesItsPlan() {
    TrainerFixture fixture = new TrainerFixture(Networks.mlp(), 16);
    try (SliceTrainer trainer = trainer(fixture, 16, PlanOptions.DEFAULT);
        SliceTrainer plainPlan = trainer(fixture, 16, new PlanOptions(false, false))) {
      PlanDescription plan = trainer.describe();
      PlanDescription unfused = plainPlan.describe();
      long products = 2L * (784 * 256 + 256 * 128 + 128 * 10) * 16;
      assertThat(plan.flops())
          .isEqualTo(3 * products - 2L * 784 * 256 * 16)
          .isEqualTo(unfused.flops());
      assertThat(plan.calls().size()).isLessThan(unfused.calls().size());
      assertThat(plan.arenaBytes()).isLessThan(unfused.arenaBytes());
      assertThat(plan.toText())
          .contains("matmul+add", "relu_grad+reduce_sum", "[16, 256]", provider.id());
    }
  }
}
