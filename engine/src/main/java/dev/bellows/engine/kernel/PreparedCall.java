package dev.bellows.engine.kernel;

/**
 * A call that brings weights into the order that its kernel wants before it works with them. The
 * order stays until the next run, so that a plan that knows when weights change may run {@code
 * preparation} only then and {@code work} each time.
 *
 * @param weights address that the preparation reads; it reads nothing else
 */
public record PreparedCall(long weights, KernelCall preparation, KernelCall work)
    implements KernelCall {
  @Override
  public void run() {
    preparation.run();
    work.run();
  }
}
