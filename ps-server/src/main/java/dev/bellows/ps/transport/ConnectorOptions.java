package dev.bellows.ps.transport;

import dev.bellows.ps.protocol.FrameHeader;

/**
 * How a {@link NettyConnector} connects.
 *
 * @param secret what both ends prove
 * @param mode whether frames are encrypted; the other end must have been told the same
 * @param run name of the run or application, bound into the handshake
 * @param connectTimeoutMs deadline of one attempt, TCP and handshake together
 * @param sendTimeoutMs how long a send may wait for the peer to read
 * @param heartbeatMs a PING is sent when nothing was heard for so long; after three the peer is
 *     gone
 * @param maxFrameBytes largest whole frame in either direction
 * @param maxQueuedBytes requests that may wait to be sent before {@code send} waits
 */
public record ConnectorOptions(
    Secret secret,
    WireMode mode,
    String run,
    int connectTimeoutMs,
    int sendTimeoutMs,
    int heartbeatMs,
    int maxFrameBytes,
    int maxQueuedBytes) {

  /** Checks the ranges. */
  public ConnectorOptions {
    mode.check(secret);
    if (connectTimeoutMs < 1
        || sendTimeoutMs < 1
        || heartbeatMs < 1
        || maxFrameBytes < FrameHeader.BYTES
        || maxQueuedBytes < maxFrameBytes) {
      throw new IllegalArgumentException(
          "connector options must be positive and maxQueuedBytes hold at least one frame, found "
              + "connectTimeoutMs "
              + connectTimeoutMs
              + ", sendTimeoutMs "
              + sendTimeoutMs
              + ", heartbeatMs "
              + heartbeatMs
              + ", maxFrameBytes "
              + maxFrameBytes
              + ", maxQueuedBytes "
              + maxQueuedBytes);
    }
  }

  /**
   * The usual deadlines, clear frames: 5 s to connect, 30 s to send, 2 s heartbeat, 4 MiB frames,
   * 16 MiB queue.
   */
  public static ConnectorOptions of(Secret secret, String run) {
    return new ConnectorOptions(
        secret,
        WireMode.CLEAR,
        run,
        5_000,
        30_000,
        2_000,
        FrameHeader.DEFAULT_MAX_FRAME_BYTES,
        16 << 20);
  }

  /** The same with other deadlines. */
  public ConnectorOptions withTimeouts(int connectMs, int sendMs, int heartbeat) {
    return new ConnectorOptions(
        secret, mode, run, connectMs, sendMs, heartbeat, maxFrameBytes, maxQueuedBytes);
  }

  /** The same with frames of another kind. */
  public ConnectorOptions withMode(WireMode wanted) {
    return new ConnectorOptions(
        secret,
        wanted,
        run,
        connectTimeoutMs,
        sendTimeoutMs,
        heartbeatMs,
        maxFrameBytes,
        maxQueuedBytes);
  }
}
