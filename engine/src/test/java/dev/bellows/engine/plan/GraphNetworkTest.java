package dev.bellows.engine.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bellows.engine.kernel.KernelProvider;
import dev.bellows.engine.model.Json;
import dev.bellows.engine.nn.InputPart;
import dev.bellows.engine.nn.InputSpec;
import dev.bellows.engine.nn.LayerSpec;
import dev.bellows.engine.nn.LossKind;
import dev.bellows.engine.nn.LossSpec;
import dev.bellows.engine.nn.Network;
import dev.bellows.engine.nn.NetworkException;
import dev.bellows.engine.nn.NetworkSpec;
import dev.bellows.engine.nn.ParameterLayout;
import dev.bellows.engine.nn.Segment;
import dev.bellows.engine.optim.NanPolicy;
import dev.bellows.engine.optim.OptimizerSpec;
import dev.bellows.engine.optim.ScheduleSpec;
import dev.bellows.engine.optim.UpdateRule;
import dev.bellows.engine.optim.UpdateSpec;
import java.util.Arrays;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/** Networks as graphs: what their descriptions promise. */
final class GraphNetworkTest {
  private static final KernelProvider KERNELS =
      KernelProvider.choose(KernelProvider.Preference.AUTO);

  private static float[] gradient(NetworkSpec spec) {
    TrainerFixture fixture = new TrainerFixture(spec, 16);
    try (SliceTrainer trainer = new SliceTrainer(spec, 16, KERNELS, 1)) {
      trainer.setParameters(fixture.parameters);
      fixture.fill(trainer.batch());
      trainer.run(3, 2);
      float[] gradient = new float[fixture.parameters.length];
      trainer.gradient(gradient);
      return gradient;
    }
  }

  private static long arena(NetworkSpec spec) {
    try (SliceTrainer trainer = new SliceTrainer(spec, 64, KERNELS, 1)) {
      trainer.batch().setRows(64);
      return trainer.describe().arenaBytes();
    }
  }

  @Test
  void recomputedBlocksGiveTheSameBytesWithLessMemory() {
    assertThat(gradient(GraphNetworks.deep(true))).isEqualTo(gradient(GraphNetworks.deep(false)));
    assertThat(arena(GraphNetworks.deep(true)))
        .isLessThan(arena(GraphNetworks.deep(false)) * 7 / 10);
  }

  @Test
  void frozenLayersHaveNoGradientAndDoNotMove() {
    NetworkSpec spec = GraphNetworks.frozen();
    ParameterLayout layout = Network.layout(spec);
    float[] gradient = gradient(spec);
    float[] values = new TrainerFixture(spec, 16).parameters;
    float[] moved = values.clone();
    List<UpdateSpec.Range> ranges =
        layout.segments().stream()
            .map(
                s ->
                    s.kind() == Segment.Kind.STATE
                        ? UpdateSpec.Range.state(s.offset(), s.end(), s.stateMomentum())
                        : UpdateSpec.Range.trainable(s.offset(), s.end(), s.decay(), s.rateScale()))
            .toList();
    OptimizerSpec sgd = OptimizerSpec.of(OptimizerSpec.Kind.SGD, 0.1);
    UpdateSpec update =
        new UpdateSpec(sgd, ScheduleSpec.constant(), 0, 0.01, 0, 0, NanPolicy.STOP, ranges);
    new UpdateRule(update)
        .apply(1, 0.1, 16, 1, moved, gradient.clone(), new float[0][], 0, moved.length, 0);
    for (Segment s : layout.segments()) {
      boolean first = s.name().startsWith("layer0.") || s.name().startsWith("layer1.");
      float[] before = Arrays.copyOfRange(values, s.offset(), s.end());
      float[] after = Arrays.copyOfRange(moved, s.offset(), s.end());
      if (first) {
        assertThat(Arrays.copyOfRange(gradient, s.offset(), s.end())).as(s.name()).containsOnly(0f);
        assertThat(after).as(s.name()).isEqualTo(before);
      } else {
        assertThat(after).as(s.name()).isNotEqualTo(before);
      }
    }
    assertThat(layout.segment("layer3.dense.weight").rateScale()).isEqualTo(0.5f);
    assertThat(layout.segment("layer4.dense.weight").decay()).isFalse();
  }

  @Test
  void tiedWeightsAreOneSegment() {
    ParameterLayout layout = Network.layout(GraphNetworks.tiedAutoencoder());
    assertThat(layout.segments().stream().map(Segment::name))
        .containsExactly("encode.weight", "encode.bias", "layer1.dense.bias");
  }

