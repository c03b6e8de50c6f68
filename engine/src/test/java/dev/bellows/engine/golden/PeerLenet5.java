package dev.bellows.engine.golden;

import dev.bellows.engine.graph.Node;
import dev.bellows.engine.graph.Poolings;
import dev.bellows.engine.tensor.Window;

/** The LeNet-5 of {@code golden_curves.py}: two convolutions of 5x5 with relu and max pooling. */
public final class PeerLenet5 extends PeerImages {
  /** A network for batches of {@code rows} images. */
  public PeerLenet5(int rows) {
    super(rows, 28, 1, 1);
    Node x = pooled(biased(conv(images, 6, 5, 1, 2), 25));
    x = rows(pooled(biased(conv(x, 16, 5, 1, 0), 150)));
    x = graph.relu(linear(x, 120));
    classify(linear(graph.relu(linear(x, 84)), 10));
  }

  private Node pooled(Node x) {
    return Poolings.maxPool(graph, graph.relu(x), Window.of(2, 2).strides(2, 2));
  }
}
