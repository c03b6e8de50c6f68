package dev.bellows.ps.transport;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * Seals or opens the records of one direction of one connection with AES-256-GCM.
 *
 * <pre>
 *   0        4              8                        8 + n          24 + n
 *   +--------+--------------+------------------------+----------------+
 *   | 'BLWE' | n u32        | n bytes, encrypted     | tag 16         |
 *   +--------+--------------+------------------------+----------------+
 * </pre>
 *
 * <p>Little-endian. A record holds one whole frame, so that opcodes and request ids are hidden,
 * too. The 8 bytes of the header are associated data. The nonce is 4 bytes from the key derivation
 * and the number of the record as u64, which is not sent: a record that was changed, repeated, left
 * out, moved or cut off does not open. After {@link #BYTES_PER_KEY} the key gives way to the next
 * one of a chain, far below the limits of NIST SP 800-38D.
 *
 * <p>Nothing here allocates but what {@code Cipher.init} does: the JDK expands the key anew for
 * every nonce, a few kilobytes.
 */
final class RecordCipher {
  /** 'BLWE' read as a little-endian int. */
  static final int MAGIC = 'B' | 'L' << 8 | 'W' << 16 | 'E' << 24;

  static final int LENGTH_OFFSET = 4;
  static final int HEADER_BYTES = 8;
  static final int TAG_BYTES = 16;

  /** What a record is longer than its content. */
  static final int OVERHEAD_BYTES = HEADER_BYTES + TAG_BYTES;

  /** Bytes sealed under one key. */
  static final long BYTES_PER_KEY = 1L << 36;

  private static final int KEY_BYTES = 32;
  private static final int FIXED_BYTES = 4;
  private static final int NONCE_BYTES = 12;
  private static final byte[] RECORD_KEY = label("bellows record key");
  private static final byte[] NEXT = label("bellows next record key");

  private final Cipher cipher;
  private final int operation;
  private final long bytesPerKey;
  private final ByteBuffer nonce = ByteBuffer.allocate(NONCE_BYTES).order(ByteOrder.LITTLE_ENDIAN);
  private final ByteBuffer header =
      ByteBuffer.allocate(HEADER_BYTES).order(ByteOrder.LITTLE_ENDIAN).putInt(0, MAGIC);
  private byte[] chain;
  private SecretKeySpec key;
  private long records;
  private long bytes;

  private RecordCipher(int operation, byte[] trafficSecret, long bytesPerKey) {
    this.operation = operation;
    this.bytesPerKey = bytesPerKey;
    this.chain = trafficSecret.clone();
    this.key = deriveKey();
    try {
      this.cipher = Cipher.getInstance("AES/GCM/NoPadding");
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this Java runtime has no AES/GCM, which all have", e);
    }
  }

  /** The sender's half; {@code trafficSecret} is that of its direction. */
  static RecordCipher sealing(byte[] trafficSecret) {
    return new RecordCipher(Cipher.ENCRYPT_MODE, trafficSecret, BYTES_PER_KEY);
  }

  /** The receiver's half. */
  static RecordCipher opening(byte[] trafficSecret) {
    return new RecordCipher(Cipher.DECRYPT_MODE, trafficSecret, BYTES_PER_KEY);
  }

  /** The same from its first record on with another limit per key. */
  RecordCipher withBytesPerKey(long limit) {
    return new RecordCipher(operation, chain, limit);
  }

  /**
   * Seals the remaining bytes of {@code frame}.
   *
   * @param record gets the whole record at its position, {@link #OVERHEAD_BYTES} more than remain
   */
  void seal(ByteBuffer frame, ByteBuffer record) {
    prepare(frame.remaining());
    record.put(header.array());
    try {
      cipher.doFinal(frame, record);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("a frame could not be sealed", e);
    }
  }

  /**
   * Opens one whole record.
   *
   * @param record header, ciphertext and tag remain
   * @param frame gets the content at its position
   * @throws BadRecordException when it is not the next record that the other end has sealed
   */
  void open(ByteBuffer record, ByteBuffer frame) throws BadRecordException {
    prepare(record.remaining() - OVERHEAD_BYTES);
    record.position(record.position() + HEADER_BYTES);
    try {
      cipher.doFinal(record, frame);
    } catch (AEADBadTagException e) {
      throw new BadRecordException(
          "record " + (records - 1) + " was changed, repeated, left out or moved on the way");
    } catch (GeneralSecurityException e) {
      throw new BadRecordException("record " + (records - 1) + " does not open: " + e.getMessage());
    }
  }

  /**
   * Checks the header of a record before anything is allocated for it.
   *
   * @param magic its first four bytes
   * @param length its next four
   * @return length of the whole record in bytes
   * @throws BadRecordException when this is no record, or a longer one than allowed
   */
  static int recordBytes(int magic, int length, int maxFrameBytes) throws BadRecordException {
    if (magic != MAGIC) {
      throw new BadRecordException(
          "a record begins with 'BLWE', found 0x" + Integer.toHexString(magic));
    }
    if (length < 1 || length > maxFrameBytes) {
      throw new BadRecordException(
          "a record holds 1.."
              + maxFrameBytes
              + " bytes, found "
              + Integer.toUnsignedString(length));
    }
    return OVERHEAD_BYTES + length;
  }

  private void prepare(int contentBytes) {
    if (bytes + contentBytes > bytesPerKey && bytes > 0) {
      byte[] old = chain;
      chain = Hkdf.expand(old, NEXT, Hkdf.HASH_BYTES);
      Arrays.fill(old, (byte) 0);
      key = deriveKey();
      bytes = 0;
    }
    bytes += contentBytes;
    nonce.putLong(FIXED_BYTES, records);
    records++;
    header.putInt(LENGTH_OFFSET, contentBytes);
    try {
      cipher.init(operation, key, new GCMParameterSpec(8 * TAG_BYTES, nonce.array()));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("AES-256-GCM could not be set up", e);
    }
    cipher.updateAAD(header.array());
  }

  /** Key and first bytes of the nonces from the present end of the chain. */
  private SecretKeySpec deriveKey() {
    byte[] material = Hkdf.expand(chain, RECORD_KEY, KEY_BYTES + FIXED_BYTES);
    nonce.put(0, material, KEY_BYTES, FIXED_BYTES);
    SecretKeySpec derived = new SecretKeySpec(material, 0, KEY_BYTES, "AES");
    Arrays.fill(material, (byte) 0);
    return derived;
  }

  private static byte[] label(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}
