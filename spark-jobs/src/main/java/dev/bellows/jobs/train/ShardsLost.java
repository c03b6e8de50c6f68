package dev.bellows.jobs.train;

/**
 * The shards of the present incarnation are gone: training goes back to its newest restore point.
 */
final class ShardsLost extends Exception {
  private static final long serialVersionUID = 1L;

  ShardsLost(String message) {
    super(message);
  }

  ShardsLost(String message, Throwable cause) {
    super(message, cause);
  }
}
