package dev.bellows.ps.client;

import dev.bellows.ps.protocol.Message;

/** A connection to one shard server; used by one client, whose calls come from one thread. */
public interface Connection extends AutoCloseable {
  /**
   * Sends a request. Float payloads are read until the answer comes or the connection is closed
   * (over a network only until this returns); it may block for back-pressure up to the transport's
   * own deadline.
   *
   * @throws dev.bellows.ps.protocol.PsException CONNECTION_LOST when the connection is gone or
   *     stays blocked
   */
  void send(long requestId, Message request);

  /** Whether a request with so many bytes of numbers can be sent without blocking. */
  default boolean hasRoom(int bytes) {
    return true;
  }

  /** True until closed by either side. */
  boolean isOpen();

  /** Closes quietly; idempotent. */
  @Override
  void close();
}
