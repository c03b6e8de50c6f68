package dev.bellows.jobs.cluster;

import dev.bellows.ps.transport.ShardHost;
import dev.bellows.ps.transport.WireMode;
import java.net.InetSocketAddress;

/** A shard server in a process of its own: the other end of {@code placement: standalone}. */
public final class StandaloneServer implements AutoCloseable {
  private final ShardHost host;
  private final Settings settings;

  /**
   * How to serve.
   *
   * @param bindHost name or address to listen on
   * @param port 0 lets the system choose
   * @param encrypted whether frames are sealed; drivers and executors must have been told the same
   * @param limitBytes most bytes of parameters, slots and sums over all runs
   * @param runBytes most of them that one run may have
   */
  public record Settings(
      String bindHost, int port, boolean encrypted, long limitBytes, long runBytes) {}

  private StandaloneServer(ShardHost host, Settings settings) {
    this.host = host;
    this.settings = settings;
  }

  /**
   * Listens.
   *
   * @param secret what every client must prove
   * @throws dev.bellows.jobs.BellowsException exit 7 when it can't listen there
   */
  public static StandaloneServer start(Settings settings, String secret) {
    return new StandaloneServer(Wire.listen(settings, secret), settings);
  }

  /** The address that is bound, with the port that was found. */
  public InetSocketAddress address() {
    return host.address();
  }

  /** What is done to frames. */
  public String encryption() {
    return mode(settings).toString();
  }

  static WireMode mode(Settings settings) {
    return settings.encrypted() ? WireMode.AES_256_GCM : WireMode.CLEAR;
  }

  /** Closes all connections; what the server held is gone. */
  @Override
  public void close() {
    host.close();
  }
}
