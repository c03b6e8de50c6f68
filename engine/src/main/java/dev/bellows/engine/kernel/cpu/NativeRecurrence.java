package dev.bellows.engine.kernel.cpu;

import dev.bellows.engine.kernel.KernelCall;
import dev.bellows.engine.kernel.PreparedCall;
import dev.bellows.engine.kernel.Recurrence;
import dev.bellows.engine.kernel.RecurrentShape;
import dev.bellows.engine.tensor.DType;
import dev.bellows.engine.tensor.Memory;

/** {@link Recurrence} by our C library. */
final class NativeRecurrence implements Recurrence {
  /** Columns that a panel of packed weights may have beyond the units: 4 vectors of 16 floats. */
  private static final int PANEL = 64;

  /** How products are computed, as in recurrent_product.h. */
  private static final long SINGLE = 0;

  private static final long ROUNDED = 1;
  private static final long PAIRS = 2;
  private static final long TILES = 3;

  private final SessionMemory session;

  NativeRecurrence(SessionMemory session) {
    this.session = session;
  }

  @Override
  public KernelCall bindForward(
      RecurrentShape shape,
      long x,
      long weights,
      long state,
      long candidateBias,
      long lengths,
      long y,
      long trace) {
    long descriptor = descriptor(shape);
    long space = session.scratch(4 * spaceFloats(shape));
    long packed = session.take(4 * packedFloats(shape));
    return new PreparedCall(
        weights,
        () -> pack(descriptor, false, weights, packed),
        () -> forward(descriptor, x, packed, state, candidateBias, lengths, y, trace, space));
  }

  @Override
  public KernelCall bindBackward(
      RecurrentShape shape, long dy, long trace, long weights, long lengths, long dx, long dstate) {
    long descriptor = descriptor(shape);
    long space = session.scratch(4 * spaceFloats(shape));
    long packed = session.take(4 * packedFloats(shape));
    return new PreparedCall(
        weights,
        () -> pack(descriptor, true, weights, packed),
        () -> backward(descriptor, dy, trace, packed, lengths, dx, dstate, space));
  }

  private long descriptor(RecurrentShape shape) {
    long[] values = {
      shape.cell().code(),
      shape.rows(),
      shape.steps(),
      shape.units(),
      shape.reverse() ? 1 : 0,
      shape.finalState() ? 1 : 0,
      shape.operands() == DType.BFLOAT16 ? bfloat16Unit() : SINGLE
    };
    long address = session.take(8L * values.length);
    for (int i = 0; i < values.length; i++) {
      Memory.putLong(address + 8L * i, values[i]);
    }
    return address;
  }

  /** What oneDNN uses, where this machine has it: the kernels' id names it. */
  private static long bfloat16Unit() {
    boolean pairs = OneDnn.isa().contains("bf16") || OneDnn.isa().contains("fp16");
    return Math.min(
        OneDnn.isa().contains("amx") ? TILES : pairs ? PAIRS : ROUNDED, Math.max(ROUNDED, unit()));
  }

  /** At most two packings, each padded to whole panels and tiles. */
  private static long packedFloats(RecurrentShape shape) {
    return (shape.cell().gates() + 1) * tiles(shape.units(), 32) * (shape.units() + PANEL);
  }

  /**
   * Four states, for the backward pass two rows of gates, and rounded left operands, padded to
   * whole tiles; each rounded up to a vector.
   */
  private static long spaceFloats(RecurrentShape shape) {
    long units = shape.units();
    long gates = shape.cell().gates();
    long rounded = tiles(shape.rows(), 16) * (gates + 1) * tiles(units, 32);
    return rounded + shape.rows() * units * (4 + 2 * gates) + 8 * PANEL;
  }

  private static long tiles(long size, long tile) {
    return (size + tile - 1) / tile * tile;
  }

  /** The fastest of ROUNDED, PAIRS and TILES on this machine. */
  private static native int unit();

  private static native void pack(long shape, boolean backward, long weights, long packed);

  private static native void forward(
      long shape,
      long x,
      long packed,
      long state,
      long bias,
      long lengths,
      long y,
      long trace,
      long space);

  private static native void backward(
      long shape, long dy, long trace, long packed, long lengths, long dx, long dstate, long space);
}
