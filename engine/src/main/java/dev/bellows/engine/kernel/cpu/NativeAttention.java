package dev.bellows.engine.kernel.cpu;

import dev.bellows.engine.kernel.Attention;
import dev.bellows.engine.kernel.AttentionShape;
import dev.bellows.engine.kernel.KernelCall;
import dev.bellows.engine.tensor.Memory;

/** {@link Attention} by our C library ({@code attention.c}). */
final class NativeAttention implements Attention {
  private static final Operands NONE = new Operands(0, 0, 0, 0, 0, 0);

  private final SessionMemory memory;

  NativeAttention(SessionMemory memory) {
    this.memory = memory;
  }

  /** The struct {@code attention_shape} of attention.h. */
  private long store(AttentionShape s, Operands in, Operands out) {
    long[] values = {
      s.rows(),
      s.queries(),
      s.keys(),
      s.heads(),
      s.width(),
      s.valueWidth(),
      s.causal() ? 1 : 0,
      in.qStride(),
      in.kStride(),
      in.vStride(),
      out.qStride(),
      out.kStride(),
      out.vStride()
    };
    long address = memory.take(8L * values.length);
    for (int i = 0; i < values.length; i++) {
      Memory.putLong(address + 8L * i, values[i]);
    }
    return address;
  }

  @Override
  public KernelCall bind(AttentionShape s, Operands in, long lengths, long y) {
    long shape = store(s, in, NONE);
    long scratch = memory.scratch(4 * scratchFloats(shape));
    float scale = s.scale();
    return () -> attention(shape, scale, in.q(), in.k(), in.v(), lengths, y, scratch);
  }

  @Override
  public KernelCall bindGradients(
      AttentionShape s, Operands in, long lengths, long dy, Operands out) {
    long shape = store(s, in, out);
    long scratch = memory.scratch(4 * scratchFloats(shape));
    float scale = s.scale();
    return () ->
        attentionGrad(
            shape, scale, in.q(), in.k(), in.v(), lengths, dy, out.q(), out.k(), out.v(), scratch);
  }

  private static native long scratchFloats(long shape);

  private static native void attention(
      long shape, float scale, long q, long k, long v, long lengths, long y, long scratch);

  private static native void attentionGrad(
      long shape,
      float scale,
      long q,
      long k,
      long v,
      long lengths,
      long dy,
      long dq,
      long dk,
      long dv,
      long scratch);
}
