package dev.bellows.ps.checkpoint;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.zip.CRC32C;

/** Running length, CRC32C, SHA-256 and CRC32C per 64 KiB block of a file's bytes. */
final class Fingerprint {

  static final int BLOCK_BYTES = 64 * 1024;
  private static final int CRC_DIGITS = 8;

  private final CRC32C whole = new CRC32C();
  private final CRC32C block = new CRC32C();
  private final MessageDigest sha256;
  private final StringBuilder blockCrcs = new StringBuilder();
  private long lengthBytes;

  Fingerprint() {
    try {
      sha256 = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("this Java runtime has no SHA-256", e);
    }
  }

  void update(byte[] bytes, int offset, int count) {
    whole.update(bytes, offset, count);
    sha256.update(bytes, offset, count);
    int from = offset;
    int left = count;
    while (left > 0) {
      int room = BLOCK_BYTES - (int) (lengthBytes % BLOCK_BYTES);
      int part = Math.min(room, left);
      block.update(bytes, from, part);
      lengthBytes += part;
      from += part;
      left -= part;
      if (part == room) {
        endBlock();
      }
    }
  }

  /** Ends the last block and returns the entry; call once. */
  CheckpointFile finish(String name, int from, int to) {
    if (lengthBytes % BLOCK_BYTES != 0) {
      endBlock();
    }
    return new CheckpointFile(
        name,
        from,
        to,
        lengthBytes,
        (int) whole.getValue(),
        HexFormat.of().formatHex(sha256.digest()),
        blockCrcs.toString());
  }

  /**
   * Compares two entries of one file.
   *
   * @return the offset of the first byte that can't be trusted, or -1 when they agree
   */
  static long firstDifference(CheckpointFile expected, CheckpointFile found) {
    int digits = Math.min(expected.blockCrcs().length(), found.blockCrcs().length());
    for (int i = 0; i < digits; i += CRC_DIGITS) {
      long blockStart = (long) (i / CRC_DIGITS) * BLOCK_BYTES;
      if (!expected.blockCrcs().regionMatches(i, found.blockCrcs(), i, CRC_DIGITS)) {
        boolean cutHere = found.lengthBytes() < blockStart + BLOCK_BYTES;
        boolean shorter = found.lengthBytes() < expected.lengthBytes();
        return cutHere && shorter ? found.lengthBytes() : blockStart;
      }
    }
    if (expected.lengthBytes() != found.lengthBytes()) {
      return Math.min(expected.lengthBytes(), found.lengthBytes());
    }
    boolean same = expected.crc32c() == found.crc32c() && expected.sha256().equals(found.sha256());
    return same ? -1 : 0;
  }

  private void endBlock() {
    blockCrcs.append(HexFormat.of().toHexDigits((int) block.getValue()));
    block.reset();
  }
}
