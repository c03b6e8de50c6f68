package dev.bellows.ps.codec;

import dev.bellows.engine.tensor.Bfloat16;

/**
 * The k values of largest magnitude of each block as bfloat16, with their positions as gaps (A.
 * Aji, K. Heafield, "Sparse communication for distributed gradient descent", EMNLP 2017; Y. Lin et
 * al., "Deep gradient compression", ICLR 2018). Theirs is the largest share of a whole layer; ours
 * is taken block by block, so that it is the same however the vector is cut into shards, and no
 * block waits for ever. Of equal magnitudes the first ones are taken; zeros are never sent.
 *
 * <pre>
 *   varint count, count times (varint gap, bf16 value)    gap: positions skipped since the one before
 * </pre>
 */
final class TopKCodec extends Codec {
  private final double share;
  private final Selection selection = new Selection();

  TopKCodec(double share) {
    this.share = share;
  }

  static int count(double share, int length) {
    return (int) Math.max(1, Math.rint(share * length));
  }

  @Override
  int maxBlockBytes(int length) {
    int entry = LittleEndian.VARINT_BYTES + Short.BYTES;
    return LittleEndian.VARINT_BYTES + entry * count(share, length);
  }

  @Override
  int encodeBlock(float[] values, int from, int length, byte[] out, int at) {
    int k = count(share, length);
    selection.read(values, from, length);
    int least = Math.max(1, selection.kth(k));
    int above = 0;
    int equal = 0;
    for (int i = 0; i < length; i++) {
      int magnitude = selection.magnitude(i);
      above += magnitude > least ? 1 : 0;
      equal += magnitude == least ? 1 : 0;
    }
    int ties = Math.min(equal, k - above);
    int to = LittleEndian.putVarint(out, at, above + ties);
    int next = 0;
    for (int i = 0; i < length; i++) {
      int magnitude = selection.magnitude(i);
      if (magnitude > least || (magnitude == least && ties-- > 0)) {
        to = LittleEndian.putVarint(out, to, i - next);
        short bits = Bf16Codec.finite(values[from + i]);
        LittleEndian.putShort(out, to, bits);
        to += Short.BYTES;
        values[from + i] -= Bfloat16.value(bits);
        next = i + 1;
      }
    }
    return to;
  }

  @Override
  int addBlock(byte[] in, int at, int end, float[] into, int from, int length) {
    int count = LittleEndian.getVarint(in, at, end);
    int next = at + LittleEndian.varintBytes(count);
    int index = 0;
    for (int entry = 0; entry < count; entry++) {
      int gap = LittleEndian.getVarint(in, next, end);
      next += LittleEndian.varintBytes(gap);
      index += gap;
      if (index >= length) {
        throw new CodecException("position must be below " + length + ", found " + index);
      }
      requireRoom(next, Short.BYTES, end);
      float value = Bfloat16.value(LittleEndian.getShort(in, next));
      requireFinite(value);
      next += Short.BYTES;
      into[from + index++] += value;
    }
    return next;
  }
}
