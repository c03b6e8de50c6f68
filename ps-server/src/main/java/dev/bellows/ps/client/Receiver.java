package dev.bellows.ps.client;

import dev.bellows.ps.protocol.Message;

/**
 * Gets what a connection brings. Called on the transport's thread, or inside {@link
 * Connection#send} on the caller's; must be quick, must not send, and must copy float payloads
 * before it returns.
 */
public interface Receiver {
  /** An answer. */
  void receive(long requestId, Message answer);

  /**
   * The connection is gone; no answer follows. Not called after {@link Connection#close}.
   *
   * @param reason for people
   */
  void closed(String reason);
}
