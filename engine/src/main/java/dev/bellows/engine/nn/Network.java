package dev.bellows.engine.nn;

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

  /** A table of layers, output shapes and parameters, one layer a line. */
  public static String summary(NetworkSpec spec) {
    return Summary.of(spec);
  }
}
