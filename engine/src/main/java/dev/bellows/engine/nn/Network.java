package dev.bellows.engine.nn;

import java.util.ArrayList;
import java.util.List;

/** Builds graphs, parameter layouts and summaries from a {@link NetworkSpec}. */
public final class Network {
  private Network() {}

  /** The flat parameter vector of a network. */
  public static ParameterLayout layout(NetworkSpec spec) {
    return NetworkBuilder.build(spec, 1, Mode.EVALUATE).layout();
  }

  /** The graph of a network for a fixed number of rows. */
  public static NetworkGraph build(NetworkSpec spec, int rows, Mode mode) {
    return NetworkBuilder.build(spec, rows, mode);
  }

  /** Shapes, parameters, products and bytes of every layer, for one row. */
  public static List<LayerCost> costs(NetworkSpec spec) {
    NetworkGraph network = build(spec, 1, Mode.EVALUATE);
    List<LayerCost> costs = new ArrayList<>();
    for (int i = 0; i < spec.layers().size(); i++) {
      String type = spec.layers().get(i).type().id();
      costs.add(LayerCost.of(network.layers().get(i), type, network.layout()));
    }
    return costs;
  }

  /**
   * A table of layers, one a line: output shape, parameters, multiply-adds and bytes per row, and
   * their sums.
   */
  public static String summary(NetworkSpec spec) {
    return Summary.of(spec);
  }
}
