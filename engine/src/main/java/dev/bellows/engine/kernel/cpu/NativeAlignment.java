package dev.bellows.engine.kernel.cpu;

import dev.bellows.engine.kernel.Alignment;
import dev.bellows.engine.kernel.KernelCall;
import dev.bellows.engine.tensor.Memory;

/** {@link Alignment} by our C library ({@code ctc.c}). */
final class NativeAlignment implements Alignment {
  private final SessionMemory memory;

  NativeAlignment(SessionMemory memory) {
    this.memory = memory;
  }

  /** The struct {@code ctc_shape} of ctc.h. */
  private long store(CtcShape s) {
    long[] values = {s.rows(), s.steps(), s.classes(), s.labels(), s.blank()};
    long address = memory.take(8L * values.length);
    for (int i = 0; i < values.length; i++) {
      Memory.putLong(address + 8L * i, values[i]);
    }
    return address;
  }

  @Override
  public KernelCall bindCtc(CtcShape s, long x, long labels, long lengths, long counts, long loss) {
    long shape = store(s);
    long space = memory.scratch(8 * space(shape));
    return () -> ctc(shape, x, labels, lengths, counts, loss, space);
  }

  @Override
  public KernelCall bindCtcGrad(
      CtcShape s, long dy, long x, long labels, long lengths, long counts, long dx) {
    long shape = store(s);
    long space = memory.scratch(8 * space(shape));
    return () -> ctcGrad(shape, dy, x, labels, lengths, counts, dx, space);
  }

  private static native long space(long shape);

  private static native void ctc(
      long shape, long x, long labels, long lengths, long counts, long loss, long space);

  private static native void ctcGrad(
      long shape, long dy, long x, long labels, long lengths, long counts, long dx, long space);
}
