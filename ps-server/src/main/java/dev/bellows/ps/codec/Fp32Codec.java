package dev.bellows.ps.codec;

/**
 * Raw values, four bytes each.
 *
 * <pre>
 *   f32[n]
 * </pre>
 */
final class Fp32Codec extends Codec {
  @Override
  int maxBlockBytes(int length) {
    return Float.BYTES * length;
  }

  @Override
  int encodeBlock(float[] values, int from, int length, byte[] out, int at) {
    for (int i = 0; i < length; i++) {
      LittleEndian.putFloat(out, at + Float.BYTES * i, values[from + i]);
      values[from + i] = 0f;
    }
    return at + Float.BYTES * length;
  }

  @Override
  int addBlock(byte[] in, int at, int end, float[] into, int from, int length) {
    requireRoom(at, Float.BYTES * length, end);
    for (int i = 0; i < length; i++) {
      float value = LittleEndian.getFloat(in, at + Float.BYTES * i);
      requireFinite(value);
      into[from + i] += value;
    }
    return at + Float.BYTES * length;
  }
}