  @Test
  void descriptionsReadBackAsTheyWereWritten() throws Exception {
    for (NetworkSpec spec : GraphNetworks.all().values()) {
      String text = Json.pretty(spec.toJson());
      assertThat(NetworkSpec.fromJson(Json.parseObject(text, "model.json"))).isEqualTo(spec);
    }
  }

  @Test
  void watchedLayersGiveTheirValues() {
    NetworkSpec spec = GraphNetworks.residual();
    TrainerFixture fixture = new TrainerFixture(spec, 5);
    try (Predictor predictor =
        new Predictor(spec, 8, KERNELS, PlanOptions.DEFAULT, List.of("stem", "branch", "joined"))) {
      predictor.setParameters(fixture.parameters);
      fixture.fill(predictor.batch());
      predictor.run();
      float[] stem = predictor.activation("stem");
      float[] branch = predictor.activation("branch");
      float[] joined = predictor.activation("joined");
      assertThat(predictor.activationShape("stem").dims()).containsExactly(5, 12);
      for (int i = 0; i < joined.length; i++) {
        assertThat(joined[i]).isEqualTo(branch[i] + stem[i]);
        assertThat(stem[i]).isNotNegative();
      }
      assertThatThrownBy(() -> predictor.activation("gate")).hasMessageContaining("not watched");
    }
    assertThatThrownBy(
            () -> {
              try (Predictor p =
                  new Predictor(spec, 8, KERNELS, PlanOptions.DEFAULT, List.of("stm"))) {
                p.setParameters(fixture.parameters);
                fixture.fill(p.batch());
                p.run();
              }
            })
        .hasMessageContaining("no layer 'stm'");
  }

  private static void refused(ThrowingCallable what, String... parts) {
    assertThatThrownBy(what).isInstanceOf(NetworkException.class).hasMessageContainingAll(parts);
  }

  private static NetworkSpec network(LayerSpec... layers) {
    return new NetworkSpec(
        InputSpec.shaped("image", 4, 4, 2), List.of(layers), LossSpec.of(LossKind.MSE), 1);
  }

  @Test
  void errorsNameTheLayerWhatWasFoundAndWhatWouldFit() {
    LayerSpec one = GraphNetworks.layer("dense", "units", 1);
    refused(
        () -> network(one),
        "the network ends with [N, 4, 4, 1] (layer 0 (dense))",
        "{flatten: {}} and {dense: {units: 1}}");
    refused(
        () -> network(GraphNetworks.layer("dense", "units", 3, "inputs", List.of("imag")), one),
        "layer 0 (dense): input 'imag'",
        "did you mean 'image'?");
    refused(
        () -> network(GraphNetworks.layer("reshape", "shape", List.of(5, -1)), one),
        "layer 0 (reshape): found [N, 4, 4, 2] with 32 values a row",
        "a multiple of 5");
    refused(
        () ->
            network(
                GraphNetworks.layer("flatten", "name", "flat"),
                GraphNetworks.layer("add", "inputs", List.of("flat", "image"), "name", "sum")),
        "layer 1 (add 'sum')",
        "[N, 32] and [N, 4, 4, 2]");
    refused(
        () -> network(GraphNetworks.layer("embedding", "dim", 3), one),
        "layer 0 (embedding): expected tokens",
        "found numbers [N, 4, 4, 2]");
    refused(
        () -> network(GraphNetworks.layer("dense", "units", 1, "weights_of", "stem")),
        "layer 'stem' has no parameter weight");
    refused(
        () -> network(GraphNetworks.layer("flatten", "name", "image"), one), "taken by an input");
    refused(
        () -> new InputSpec(3, List.of(), 0, List.of(InputPart.numbers("image", 0, 2, 2))),
        "input part 'image' [2, 2] covers numbers 0 to 4, but a row has 3");
    refused(() -> LayerSpec.of("flaten", java.util.Map.of()), "did you mean 'flatten'?");
  }

