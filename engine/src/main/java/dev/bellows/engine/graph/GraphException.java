package dev.bellows.engine.graph;

/**
 * A graph that can't be built: the message names the node, what was expected and what was found.
 */
public final class GraphException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  public GraphException(String message) {
    super(message);
  }
}
