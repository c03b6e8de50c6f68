package dev.bellows.jobs.config;

import java.io.Serializable;

/**
 * Where a stand-alone parameter server listens.
 *
 * @param host name or address; an IPv6 address without its brackets
 * @param port 1 to 65535
 */
public record ServerAddress(String host, int port) implements Serializable {
  private static final int MAX_PORT = 65_535;

  /**
   * Reads {@code host:port} or {@code [IPv6 address]:port}.
   *
   * @throws IllegalArgumentException saying what was expected and found
   */
  public static ServerAddress parse(String text) {
    int colon = text.lastIndexOf(':');
    String host = colon < 0 ? "" : text.substring(0, colon);
    if (host.startsWith("[") && host.endsWith("]")) {
      host = host.substring(1, host.length() - 1);
    } else if (host.indexOf(':') >= 0) {
      host = ""; // an IPv6 address without brackets: which colon ends it?
    }
    String digits = text.substring(colon + 1);
    boolean number = digits.matches("[0-9]{1,5}");
    int port = number ? Integer.parseInt(digits) : 0;
    if (host.isBlank() || port < 1 || port > MAX_PORT) {
      throw new IllegalArgumentException(
          "expected host:port with a port in 1..65535, found \"" + text + "\"");
    }
    return new ServerAddress(host, port);
  }

  @Override
  public String toString() {
    return host.indexOf(':') >= 0 ? "[" + host + "]:" + port : host + ":" + port;
  }
}
