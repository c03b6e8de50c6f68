package dev.bellows.engine.kernel.reference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.bellows.engine.kernel.reference.NetworkDiagnosis.Layer;
import dev.bellows.engine.nn.Initializers;
import dev.bellows.engine.nn.LossKind;
import dev.bellows.engine.nn.Mode;
import dev.bellows.engine.nn.Model;
import dev.bellows.engine.nn.Network;
import dev.bellows.engine.nn.NetworkGraph;
import dev.bellows.engine.nn.NetworkSpec;
import dev.bellows.engine.nn.Segment;
import dev.bellows.engine.sample.Philox;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Diagnoses of layers of every kind. */
final class NetworkDiagnosisTest {
  private static final int ROWS = 6;

  /** A network of one layer of each kind, the first with two dead units of eight. */
  private static List<Layer> diagnose(Mode mode, double shrink) {
    NetworkSpec spec =
        Model.builder()
            .input(6, 6, 2)
            .conv2d(8, 3)
            .as("edges")
            .relu()
            .batchNorm()
            .reshape(36, 8)
            .layer("multi_head_attention", "heads", 2)
            .as("look")
            .layer("lstm", "units", 5, "return_sequences", false)
            .as("read")
            .dense(3)
            .as("say")
            .loss(LossKind.SOFTMAX_CROSS_ENTROPY)
            .build();
    NetworkGraph net = Network.build(spec, ROWS, mode);
    float[] flat = Initializers.init(net.layout(), 1);
    ReferenceExecutor run = new ReferenceExecutor(net.graph());
    for (int i = 0; i < net.parameters().size(); i++) {
      Segment s = net.layout().segments().get(i);
      float[] values = Arrays.copyOfRange(flat, s.offset(), s.end());
      for (int k = 0; k < values.length; k++) {
        values[k] *= s.name().startsWith("say") ? (float) shrink : 1;
      }
      if (s.name().equals("edges.bias")) {
        values[2] = -100;
        values[7] = -100;
      }
      run.bind(net.parameters().get(i), values);
    }
    float[] numbers = new float[ROWS * 72];
    Philox.fillNormal(2, 0, numbers, 0, numbers.length);
    float[] ones = new float[ROWS];
    Arrays.fill(ones, 1);
    run.bind(net.weights(), ones);
    run.bind(Objects.requireNonNull(net.numeric()), numbers);
    run.bind(Objects.requireNonNull(net.labels()), new int[] {0, 1, 2, 0, 1, 2});
    return NetworkDiagnosis.of(net, run);
  }

  @Test
  @DisplayName("ACT-15, TRN-23, TRN-30 convolution, attention, recurrence and dense are looked at")
  void everyKind() {
    List<Layer> layers = diagnose(Mode.TRAIN, 1);
    assertThat(layers).extracting(Layer::name).containsExactly("edges", "look", "read", "say");
    assertThat(layers.get(0).deadShare()).isEqualTo(0.25);
    assertThat(layers).allMatch(layer -> layer.gradientNorm() > 0 && layer.deviation() > 0);
    assertThat(layers.get(2).deviation()).isLessThan(1); // states of an LSTM
    // A quarter of the units lies 100 below the others: 100 sqrt(1/4 3/4).
    assertThat(layers.get(0).deviation()).isCloseTo(43.3, within(0.5));
  }

  @Test
  @DisplayName("TRN-23 what the last layer lets through reaches every layer before it")
  void gradientsVanishTogether() {
    List<Layer> whole = diagnose(Mode.TRAIN, 1);
    List<Layer> faint = diagnose(Mode.TRAIN, 1e-6);
    for (int i = 0; i < 3; i++) {
      double ratio = faint.get(i).gradientNorm() / whole.get(i).gradientNorm();
      assertThat(ratio).as(whole.get(i).name()).isBetween(1e-7, 1e-5);
    }
    assertThat(diagnose(Mode.EVALUATE, 1)).allMatch(layer -> Double.isNaN(layer.gradientNorm()));
  }
}
