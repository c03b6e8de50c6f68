package dev.bellows.ps.client;

import java.io.Serializable;

/**
 * Where a shard server listens.
 *
 * @param host host name or address; empty for a server in this JVM
 * @param port port; 0 for a server in this JVM
 */
public record ShardAddress(String host, int port) implements Serializable {
  /** A server in this JVM. */
  public static final ShardAddress LOCAL = new ShardAddress("", 0);

  @Override
  public String toString() {
    return port == 0 ? "this process" : host + ":" + port;
  }
}
