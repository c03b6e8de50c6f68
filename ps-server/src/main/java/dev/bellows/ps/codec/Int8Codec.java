package dev.bellows.ps.codec;

/**
 * Eight bits per value and one scale per {@value #GROUP} values, the largest magnitude over 127
 * (block-wise quantisation; T. Dettmers et al., "8-bit optimizers via block-wise quantization",
 * ICLR 2022, without their nonlinear grid). Rounded to the nearest, to even at a tie.
 *
 * <pre>
 *   per group: f32 scale (not negative), i8[n] (in -127..127)
 * </pre>
 */
final class Int8Codec extends Codec {
  /** Values of a group. */
  static final int GROUP = 256;

  private static final int LARGEST = 127;

  @Override
  int maxBlockBytes(int length) {
    return length + Float.BYTES * ((length + GROUP - 1) / GROUP);
  }

  @Override
  int encodeBlock(float[] values, int from, int length, byte[] out, int at) {
    int to = at;
    for (int group = 0; group < length; group += GROUP) {
      to = encodeGroup(values, from + group, Math.min(GROUP, length - group), out, to);
    }
    return to;
  }

  private static int encodeGroup(float[] values, int from, int length, byte[] out, int at) {
    float most = 0;
    for (int i = from; i < from + length; i++) {
      most = Math.max(most, Math.abs(values[i]));
    }
    float scale = most / LARGEST; // 0 when all are 0, or too small to divide: they wait
    if (Float.isInfinite(LARGEST * scale)) {
      scale = Math.nextDown(scale);
    }
    LittleEndian.putFloat(out, at, scale);
    int to = at + Float.BYTES - from;
    for (int i = from; i < from + length; i++) {
      int level = scale == 0 ? 0 : level(values[i] / scale);
      out[to + i] = (byte) level;
      values[i] -= level * scale;
    }
    return to + from + length;
  }

  /** The nearest level; the quotient of a tiny scale may lie a little above 127. */
  private static int level(float quotient) {
    return Math.max(-LARGEST, Math.min(LARGEST, (int) Math.rint(quotient)));
  }

  @Override
  int addBlock(byte[] in, int at, int end, float[] into, int from, int length) {
    int next = at;
    for (int group = 0; group < length; group += GROUP) {
      int n = Math.min(GROUP, length - group);
      requireRoom(next, Float.BYTES + n, end);
      float scale = LittleEndian.getFloat(in, next);
      if (!(scale >= 0) || Float.isInfinite(LARGEST * scale)) {
        throw new CodecException(
            "scale must be in 0.." + Float.MAX_VALUE / LARGEST + ", found " + scale);
      }
      next += Float.BYTES;
      for (int i = 0; i < n; i++) {
        int level = in[next + i];
        if (level < -LARGEST) {
          throw new CodecException("level must be in -127..127, found " + level);
        }
        into[from + group + i] += level * scale;
      }
      next += n;
    }
    return next;
  }
}
