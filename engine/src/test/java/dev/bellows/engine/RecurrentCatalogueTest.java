package dev.bellows.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.bellows.engine.graph.Gradients;
import dev.bellows.engine.graph.Graph;
import dev.bellows.engine.graph.Node;
import dev.bellows.engine.graph.Recurrences;
import dev.bellows.engine.graph.RecurrentCell;
import dev.bellows.engine.kernel.reference.ReferenceExecutor;
import dev.bellows.engine.nn.Activation;
import dev.bellows.engine.nn.InputSpec;
import dev.bellows.engine.nn.LayerSpec;
import dev.bellows.engine.nn.LossKind;
import dev.bellows.engine.nn.LossSpec;
import dev.bellows.engine.nn.Network;
import dev.bellows.engine.nn.NetworkSpec;
import dev.bellows.engine.optim.OptimizerSpec;
import dev.bellows.engine.tensor.DType;
import dev.bellows.engine.tensor.Shape;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Catalogue rows of recurrent layers, with the catalogue's figures. */
final class RecurrentCatalogueTest {
  private static NetworkSpec digits(
      String type, int steps, int units, Map<String, Object> options) {
    Map<String, Object> all = new HashMap<>(options);
    all.put("units", units);
    all.put("return_sequences", false);
    return new NetworkSpec(
        InputSpec.shaped("rows", steps, 64 / steps),
        List.of(LayerSpec.of(type, all), LayerSpec.dense(10, Activation.LINEAR)),
        LossSpec.of(LossKind.SOFTMAX_CROSS_ENTROPY),
        10);
  }

  private static double accuracy(NetworkSpec spec, int epochs, double rate) {
    CatalogueData.Split data = CatalogueData.fold(CatalogueData.digits(), 0, false);
    OptimizerSpec adam = OptimizerSpec.of(OptimizerSpec.Kind.ADAM, rate);
    try (LocalTrainer trainer = new LocalTrainer(spec, adam, 32, 1)) {
      return trainer.epochs(data.train(), epochs).accuracy(data.test());
    }
  }

  @Test
  @DisplayName("SEQ-02 vanilla RNN: digit rows as 8 steps, accuracy 0.93 or more")
  void rnnReadsDigitRows() {
    assertThat(accuracy(digits("rnn", 8, 64, Map.of()), 30, 2e-3)).isGreaterThanOrEqualTo(0.93);
  }

  @Test
  @DisplayName("SEQ-03 LSTM: digit rows as 8 steps, accuracy 0.96 or more")
  void lstmReadsDigitRows() {
    assertThat(accuracy(digits("lstm", 8, 128, Map.of()), 40, 2e-3)).isGreaterThanOrEqualTo(0.96);
  }

  @Test
  @DisplayName("SEQ-03 LSTM: digit pixels as 64 steps, accuracy 0.85 or more")
  void lstmReadsDigitPixels() {
    assertThat(accuracy(digits("lstm", 64, 48, Map.of()), 30, 5e-3)).isGreaterThanOrEqualTo(0.85);
  }

  @Test
  @DisplayName("SEQ-04 GRU: digit rows as 8 steps, accuracy 0.95 or more; 3/4 of LSTM's parameters")
  void gruReadsDigitRows() {
    assertThat(accuracy(digits("gru", 8, 64, Map.of()), 30, 3e-3)).isGreaterThanOrEqualTo(0.95);
    Map<String, Object> original = Map.of("reset_after", false);
    assertThat(accuracy(digits("gru", 8, 64, original), 30, 3e-3)).isGreaterThanOrEqualTo(0.95);
    // The bias of the candidate's recurrent product is the one value per unit beyond 3/4.
    int dense = 64 * 10 + 10;
    int lstm = Network.layout(digits("lstm", 8, 64, Map.of())).length() - dense;
    int gru = Network.layout(digits("gru", 8, 64, original)).length() - dense;
    assertThat(4 * gru).isEqualTo(3 * lstm);
  }

  /** d h_T / d h_0 (or c) of a layer of one row without inputs, as the gradient of a sum. */
  private static double[] gradientOfState(
      RecurrentCell cell, int steps, int units, double[] x, double[] weights, double[] state) {
    Graph g = new Graph();
    ReferenceExecutor run = new ReferenceExecutor(g);
    Node xs = g.input("x", DType.FLOAT32, Shape.of(1, steps, cell.gates() * units));
    Node u = g.input("u", DType.FLOAT32, Shape.of(units, cell.gates() * units));
    Node s = g.input("s", DType.FLOAT32, Shape.of(cell.states(), units));
    run.bind(xs, x);
    run.bind(u, weights);
    run.bind(s, state);
    Node last =
        Recurrences.finalStateOf(
            g, Recurrences.outputsAndState(g, cell, xs, u, s, null, null, false));
    int part = cell.states() - 1; // c of an LSTM, else h
    Node sum = g.reduceSum(g.slice(last, 0, part, part + 1));
    Node gradient = Gradients.reverse(g, sum, List.of(s)).get(s);
    assertThat(gradient).isNotNull();
    return run.value(gradient);
  }

  @Test
  @DisplayName("SEQ-05 uninterrupted gradient flow through c over 100 steps; an RNN's vanishes")
  void gradientFlowsThroughTheCell() {
    double[] x = new double[100 * 4];
    for (int t = 0; t < 100; t++) {
      x[4 * t] = -800; // i = 0
      x[4 * t + 1] = 800; // f = 1
    }
    double[] gradient =
        gradientOfState(RecurrentCell.LSTM, 100, 1, x, new double[4], new double[] {0, 0.5});
    assertThat(gradient[1]).isEqualTo(1.0);
    double[] rnn =
        gradientOfState(
            RecurrentCell.TANH, 100, 1, new double[100], new double[] {0.9}, new double[] {0.1});
    assertThat(rnn[0]).isPositive().isLessThan(1e-4);
  }

  @Test
  @DisplayName("SEQ-06 singular-value rule: orthogonal W x 0.9 and x 1.1 over 50 steps")
  void gradientsFollowTheSingularValue() {
    double angle = 0.7;
    double[][] expected = {{0.9, 0.00515}, {1.1, 117.4}};
    for (double[] factor : expected) {
      double c = factor[0] * Math.cos(angle);
      double s = factor[0] * Math.sin(angle);
      // At h = 0 the slope of tanh is 1: the layer is linear there.
      double[] gradient =
          gradientOfState(
              RecurrentCell.TANH,
              50,
              2,
              new double[100],
              new double[] {c, s, -s, c},
              new double[] {0, 0});
      double ratio = Math.hypot(gradient[0], gradient[1]) / Math.sqrt(2);
      assertThat(ratio).isCloseTo(Math.pow(factor[0], 50), within(1e-6 * ratio));
      assertThat(ratio).isCloseTo(factor[1], within(0.005 * factor[1]));
    }
  }
}
