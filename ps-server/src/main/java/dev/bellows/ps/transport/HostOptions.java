package dev.bellows.ps.transport;

import dev.bellows.ps.protocol.FrameHeader;

/**
 * How a {@link ShardHost} listens.
 *
 * @param bindHost name or address to bind; without a secret it must be a loopback address
 * @param port first port to try; 0 lets the system choose
 * @param portTries number of consecutive ports to try when one is in use
 * @param secret what clients must prove
 * @param mode whether frames are encrypted; clients must have been told the same
 * @param handshakeTimeoutMs time a connection has to prove it
 * @param maxUnauthenticated connections that may be in their handshake at once; the oldest is
 *     dropped for one more
 * @param maxConnections authenticated connections
 * @param maxFrameBytes largest whole frame in either direction
 * @param heartbeatMs a peer that sends nothing for three of these is closed
 * @param maxPendingBytes answers that may wait for one slow reader before it is closed
 */
public record HostOptions(
    String bindHost,
    int port,
    int portTries,
    Secret secret,
    WireMode mode,
    int handshakeTimeoutMs,
    int maxUnauthenticated,
    int maxConnections,
    int maxFrameBytes,
    int heartbeatMs,
    long maxPendingBytes) {

  /** Checks the ranges. */
  public HostOptions {
    mode.check(secret);
    if (port < 0 || port > 65_535) {
      throw new IllegalArgumentException("port must be in 0..65535, found " + port);
    }
    if (portTries < 1
        || handshakeTimeoutMs < 1
        || maxUnauthenticated < 1
        || maxConnections < 1
        || heartbeatMs < 1
        || maxFrameBytes < FrameHeader.BYTES
        || maxPendingBytes < maxFrameBytes) {
      throw new IllegalArgumentException(
          "host options must be positive and maxPendingBytes hold at least one frame, found "
              + "portTries "
              + portTries
              + ", handshakeTimeoutMs "
              + handshakeTimeoutMs
              + ", maxUnauthenticated "
              + maxUnauthenticated
              + ", maxConnections "
              + maxConnections
              + ", heartbeatMs "
              + heartbeatMs
              + ", maxFrameBytes "
              + maxFrameBytes
              + ", maxPendingBytes "
              + maxPendingBytes);
    }
  }

  /** The usual limits: 16 ports, 5 s handshake, 256 strangers, 4 MiB frames, 2 s heartbeat. */
  public static HostOptions of(String bindHost, int port, Secret secret) {
    return new HostOptions(
        bindHost,
        port,
        16,
        secret,
        WireMode.CLEAR,
        5_000,
        256,
        4_096,
        FrameHeader.DEFAULT_MAX_FRAME_BYTES,
        2_000,
        512L << 20);
  }

  /** Loopback, any port, no secret: for one machine. */
  public static HostOptions loopback() {
    return of("127.0.0.1", 0, Secret.none());
  }

  /** The same with another handshake timeout. */
  public HostOptions withHandshakeTimeoutMs(int timeoutMs) {
    return new HostOptions(
        bindHost,
        port,
        portTries,
        secret,
        mode,
        timeoutMs,
        maxUnauthenticated,
        maxConnections,
        maxFrameBytes,
        heartbeatMs,
        maxPendingBytes);
  }

  /** The same with another heartbeat. */
  public HostOptions withHeartbeatMs(int intervalMs) {
    return new HostOptions(
        bindHost,
        port,
        portTries,
        secret,
        mode,
        handshakeTimeoutMs,
        maxUnauthenticated,
        maxConnections,
        maxFrameBytes,
        intervalMs,
        maxPendingBytes);
  }

  /** The same with other caps on connections. */
  public HostOptions withConnectionCaps(int unauthenticated, int connections) {
    return new HostOptions(
        bindHost,
        port,
        portTries,
        secret,
        mode,
        handshakeTimeoutMs,
        unauthenticated,
        connections,
        maxFrameBytes,
        heartbeatMs,
        maxPendingBytes);
  }

  /** The same with another cap on answers waiting for one reader. */
  public HostOptions withMaxPendingBytes(long bytes) {
    return new HostOptions(
        bindHost,
        port,
        portTries,
        secret,
        mode,
        handshakeTimeoutMs,
        maxUnauthenticated,
        maxConnections,
        maxFrameBytes,
        heartbeatMs,
        bytes);
  }

  /** The same with another number of ports to try. */
  public HostOptions withPortTries(int tries) {
    return new HostOptions(
        bindHost,
        port,
        tries,
        secret,
        mode,
        handshakeTimeoutMs,
        maxUnauthenticated,
        maxConnections,
        maxFrameBytes,
        heartbeatMs,
        maxPendingBytes);
  }

  /** The same with frames of another kind. */
  public HostOptions withMode(WireMode wanted) {
    return new HostOptions(
        bindHost,
        port,
        portTries,
        secret,
        wanted,
        handshakeTimeoutMs,
        maxUnauthenticated,
        maxConnections,
        maxFrameBytes,
        heartbeatMs,
        maxPendingBytes);
  }
}