  @Test
  void theFirstOpThatIsNotFiniteIsNamedWithStepAndSlice() {
    NetworkSpec spec = GraphNetworks.residual();
    TrainerFixture fixture = new TrainerFixture(spec, 6);
    try (SliceTrainer trainer = new SliceTrainer(spec, 6, KERNELS, 1)) {
      trainer.setParameters(fixture.parameters);
      fixture.fill(trainer.batch());
      trainer.run(12, 3);
      assertThat(trainer.firstNonFinite(12, 3)).isEmpty();

      fixture.numeric[4 * 9 + 2] = Float.NaN;
      fixture.fill(trainer.batch());
      trainer.run(12, 3);
      assertThat(trainer.firstNonFinite(12, 3))
          .isEqualTo("step 12, slice 3: numeric [6, 9] (input) has NaN at [4, 2]");

      // Large weights, all finite: the first overflow is in the forward pass of one layer.
      fixture.numeric[4 * 9 + 2] = 1;
      Segment branch = trainer.layout().segment("branch.weight");
      Arrays.fill(fixture.parameters, branch.offset(), branch.end(), 3e38f);
      trainer.setParameters(fixture.parameters);
      fixture.fill(trainer.batch());
      trainer.run(12, 3);
      assertThat(trainer.finite()).isFalse();
      assertThat(trainer.firstNonFinite(12, 3))
          .contains("step 12, slice 3: branch.matmul [6, 12] (matmul, forward of branch) has");
    }
  }

  @Test
  void aPlanAboveTheMemoryLimitIsRefusedWithItsLargestTensors() {
    NetworkSpec spec = GraphNetworks.deep(false);
    long before = dev.bellows.engine.tensor.Memory.allocatedBytes();
    PlanOptions small = PlanOptions.DEFAULT.withMemoryLimit(20_000);
    try (SliceTrainer trainer = new SliceTrainer(spec, 64, KERNELS, 1, small)) {
      TrainerFixture fixture = new TrainerFixture(spec, 64);
      trainer.setParameters(fixture.parameters);
      fixture.fill(trainer.batch());
      assertThatThrownBy(() -> trainer.run(0, 0))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContainingAll(
              "the limit is 20,000",
              "fewer rows per slice",
              "6,144 bytes",
              "layer0.dense.add_bias [64, 24] (add)");
    }
    assertThat(dev.bellows.engine.tensor.Memory.allocatedBytes()).isEqualTo(before);
  }

  @Test
  void severalRunsAddUpToOneBatch() {
    NetworkSpec spec = GraphNetworks.tiedAutoencoder();
    TrainerFixture whole = new TrainerFixture(spec, 12);
    float[] sum = new float[whole.parameters.length];
    float[] once = new float[whole.parameters.length];
    try (SliceTrainer trainer = new SliceTrainer(spec, 12, KERNELS, 1)) {
      trainer.setParameters(whole.parameters);
      whole.fill(trainer.batch());
      trainer.run(0, 0);
      trainer.gradient(once);
      for (int part = 0; part < 3; part++) {
        dev.bellows.engine.tensor.Memory.copyIn(
            whole.numeric, part * 4 * 14, trainer.batch().numeric(), 4 * 14);
        dev.bellows.engine.tensor.Memory.copyIn(
            whole.weights, part * 4, trainer.batch().weights(), 4);
        trainer.batch().setRows(4);
        trainer.run(0, 0);
        trainer.addGradient(sum);
      }
    }
    for (int i = 0; i < sum.length; i++) {
      // Another order of a sum of 12 terms.
      assertThat(sum[i]).isCloseTo(once[i], org.assertj.core.api.Assertions.within(1e-5f));
    }
  }

  @Test
  void labelsPerPositionAreCheckedAndMayBeMissing() {
    NetworkSpec spec = GraphNetworks.language("row");
    TrainerFixture fixture = new TrainerFixture(spec, 4);
    fixture.labels[9] = 11;
    try (SliceTrainer trainer = new SliceTrainer(spec, 4, KERNELS, 1)) {
      trainer.setParameters(fixture.parameters);
      fixture.fill(trainer.batch());
      assertThatThrownBy(() -> trainer.run(0, 0))
          .hasMessageContaining("row 1 of the batch has label 11 at position 2, expected 0..10");
      Arrays.fill(fixture.labels, -1);
      fixture.fill(trainer.batch());
      StepResult result = trainer.run(0, 0);
      assertThat(result.weightSum()).isZero();
      assertThat(result.lossSum()).isZero();
      assertThat(trainer.finite()).isTrue();
      fixture.labels[0] = 3;
      Arrays.fill(fixture.weights, 2);
      fixture.fill(trainer.batch());
      assertThat(trainer.run(0, 0).weightSum()).isEqualTo(2);
      fixture.codes[8] = 11;
      fixture.fill(trainer.batch());
      assertThatThrownBy(() -> trainer.run(0, 0)).hasMessageContaining("text[1] 11");
    }
  }
}
