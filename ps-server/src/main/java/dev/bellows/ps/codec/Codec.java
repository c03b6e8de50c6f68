package dev.bellows.ps.codec;

import dev.bellows.engine.optim.UpdateRule;

/**
 * Codes finite float32 values, block by block; a block's code depends on its values alone.
 *
 * <p>Encoding leaves the remainder, value minus decoded value, in the array that it codes. Keeping
 * it and adding the next values to it is error feedback (F. Seide et al., "1-bit stochastic
 * gradient descent and its application to data-parallel distributed training of speech DNNs",
 * Interspeech 2014; S. Karimireddy et al., "Error feedback fixes SignSGD and other gradient
 * compression schemes", ICML 2019): nothing is lost, some of it comes later.
 *
 * <p>Every code decodes to finite values; decoding checks all of it and fails with {@link
 * CodecException}. Nothing is allocated per call. An instance is used by one thread at a time.
 */
public abstract sealed class Codec
    permits Fp32Codec, Bf16Codec, Int8Codec, TopKCodec, ThresholdCodec {
  /** Elements of a block; the last one of a range may be shorter. Shard bounds are multiples. */
  public static final int BLOCK = 1024;

  /**
   * A codec.
   *
   * @param share of the elements that the sparse codecs send, in (0, 1]; not used by the others
   */
  public static Codec of(Compression.Kind kind, double share) {
    return switch (kind) {
      case NONE -> throw new IllegalArgumentException("compression none has no codec");
      case FP32 -> new Fp32Codec();
      case BF16 -> new Bf16Codec();
      case INT8 -> new Int8Codec();
      case TOPK -> new TopKCodec(share);
      case THRESHOLD -> new ThresholdCodec(share);
    };
  }

  /** Most bytes of the code of so many elements. */
  public final int maxBytes(int length) {
    int whole = length / BLOCK;
    int rest = length % BLOCK;
    long bytes = (long) whole * maxBlockBytes(BLOCK) + (rest == 0 ? 0 : maxBlockBytes(rest));
    return Math.toIntExact(bytes);
  }

  /**
   * Codes elements [from, from + length) and leaves their remainders in place.
   *
   * @param values finite
   * @param out has room for {@link #maxBytes} from {@code at} on
   * @return number of bytes written
   */
  public final int encode(float[] values, int from, int length, byte[] out, int at) {
    int end = from + length;
    int to = at;
    for (int block = from; block < end; block += BLOCK) {
      to = encodeBlock(values, block, Math.min(BLOCK, end - block), out, to);
    }
    return to - at;
  }

  /**
   * Adds decoded values to elements [from, from + length).
   *
   * @param bytes length of the code, from {@code at} on
   * @throws CodecException when the bytes are not a code of so many elements; some elements may
   *     have been changed by then
   */
  public final void add(byte[] in, int at, int bytes, float[] into, int from, int length) {
    int end = from + length;
    int next = at;
    for (int block = from; block < end; block += BLOCK) {
      next = addBlock(in, next, at + bytes, into, block, Math.min(BLOCK, end - block));
    }
    if (next != at + bytes) {
      throw new CodecException(
          "code of " + length + " values has " + (next - at) + " bytes, found " + bytes);
    }
  }

  /**
   * Sum of squares, added block by block: the same bits wherever the vector is cut into shards.
   *
   * @param length number of elements from the first on
   */
  public static double squares(float[] values, int length) {
    double all = 0;
    for (int from = 0; from < length; from += BLOCK) {
      int end = Math.min(length, from + BLOCK);
      all += UpdateRule.squares(values, from, end);
    }
    return all;
  }

  abstract int maxBlockBytes(int length);

  /** Returns the position behind the code. */
  abstract int encodeBlock(float[] values, int from, int length, byte[] out, int at);

  /** Returns the position behind the code; reads nothing from {@code end} on. */
  abstract int addBlock(byte[] in, int at, int end, float[] into, int from, int length);

  static void requireRoom(int at, int bytes, int end) {
    if (bytes > end - at) {
      throw new CodecException(
          "code ends too early: a block needs "
              + bytes
              + " more bytes, "
              + (end - at)
              + " are there");
    }
  }

  static void requireFinite(float value) {
    if (!Float.isFinite(value)) {
      throw new CodecException("code holds a value that is not finite: " + value);
    }
  }
}
