package dev.bellows.engine.golden;

import dev.bellows.engine.graph.Node;
import dev.bellows.engine.graph.Poolings;

/**
 * The ResNet-20 of {@code golden_curves.py}: projections where the shape changes, each block starts
 * as its shortcut.
 */
public final class PeerResnet20 extends PeerImages {
  private static final int BLOCKS = 9;
  private static final int BLOCKS_OF_A_WIDTH = 3;
  private static final double EPSILON = 1e-5;

  /** A network for batches of {@code rows} images. */
  public PeerResnet20(int rows) {
    super(rows, 32, 3, 1.5f);
    Node x = graph.relu(norm(conv(images, 16, 3, 1, 1), 1));
    for (int block = 0; block < BLOCKS; block++) {
      int width = 16 << block / BLOCKS_OF_A_WIDTH;
      boolean same = x.shape().dim(-1) == width;
      int stride = same ? 1 : 2;
      Node y = graph.relu(norm(conv(x, width, 3, stride, 1), 1));
      y = norm(conv(y, width, 3, 1, 1), 0);
      Node skip = same ? x : norm(conv(x, width, 1, stride, 0), 1);
      x = graph.relu(graph.add(y, skip));
    }
    classify(linear(rows(Poolings.globalAveragePool(graph, x)), 10));
  }

  private Node norm(Node x, float scale) {
    int channels = x.shape().dim(-1);
    return graph.batchNorm(
        x,
        graph.batchMean(x),
        graph.batchVariance(x),
        filled(scale, channels),
        filled(0, channels),
        EPSILON,
        true);
  }
}
