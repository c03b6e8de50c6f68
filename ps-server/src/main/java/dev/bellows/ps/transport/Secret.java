package dev.bellows.ps.transport;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Locale;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * The shared secret that both ends of a connection prove, or its declared absence.
 *
 * <p>Only keys derived from it are kept, one for proofs and one for traffic; it appears in no
 * message, log line or {@code toString}.
 */
public final class Secret {

  private static final String HMAC = "HmacSHA256";
  private static final byte[] KEY_LABEL =
      "bellows ps handshake key v1".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] TRAFFIC_LABEL =
      "bellows ps traffic key v1".getBytes(StandardCharsets.US_ASCII);
  private static final Secret NONE =
      new Secret(derive(new byte[] {0}, new byte[0]), new byte[0], false);

  private final SecretKeySpec key;
  private final byte[] trafficKey;
  private final boolean present;

  private Secret(byte[] derivedKey, byte[] trafficKey, boolean present) {
    this.key = new SecretKeySpec(derivedKey, HMAC);
    this.trafficKey = trafficKey;
    this.present = present;
  }

  /** No secret: accepted on loopback addresses only. */
  public static Secret none() {
    return NONE;
  }

  /** A secret given as text, such as Spark's own or one made for the run. */
  public static Secret of(String text) {
    return of(text.getBytes(StandardCharsets.UTF_8));
  }

  /** A secret given as bytes; the array may be wiped afterwards. */
  public static Secret of(byte[] bytes) {
    if (bytes.length == 0) {
      throw new IllegalArgumentException(
          "the secret is empty; give at least one byte (32 random ones are best) or Secret.none()");
    }
    return new Secret(derive(bytes, KEY_LABEL), derive(bytes, TRAFFIC_LABEL), true);
  }

  /** Returns whether there is one. */
  public boolean isPresent() {
    return present;
  }

  /** Returns HMAC-SHA256 over the parts, one after the other: 32 bytes. */
  byte[] mac(byte[]... parts) {
    try {
      Mac mac = Mac.getInstance(HMAC);
      mac.init(key);
      for (byte[] part : parts) {
        mac.update(part);
      }
      return mac.doFinal();
    } catch (GeneralSecurityException e) {
      throw unavailable(e);
    }
  }

  /**
   * Returns the secret of one direction of one connection: 32 bytes.
   *
   * @param nonces of both sides, fresh for the connection
   * @param info names the direction and all that was agreed
   */
  byte[] traffic(byte[] nonces, byte[] info) {
    if (!present) {
      throw new IllegalStateException("there is no secret to make keys of");
    }
    return Hkdf.expand(Hkdf.extract(nonces, trafficKey), info, Hkdf.HASH_BYTES);
  }

  @Override
  public String toString() {
    return String.format(Locale.ROOT, "Secret[%s]", present ? "hidden" : "none");
  }

  private static byte[] derive(byte[] secret, byte[] label) {
    try {
      Mac mac = Mac.getInstance(HMAC);
      mac.init(new SecretKeySpec(secret, HMAC));
      return mac.doFinal(label);
    } catch (GeneralSecurityException e) {
      throw unavailable(e);
    }
  }

  private static IllegalStateException unavailable(GeneralSecurityException e) {
    return new IllegalStateException(
        "this Java runtime has no HmacSHA256, which every Java runtime must have", e);
  }
}
