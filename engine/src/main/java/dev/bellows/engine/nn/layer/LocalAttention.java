package dev.bellows.engine.nn.layer;

import dev.bellows.engine.graph.Graph;
import dev.bellows.engine.graph.Indexings;
import dev.bellows.engine.graph.Node;
import dev.bellows.engine.tensor.Shape;
import org.jspecify.annotations.Nullable;

/**
 * {@link ScoredAttention} of a window narrower than the memory (M.-T. Luong et al., EMNLP 2015,
 * section 3.2): for each query the J = 2 window + 1 places around the one aligned to are taken out
 * of the memory, so that time and memory are of Q J, not of Q K.
 */
final class LocalAttention {
  private LocalAttention() {}

  /** Contexts [N, Q, G]; the node {@code <layer>.weights} has their weights [N, Q, J]. */
  static Node of(LayerContext c, Node x, Node memory, @Nullable Node lengths) {
    Graph g = c.graph();
    int rows = x.shape().dim(0);
    int queries = x.shape().dim(1);
    int keys = memory.shape().dim(1);
    int features = memory.shape().dim(2);
    int reach = c.whole("window");
    int width = 2 * reach + 1;
    boolean multiplies = ScoredAttention.multiplies(c);
    Node left = multiplies ? ScoredAttention.asking(c, x, memory) : ScoredAttention.left(c, x);
    Node right = multiplies ? memory : ScoredAttention.right(c, x, memory);
    Node centre = ScoredAttention.centre(c, x, keys);
    Node places = Indexings.windowPlaces(g, g.stopGradient(centre), keys, reach);
    Node near = taken(g, memory, places); // [N, Q, J, G]
    Node wide = g.reshape(left, Shape.of(rows, queries, 1, left.shape().dim(2)));
    Node scores =
        multiplies
            ? g.reshape(
                Indexings.batchMatmul(g, wide, near, false, true), Shape.of(rows, queries, width))
            : ScoredAttention.added(c, wide, taken(g, right, places));
    Node place = Indexings.gather(g, places(g, rows, keys), places, 0);
    Node distance = g.sub(place, g.reshape(centre, Shape.of(rows, queries, 1)));
    Node mask = null;
    if (lengths != null) {
      Node known = Indexings.sequenceMask(g, lengths, keys);
      mask = Indexings.gather(g, g.reshape(known, Shape.of(rows * keys)), places, 0);
    }
    Node weights = ScoredAttention.within(c, scores, distance, mask);
    c.graph("weights").stopGradient(weights);
    Node sums =
        Indexings.batchMatmul(
            g, g.reshape(weights, Shape.of(rows, queries, 1, width)), near, false, false);
    return c.graph("").reshape(sums, Shape.of(rows, queries, features));
  }

  /** What of x [N, K, F] stands at places [N, Q, J]: [N, Q, J, F]. */
  private static Node taken(Graph g, Node x, Node places) {
    Shape flat = Shape.of(x.shape().dim(0) * x.shape().dim(1), x.shape().dim(2));
    return Indexings.gather(g, g.reshape(x, flat), places, 0);
  }

  /** The place in its row of each of N K places. */
  private static Node places(Graph g, int rows, int keys) {
    double[] place = new double[rows * keys];
    for (int i = 0; i < place.length; i++) {
      place[i] = i % keys;
    }
    return g.constant(place, Shape.of(place.length));
  }
}
