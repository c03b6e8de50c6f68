package dev.bellows.ps.server;

/**
 * Limits of one server.
 *
 * @param maxBytes bytes of float arrays over all namespaces
 * @param maxNamespaces number of (run, shard) pairs
 * @param maxWaiting deferred answers per namespace
 * @param maxClients clients remembered per namespace
 * @param idleDropNanos a namespace without any request for so long is dropped by {@code tick}; 0:
 *     never
 * @param maxRunBytes bytes of float arrays of one run
 */
public record ServerOptions(
    long maxBytes,
    int maxNamespaces,
    int maxWaiting,
    int maxClients,
    long idleDropNanos,
    long maxRunBytes) {
  /** A run may take all that there is. */
  public ServerOptions(
      long maxBytes, int maxNamespaces, int maxWaiting, int maxClients, long idleDropNanos) {
    this(maxBytes, maxNamespaces, maxWaiting, maxClients, idleDropNanos, maxBytes);
  }

  /** The same with a quota for each run. */
  public ServerOptions withRunBytes(long quota) {
    return new ServerOptions(maxBytes, maxNamespaces, maxWaiting, maxClients, idleDropNanos, quota);
  }

  /** Half of the heap, 256 namespaces, 65,536 waiting answers, 1,024 clients, six hours. */
  public static ServerOptions defaults() {
    return new ServerOptions(
        Runtime.getRuntime().maxMemory() / 2, 256, 65_536, 1024, 6 * 3_600_000_000_000L);
  }
}
