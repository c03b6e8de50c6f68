package dev.bellows.engine.nn.layer;

import dev.bellows.engine.graph.Graph;
import dev.bellows.engine.graph.Node;
import dev.bellows.engine.nn.Activation;

/** Activations with their default parameters as nodes. */
final class Activations {
  private Activations() {}

  /** {@code kind} of {@code x} with its default parameters; the graph's next name is its name. */
  static Node apply(Graph graph, Activation kind, Node x) {
    return switch (kind) {
      case RELU -> graph.relu(x);
      case LEAKY_RELU -> graph.leakyRelu(x, 0.01);
      case ELU -> graph.elu(x, 1);
      case SIGMOID -> graph.sigmoid(x);
      case TANH -> graph.tanh(x);
      case SOFTPLUS -> graph.softplus(x);
      case SWISH -> graph.swish(x, 1);
      case MISH -> graph.mish(x);
      case GELU -> graph.gelu(x);
      case SOFTMAX -> graph.softmax(x, 1);
      case STEP -> graph.step(x);
      case LINEAR -> {
        graph.named(null);
        yield x;
      }
    };
  }
}
