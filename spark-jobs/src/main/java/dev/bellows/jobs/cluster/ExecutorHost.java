package dev.bellows.jobs.cluster;

import dev.bellows.ps.server.ServerTotals;
import dev.bellows.ps.transport.ShardHost;
import dev.bellows.ps.transport.TransportCounter;
import org.jspecify.annotations.Nullable;

/** The shard server of this executor process: at most one, for any number of runs. */
final class ExecutorHost {
  private static @Nullable ShardHost host;

  private ExecutorHost() {}

  /**
   * Starts the server unless it runs already.
   *
   * @param bindHost the address that other executors reach this one by
   * @return its port
   */
  static synchronized int start(String bindHost, String secret) {
    ShardHost running = host;
    if (running == null) {
      running = Wire.listen(bindHost, secret);
      host = running;
    }
    return running.port();
  }

  /** What the server holds and has counted. */
  static synchronized ServerTotals totals() {
    return host == null ? ServerTotals.NONE : host.totals();
  }

  /** What its transport has counted. */
  static synchronized long counter(TransportCounter counter) {
    return host == null ? 0 : host.counter(counter);
  }

  static synchronized void stop() {
    ShardHost running = host;
    host = null;
    if (running != null) {
      running.close();
    }
  }
}
