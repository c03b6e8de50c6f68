package dev.bellows.ps.codec;

import dev.bellows.engine.tensor.Bfloat16;

/**
 * Signs of the values at or above a threshold, each standing for their mean magnitude (at most
 * twice the threshold; N. Strom, "Scalable distributed DNN training using commodity GPU cloud
 * computing", Interspeech 2015). His threshold is a constant; others let it follow the share that
 * was sent over the last steps. Ours follows the block itself: the lowest one (of eight per power
 * of two) that at most the wanted share reaches. So it has no state of its own that would have to
 * be kept, and it is right from the first step on. When more values than that share the highest
 * magnitudes the first ones are sent. Zeros never are.
 *
 * <pre>
 *   varint count, if count &gt; 0: bf16 magnitude, count times varint (gap &lt;&lt; 1 | negative)
 * </pre>
 */
final class ThresholdCodec extends Codec {
  private final double share;
  private final Selection selection = new Selection();

  ThresholdCodec(double share) {
    this.share = share;
  }

  @Override
  int maxBlockBytes(int length) {
    return LittleEndian.VARINT_BYTES
        + Short.BYTES
        + LittleEndian.VARINT_BYTES * TopKCodec.count(share, length);
  }

  @Override
  int encodeBlock(float[] values, int from, int length, byte[] out, int at) {
    selection.read(values, from, length);
    int limit = TopKCodec.count(share, length);
    int least = Math.max(1, selection.threshold(limit));
    int count = 0;
    double sum = 0;
    for (int i = 0; i < length && count < limit; i++) {
      if (selection.magnitude(i) >= least) {
        count++;
        sum += Math.abs(values[from + i]);
      }
    }
    int to = LittleEndian.putVarint(out, at, count);
    if (count == 0) {
      return to;
    }
    double most = 2.0 * Float.intBitsToFloat(least); // what stays is never larger than the value
    short bits = Bf16Codec.finite((float) Math.min(sum / count, most));
    float magnitude = Bfloat16.value(bits);
    LittleEndian.putShort(out, to, bits);
    to += Short.BYTES;
    int next = 0;
    for (int i = 0; count > 0; i++) {
      if (selection.magnitude(i) >= least) {
        count--;
        boolean negative = values[from + i] < 0;
        to = LittleEndian.putVarint(out, to, ((i - next) << 1) | (negative ? 1 : 0));
        values[from + i] -= negative ? -magnitude : magnitude;
        next = i + 1;
      }
    }
    return to;
  }

  @Override
  int addBlock(byte[] in, int at, int end, float[] into, int from, int length) {
    int count = LittleEndian.getVarint(in, at, end);
    int next = at + LittleEndian.varintBytes(count);
    if (count == 0) {
      return next;
    }
    requireRoom(next, Short.BYTES, end);
    float magnitude = Bfloat16.value(LittleEndian.getShort(in, next));
    if (!(magnitude >= 0)) {
      throw new CodecException("magnitude must not be negative, found " + magnitude);
    }
    requireFinite(magnitude);
    next += Short.BYTES;
    int index = 0;
    for (int entry = 0; entry < count; entry++) {
      int code = LittleEndian.getVarint(in, next, end);
      next += LittleEndian.varintBytes(code);
      index += code >>> 1;
      if (index >= length) {
        throw new CodecException("position must be below " + length + ", found " + index);
      }
      into[from + index++] += (code & 1) == 0 ? magnitude : -magnitude;
    }
    return next;
  }
}
