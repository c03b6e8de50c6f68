package dev.bellows.ps.server;

import dev.bellows.ps.protocol.Message;

/**
 * What the server wants done. The transport implements it; calls come from inside {@code
 * ShardServer.handle}.
 */
public interface Effects {
  /**
   * Sends an answer. Float payloads point into live server memory: they must be written out or
   * copied before this returns. A connection that is gone is ignored. Must not throw and must not
   * call the server.
   *
   * @param connection id that the transport gave to {@code handle}
   * @param requestId id of the request that is answered
   * @param answer the answer
   */
  void send(long connection, long requestId, Message answer);
}
