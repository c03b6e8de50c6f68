package dev.bellows.engine.nn;

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

  static Node node(@Nullable Node node) {
    return Objects.requireNonNull(node, "the network has no such input");
  }
}
