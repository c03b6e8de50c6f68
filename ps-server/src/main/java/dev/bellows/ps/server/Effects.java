package dev.bellows.ps.server;

import dev.bellows.ps.protocol.Message;
import dev.bellows.ps.protocol.Peer;

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

  /**
   * Sends a request to another server, which is connected to when it is not yet; the request is
   * lost when that fails, and {@code ShardServer.connected} tells when to send it again. Answers
   * come to {@code ShardServer.answered}. Payloads and manners as in {@link #send}.
   *
   * @param to the other server
   * @param requestId id of the request, unique in this server
   * @param request the request
   * @throws UnsupportedOperationException when this server has no way to others
   */
  default void forward(Peer to, long requestId, Message.Request request) {
    throw new UnsupportedOperationException("this server has no way to others, found " + to);
  }

  /** Whether {@link #forward} works. */
  default boolean canForward() {
    return false;
  }
}
