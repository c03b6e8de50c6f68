package dev.bellows.ps.client;

import java.io.Serializable;

/**
 * Where a shard server listens.
 *
 * @param host host name or address; empty for a server in this JVM
 * @param port port; the number of the server for one in this JVM, from 0
 */
public record ShardAddress(String host, int port) implements Serializable {
  /** The first server in this JVM. */
  public static final ShardAddress LOCAL = local(0);

  /** One of the servers in this JVM: each works on its own, so that threads need not wait. */
  public static ShardAddress local(int server) {
    return new ShardAddress("", server);
  }

  @Override
  public String toString() {
    return host.isEmpty() ? "this process" : host + ":" + port;
  }
}
