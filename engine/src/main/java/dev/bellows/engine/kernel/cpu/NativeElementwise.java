package dev.bellows.engine.kernel.cpu;

import dev.bellows.engine.kernel.BinaryOp;
import dev.bellows.engine.kernel.BroadcastShape;
import dev.bellows.engine.kernel.Elementwise;
import dev.bellows.engine.kernel.KernelCall;
import dev.bellows.engine.kernel.UnaryOp;
import dev.bellows.engine.tensor.Memory;

/** {@link Elementwise} by our C library. */
final class NativeElementwise implements Elementwise {
  private final SessionMemory memory;

  NativeElementwise(SessionMemory memory) {
    this.memory = memory;
  }

  @Override
  public KernelCall bindUnary(UnaryOp op, float p, float q, long x, long y, long n) {
    int code = op.code();
    return () -> NativeOps.unary(code, p, q, x, y, n);
  }

  @Override
  public KernelCall bindBinary(BinaryOp op, float p, BroadcastShape shape, long a, long b, long y) {
    int code = op.code();
    long[] values = shape.values();
    long address = memory.take(8L * values.length);
    for (int i = 0; i < values.length; i++) {
      Memory.putLong(address + 8L * i, values[i]);
    }
    return () -> NativeOps.binary(code, p, address, a, b, y);
  }

  @Override
  public KernelCall bindBias(
      UnaryOp op, float p, float q, long x, long bias, long y, int rows, int cols) {
    int code = op.code();
    return () -> NativeOps.biasUnary(code, p, q, x, bias, y, rows, cols);
  }

  @Override
  public KernelCall bindGeluWithSlope(long x, long y, long slope, long n) {
    return () -> NativeOps.geluWithSlope(x, y, slope, n);
  }

  @Override
  public KernelCall bindGradientWithSums(
      BinaryOp op, float p, long dy, long saved, long dx, long sums, int rows, int cols) {
    int code = op.code();
    return () -> NativeOps.gradColumnSums(code, p, dy, saved, dx, sums, rows, cols);
  }
}
