package dev.bellows.ps.transport;

/**
 * What happens to the bytes behind the handshake. Both ends are told by their own settings and name
 * it in the handshake, where it is under both proofs: neither end, and nobody between them, can
 * lower it.
 */
public enum WireMode {
  /** Frames as they are; their CRC32C finds accidents only. */
  CLEAR(0, "clear frames"),
  /** Every frame in one sealed record, see {@link RecordCipher}. */
  AES_256_GCM(1, "AES-256-GCM");

  private final int wire;
  private final String title;

  WireMode(int wire, String title) {
    this.wire = wire;
    this.title = title;
  }

  /** Returns the byte that stands for it in the handshake. */
  int wire() {
    return wire;
  }

  /** Returns the name of a byte of the handshake, known or not. */
  static String title(int wire) {
    for (WireMode mode : values()) {
      if (mode.wire == wire) {
        return mode.title;
      }
    }
    return "unknown mode " + wire;
  }

  /** Refuses encryption under a key that everybody knows. */
  void check(Secret secret) {
    if (this == AES_256_GCM && !secret.isPresent()) {
      throw new IllegalArgumentException(
          "AES-256-GCM needs a secret to make keys of, found none: give one, or WireMode.CLEAR");
    }
  }

  @Override
  public String toString() {
    return title;
  }
}
