package dev.bellows.ps.transport;

/** What a parameter server host counts; ids are stable and never reused. */
public enum TransportCounter {
  /** Connections accepted by the operating system. */
  CONNECTIONS_OPENED(1),
  /** Connections that ended, for whatever reason. */
  CONNECTIONS_CLOSED(2),
  /** Connections that proved the secret. */
  HANDSHAKES_ACCEPTED(3),
  /** Connections that sent a complete handshake and were refused. */
  HANDSHAKES_REFUSED(4),
  /** Connections whose first bytes were no handshake. */
  NOT_OUR_PROTOCOL(5),
  /** Connections dropped because the handshake did not end in time. */
  HANDSHAKE_TIMEOUTS(6),
  /** Unauthenticated connections dropped to make room for newer ones. */
  UNAUTHENTICATED_EVICTED(7),
  /** Frames with a wrong magic, version, opcode or length: the connection was closed. */
  BAD_FRAMES(8),
  /** Frames whose CRC32C did not match: the connection was closed. */
  BAD_CHECKSUMS(9),
  /** Whole frames received. */
  FRAMES_IN(10),
  /** Frames sent. */
  FRAMES_OUT(11),
  /** Bytes of whole frames received. */
  BYTES_IN(12),
  /** Bytes of frames sent. */
  BYTES_OUT(13),
  /** Connections closed because nothing was heard from the peer. */
  SILENT_PEERS(14),
  /** Times reading from a peer was paused because it did not take its answers. */
  BACK_PRESSURE_PAUSES(15),
  /** Sealed records that did not open: the connection was closed. */
  BAD_RECORDS(16),
  /** Connections that the system could not hand over, as with too many open files. */
  ACCEPT_FAILURES(17);

  private final int id;

  TransportCounter(int id) {
    this.id = id;
  }

  /** Returns the stable id. */
  public int id() {
    return id;
  }
}
