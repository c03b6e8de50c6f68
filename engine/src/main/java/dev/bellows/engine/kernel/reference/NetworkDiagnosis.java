package dev.bellows.engine.kernel.reference;

import dev.bellows.engine.graph.Node;
import dev.bellows.engine.graph.Op;
import dev.bellows.engine.nn.NetworkGraph;
import dev.bellows.engine.nn.Segment;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the dense layers of a network do with given rows: the spread of their pre-activations
 * (TRN-30), the share of dead ReLU units (ACT-15) and the size of their gradients (TRN-23,
 * vanishing and exploding).
 */
public final class NetworkDiagnosis {
  private NetworkDiagnosis() {}

  /**
   * One dense layer.
   *
   * @param name for example {@code layer0.dense}
   * @param deviation standard deviation of all pre-activations, over rows and units
   * @param deadShare share of the units whose ReLU is 0 for every row; 0 when no ReLU follows
   * @param gradientNorm 2-norm of the mean gradient of the weight; NaN for a graph without
   *     gradients
   */
  public record Layer(String name, double deviation, double deadShare, double gradientNorm) {}

  /**
   * Looks at every dense layer, first to last.
   *
   * @param net a graph, in TRAIN mode when gradients are wanted
   * @param run an executor of that graph with inputs and parameters bound
   */
  public static List<Layer> of(NetworkGraph net, ReferenceExecutor run) {
    List<Layer> layers = new ArrayList<>();
    List<Segment> segments = net.layout().segments();
    for (int i = 0; i < segments.size(); i++) {
      String segment = segments.get(i).name();
      if (segment.endsWith(".dense.weight")) {
        String name = segment.substring(0, segment.length() - ".weight".length());
        Node before = preActivation(net, name);
        Node relu = reluAfter(net, before);
        double norm =
            net.gradients().isEmpty()
                ? Double.NaN
                : norm(run.value(net.gradients().get(i))) / run.scalar(net.weightSum());
        layers.add(
            new Layer(
                name,
                deviation(run.value(before)),
                relu == null ? 0 : deadShare(run.value(relu), relu.shape().dim(1)),
                norm));
      }
    }
    return layers;
  }

  private static Node preActivation(NetworkGraph net, String layer) {
    Node node = net.graph().find(layer + ".add_bias");
    node = node != null ? node : net.graph().find(layer + ".matmul");
    if (node == null) {
      throw new IllegalStateException("no node of " + layer);
    }
    return node;
  }

  /** The ReLU that a layer's values reach before the next product, or null. */
  private static @Nullable Node reluAfter(NetworkGraph net, Node from) {
    for (Node node : net.graph().nodes().subList(from.id() + 1, net.loss().id())) {
      if (node.op() == Op.RELU) {
        return node;
      }
      if (node.op() == Op.MATMUL) {
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

  private static double norm(double[] x) {
    double squares = 0;
    for (double v : x) {
      squares += v * v;
    }
    return Math.sqrt(squares);
  }
}
