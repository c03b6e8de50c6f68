package dev.bellows.engine.nn;

/**
 * A network description that can't be built: the message names the layer or option, what was
 * expected and what was found.
 */
public final class NetworkException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  public NetworkException(String message) {
    super(message);
  }
}
