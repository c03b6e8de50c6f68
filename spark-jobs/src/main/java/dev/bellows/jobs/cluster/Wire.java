package dev.bellows.jobs.cluster;

import dev.bellows.jobs.BellowsException;
import dev.bellows.jobs.ExitCode;
import dev.bellows.ps.client.Connector;
import dev.bellows.ps.server.ServerOptions;
import dev.bellows.ps.server.ShardServer;
import dev.bellows.ps.transport.ConnectorOptions;
import dev.bellows.ps.transport.HostOptions;
import dev.bellows.ps.transport.NettyConnector;
import dev.bellows.ps.transport.Secret;
import dev.bellows.ps.transport.ShardHost;
import dev.bellows.ps.transport.ShardHostException;
import dev.bellows.ps.transport.WireMode;
import org.apache.spark.SparkEnv;

/** The network side of shard servers: the one place that knows the transport's options. */
final class Wire {
  private Wire() {}

  /** Starts a shard server on a free port of an address. */
  static ShardHost listen(String bindHost, String secret) {
    return listen(
        HostOptions.of(bindHost, 0, Secret.of(secret)).withMode(mode()), ServerOptions.defaults());
  }

  /** Starts a stand-alone server, which no Spark tells anything. */
  static ShardHost listen(StandaloneServer.Settings settings, String secret) {
    ServerOptions limits = ServerOptions.defaults();
    return listen(
        HostOptions.of(settings.bindHost(), settings.port(), Secret.of(secret))
            .withPortTries(1)
            .withMode(StandaloneServer.mode(settings)),
        new ServerOptions(
            settings.limitBytes(),
            limits.maxNamespaces(),
            limits.maxWaiting(),
            limits.maxClients(),
            limits.idleDropNanos(),
            settings.runBytes()));
  }

  private static ShardHost listen(HostOptions options, ServerOptions limits) {
    try {
      return ShardHost.start(options, new ShardServer(limits, System::nanoTime));
    } catch (ShardHostException e) {
      throw new BellowsException(ExitCode.CLUSTER, String.valueOf(e.getMessage()), e);
    }
  }

  /** Makes a connector that proves the secret. */
  static Connector connector(String secret, WireMode mode) {
    return new NettyConnector(ConnectorOptions.of(Secret.of(secret), "bellows").withMode(mode));
  }

  /**
   * Sealed when Spark encrypts its own connections: driver and executors read the same settings, no
   * knob of our own can differ.
   */
  static WireMode mode() {
    SparkEnv env = SparkEnv.get();
    return env != null
            && (env.securityManager().isEncryptionEnabled()
                || env.securityManager().isSslRpcEnabled())
        ? WireMode.AES_256_GCM
        : WireMode.CLEAR;
  }
}
