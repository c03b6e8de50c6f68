package dev.bellows.engine.nn;

/** Builds graphs, parameter layouts and summaries from a {@link NetworkSpec}. */
public final class Network {
  private Network() {}

  /** The flat parameter vector of a network. */
  public static ParameterLayout layout(NetworkSpec spec) {
    return new NetworkBuilder(spec, 1, Mode.EVALUATE).build().layout();
  }

  /** The graph of a network for a fixed number of rows. */
  public static NetworkGraph build(NetworkSpec spec, int rows, Mode mode) {
    return new NetworkBuilder(spec, rows, mode).build();
  }

  /** A table of layers, output shapes and parameters, one layer a line. */
  public static String summary(NetworkSpec spec) {
    return Summary.of(spec);
  }
}
