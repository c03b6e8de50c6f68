package dev.bellows.ps.client;

/**
 * Opens connections: {@link InProcessConnector} inside one JVM, the transport's Netty connector
 * between them.
 */
public interface Connector extends AutoCloseable {
  /**
   * Opens and authenticates a connection.
   *
   * @param address where to
   * @param receiver gets the answers
   * @throws dev.bellows.ps.protocol.PsException CONNECTION_LOST (try again) or NOT_AUTHENTICATED,
   *     after at most the connector's own deadline
   */
  Connection connect(ShardAddress address, Receiver receiver);

  /**
   * Called again and again by clients that wait for answers: does what the servers have to do when
   * they have no threads of their own.
   *
   * @return whether there was something to do
   */
  default boolean help() {
    return false;
  }

  /** Frees threads and pools; connections must be closed before. */
  @Override
  default void close() {}
}
