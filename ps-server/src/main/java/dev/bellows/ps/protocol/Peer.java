package dev.bellows.ps.protocol;

/**
 * Another shard server, as a server knows it.
 *
 * @param host host name or address, 1 to {@value #MAX_HOST_LENGTH} characters
 * @param port port, 1 to 65,535
 */
public record Peer(String host, int port) {
  /** Longest host name. */
  public static final int MAX_HOST_LENGTH = 200;

  /**
   * Checks the fields.
   *
   * @throws PsException {@link PsErrorCode#BAD_REQUEST} naming the field
   */
  public Peer {
    if (host.isEmpty() || host.length() > MAX_HOST_LENGTH) {
      throw new PsException(
          PsErrorCode.BAD_REQUEST,
          "host must have 1 to " + MAX_HOST_LENGTH + " characters, found " + host.length());
    }
    if (port < 1 || port > 65_535) {
      throw new PsException(PsErrorCode.BAD_REQUEST, "port must be in 1..65535, found " + port);
    }
  }

  @Override
  public String toString() {
    return host + ":" + port;
  }
}
