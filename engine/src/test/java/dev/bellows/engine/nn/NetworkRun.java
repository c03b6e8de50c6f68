package dev.bellows.engine.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.bellows.engine.graph.Node;
import dev.bellows.engine.kernel.reference.ReferenceExecutor;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A network's graph with its parameters bound on the reference. */
final class NetworkRun {
  final NetworkGraph net;
  final ReferenceExecutor run;

  NetworkRun(NetworkSpec spec, int rows, Mode mode, float[] flat) {
    net = Network.build(spec, rows, mode);
    run = new ReferenceExecutor(net.graph());
    parameters(flat);
    double[] ones = new double[rows];
    java.util.Arrays.fill(ones, 1);
    run.bind(net.weights(), ones);
  }

  void parameters(float[] flat) {
    List<Segment> segments = net.layout().segments();
    for (int i = 0; i < segments.size(); i++) {
      Segment s = segments.get(i);
      run.bind(net.parameters().get(i), java.util.Arrays.copyOfRange(flat, s.offset(), s.end()));
    }
  }

  NetworkRun numeric(double... values) {
    run.bind(node(net.numeric()), values);
    return this;
  }

  NetworkRun labels(int... labels) {
    run.bind(node(net.labels()), labels);
    return this;
  }

  NetworkRun target(double... target) {
    run.bind(node(net.target()), target);
    return this;
  }

  double[] output() {
    return run.value(net.output());
  }

  /** The gradient nodes of all parameters against central differences of the loss. */
  void checkGradients(String what) {
    for (int p = 0; p < net.parameters().size(); p++) {
      if (net.layout().segments().get(p).kind() == Segment.Kind.STATE) {
        continue;
      }
      Node parameter = net.parameters().get(p);
      double[] exact = run.value(net.gradients().get(p)).clone();
      double[] values = run.value(parameter).clone();
      for (int i = 0; i < values.length; i++) {
        double at = values[i];
        double h = 1e-5;
        values[i] = at + h;
        run.bind(parameter, values);
        double up = run.scalar(net.loss());
        values[i] = at - h;
        run.bind(parameter, values);
        double difference = (up - run.scalar(net.loss())) / (2 * h);
        values[i] = at;
        assertThat(exact[i])
            .as("%s: gradient of %s[%d]", what, parameter, i)
            .isCloseTo(difference, within(1e-6 * Math.max(1, Math.abs(difference))));
      }
      run.bind(parameter, values);
    }
  }

  static Node node(@Nullable Node node) {
    return Objects.requireNonNull(node, "the network has no such input");
  }
}
