package dev.bellows.ps.codec;

import dev.bellows.engine.kernel.FlatVectors;
import dev.bellows.engine.tensor.Bfloat16;

/**
 * Values rounded to bfloat16, to even at a tie; values that would become infinite become the
 * largest one.
 *
 * <pre>
 *   bf16[n]
 * </pre>
 */
final class Bf16Codec extends Codec {
  private static final FlatVectors VECTORS = FlatVectors.get();
  private static final int EXPONENT = 0x7f80;
  private static final int LARGEST = 0x7f7f;

  /** The nearest bfloat16 of a finite value that is finite itself. */
  static short finite(float value) {
    short bits = Bfloat16.round(value);
    return (bits & EXPONENT) == EXPONENT ? (short) ((bits & 0x8000) | LARGEST) : bits;
  }

  @Override
  int maxBlockBytes(int length) {
    return Short.BYTES * length;
  }

  @Override
  int encodeBlock(float[] values, int from, int length, byte[] out, int at) {
    VECTORS.splitBfloat16(values, from, out, at, length);
    return at + Short.BYTES * length;
  }

  @Override
  int addBlock(byte[] in, int at, int end, float[] into, int from, int length) {
    requireRoom(at, Short.BYTES * length, end);
    if (!VECTORS.addBfloat16(in, at, into, from, length)) {
      throw new CodecException("code holds a bfloat16 that is not finite");
    }
    return at + Short.BYTES * length;
  }
}
