package dev.bellows.engine.kernel.reference;

import dev.bellows.engine.graph.Node;
import dev.bellows.engine.graph.Op;
import dev.bellows.engine.nn.NetworkGraph;
import dev.bellows.engine.nn.Segment;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What the layers of a network that have weights do with given rows: the spread of what they give
 * before an activation (TRN-30), the share of dead ReLU units (ACT-15) and the size of their
 * gradients (TRN-23, vanishing and exploding).
 */
public final class NetworkDiagnosis {
  private static final Set<Op> PRODUCTS =
      EnumSet.of(Op.MATMUL, Op.SPARSE_MATMUL, Op.BATCH_MATMUL, Op.CONV);

  /** Ops that hold products of their own. */
  private static final Set<Op> WHOLE =
      EnumSet.of(Op.RECURRENT, Op.ATTENTION, Op.SELF_ATTENTION, Op.GATHER, Op.GATHER_ROWS);

  private NetworkDiagnosis() {}

  /**
   * One layer.
   *
   * @param name for example {@code layer0.dense}
   * @param deviation standard deviation, over rows, positions and units, of the pre-activations of
   *     a dense or convolutional layer, or of what a recurrent, attention or embedding layer gives
   * @param deadShare share of the units (last axis) whose ReLU is 0 for every row and position; 0
   *     when no ReLU follows
   * @param gradientNorm 2-norm of the mean gradient of the weights; NaN for a graph without
   *     gradients
   */
  public record Layer(String name, double deviation, double deadShare, double gradientNorm) {}

  /**
   * Looks at every layer with weights, first to last.
   *
   * @param net a graph, in TRAIN mode when gradients are wanted
   * @param run an executor of that graph with inputs and parameters bound
   */
  public static List<Layer> of(NetworkGraph net, ReferenceExecutor run) {
    List<Layer> layers = new ArrayList<>();
    for (NetworkGraph.Layer layer : net.layers()) {
      List<Integer> weights = weights(net, layer);
      if (weights.isEmpty()) {
        continue;
      }
      Node before = preActivation(layer);
      Node relu = reluAfter(net, before);
      double norm = Double.NaN;
      if (!net.gradients().isEmpty()) {
        double squares = 0;
        for (int weight : weights) {
          squares += squares(run.value(net.gradients().get(weight)));
        }
        norm = Math.sqrt(squares) / run.scalar(net.weightSum());
      }
      layers.add(
          new Layer(
              layer.name(),
              deviation(run.value(before)),
              relu == null ? 0 : deadShare(run.value(relu), relu.shape().dim(-1)),
              norm));
    }
    return layers;
  }

  /** Positions in the layout of a layer's weights: what is trained and has two axes or more. */
  private static List<Integer> weights(NetworkGraph net, NetworkGraph.Layer layer) {
    List<Integer> weights = new ArrayList<>();
    List<Segment> segments = net.layout().segments();
    for (int i = 0; i < segments.size(); i++) {
      Segment segment = segments.get(i);
      if (layer.segments().contains(segment.name())
          && segment.kind() == Segment.Kind.TRAINABLE
          && segment.shape().rank() > 1) {
        weights.add(i);
      }
    }
    return weights;
  }

  /** The layer's last product with its bias, or its output where products are inside an op. */
  private static Node preActivation(NetworkGraph.Layer layer) {
    Node product = null;
    for (Node node : layer.nodes()) {
      if (WHOLE.contains(node.op())) {
        return layer.output();
      }
      if (PRODUCTS.contains(node.op())) {
        product = node;
      }
    }
    if (product == null) {
      return layer.output();
    }
    Node last = product;
    for (Node node : layer.nodes()) {
      boolean follows = node.inputs().contains(last);
      boolean bias =
          node.op() == Op.ADD && node.inputs().stream().anyMatch(x -> x.op() == Op.PARAMETER);
      if (follows && (bias || node.op() == Op.RESHAPE)) {
        last = node;
      }
    }
    return last;
  }

  /** The ReLU that a layer's values reach before the next product, or null. */
  private static @Nullable Node reluAfter(NetworkGraph net, Node from) {
    for (Node node : net.graph().nodes().subList(from.id() + 1, net.loss().id())) {
      if (node.op() == Op.RELU) {
        return node;
      }
      if (PRODUCTS.contains(node.op()) || WHOLE.contains(node.op())) {
        return null;
      }
    }
    return null;
  }

  private static double deviation(double[] x) {
    double mean = 0;
    for (double v : x) {
      mean += v / x.length;
    }
    double squares = 0;
    for (double v : x) {
      squares += (v - mean) * (v - mean) / x.length;
    }
    return Math.sqrt(squares);
  }

  private static double deadShare(double[] y, int width) {
    boolean[] alive = new boolean[width];
    for (int i = 0; i < y.length; i++) {
      alive[i % width] |= y[i] != 0;
    }
    int dead = 0;
    for (boolean unit : alive) {
      dead += unit ? 0 : 1;
    }
    return (double) dead / width;
  }

  private static double squares(double[] x) {
    double squares = 0;
    for (double v : x) {
      squares += v * v;
    }
    return squares;
  }
}
