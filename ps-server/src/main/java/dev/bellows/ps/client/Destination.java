package dev.bellows.ps.client;

/**
 * Where the parameters of a pull go. Ranges come in any order, each once per version, on any
 * thread, never two at once; what is there is complete when the pull returns.
 */
@FunctionalInterface
public interface Destination {
  /**
   * Takes elements [at, at + length).
   *
   * @param values holds them from {@code offset} on; borrowed, must be copied
   */
  void put(int at, float[] values, int offset, int length);

  /** An array, from its first element on. */
  static Destination of(float[] array) {
    return (at, values, offset, length) -> System.arraycopy(values, offset, array, at, length);
  }
}
