package dev.bellows.engine.golden;

import dev.bellows.engine.graph.Node;

/** The perceptron of {@code golden_curves.py}: 784-256-128-10 with relu. */
public final class PeerMlp extends PeerImages {
  /** A network for batches of {@code rows} images. */
  public PeerMlp(int rows) {
    super(rows, 28, 1, 0.25f);
    Node x = graph.relu(linear(rows(images), 256));
    classify(linear(graph.relu(linear(x, 128)), 10));
  }
}
