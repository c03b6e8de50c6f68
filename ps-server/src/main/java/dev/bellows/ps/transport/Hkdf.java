package dev.bellows.ps.transport;

import java.security.GeneralSecurityException;
import java.util.Arrays;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Keys from a secret: HKDF with HMAC-SHA256.
 *
 * <p>H. Krawczyk, P. Eronen, "HMAC-based Extract-and-Expand Key Derivation Function (HKDF)", RFC
 * 5869, 2010.
 */
final class Hkdf {
  static final int HASH_BYTES = 32;
  private static final String HMAC = "HmacSHA256";

  private Hkdf() {}

  /** Returns a pseudorandom key of 32 bytes. */
  static byte[] extract(byte[] salt, byte[] inputKey) {
    return mac(salt.length == 0 ? new byte[HASH_BYTES] : salt, inputKey);
  }

  /**
   * Returns {@code length} bytes for one use.
   *
   * @param info names the use
   * @param length 1 to 255 * 32
   */
  static byte[] expand(byte[] pseudorandomKey, byte[] info, int length) {
    if (length < 1 || length > 255 * HASH_BYTES) {
      throw new IllegalArgumentException("HKDF gives 1 to 8160 bytes, asked for " + length);
    }
    byte[] out = new byte[length];
    byte[] block = new byte[0];
    for (int at = 0, count = 1; at < length; at += HASH_BYTES, count++) {
      block = mac(pseudorandomKey, block, info, new byte[] {(byte) count});
      System.arraycopy(block, 0, out, at, Math.min(HASH_BYTES, length - at));
    }
    Arrays.fill(block, (byte) 0);
    return out;
  }

  private static byte[] mac(byte[] key, byte[]... parts) {
    try {
      Mac mac = Mac.getInstance(HMAC);
      mac.init(new SecretKeySpec(key, HMAC));
      for (byte[] part : parts) {
        mac.update(part);
      }
      return mac.doFinal();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(
          "this Java runtime has no HmacSHA256, which every Java runtime must have", e);
    }
  }
}
