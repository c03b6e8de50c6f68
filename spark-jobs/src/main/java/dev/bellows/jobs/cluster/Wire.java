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

/** The network side of shard servers: the one place that knows the transport's options. */
final class Wire {
  private Wire() {}

  /** Starts a shard server on a free port of an address. */
  static ShardHost listen(String bindHost, String secret) {
    try {
      return ShardHost.start(
          HostOptions.of(bindHost, 0, Secret.of(secret)),
          new ShardServer(ServerOptions.defaults(), System::nanoTime));
    } catch (ShardHostException e) {
      throw new BellowsException(ExitCode.CLUSTER, String.valueOf(e.getMessage()), e);
    }
  }

  /** Makes a connector that proves the secret. */
  static Connector connector(String secret) {
    return new NettyConnector(ConnectorOptions.of(Secret.of(secret), "bellows"));
  }
}
