package dev.bellows.engine.kernel.cpu;

import dev.bellows.engine.kernel.BatchNormBackward;
import dev.bellows.engine.kernel.BatchNormForward;
import dev.bellows.engine.kernel.KernelCall;
import dev.bellows.engine.tensor.Memory;

/** Fused batch normalisation by our C library; operands lie in native memory (batch_norm.h). */
final class NativeBatchNorm {
  private NativeBatchNorm() {}

  static KernelCall bind(SessionMemory memory, BatchNormForward f) {
    long at =
        write(
            memory,
            f.rows(),
            f.cols(),
            f.relu() ? 1 : 0,
            Double.doubleToRawLongBits(f.epsilon()),
            f.x(),
            f.skip(),
            f.scale(),
            f.shift(),
            f.mean(),
            f.variance(),
            f.y(),
            f.rounded());
    return () -> forward(at);
  }

  static KernelCall bind(SessionMemory memory, BatchNormBackward b) {
    long at =
        write(
            memory,
            b.rows(),
            b.cols(),
            Double.doubleToRawLongBits(b.epsilon()),
            b.dy(),
            b.more(),
            b.y(),
            b.shift(),
            b.x(),
            b.mean(),
            b.variance(),
            b.scale(),
            b.masked(),
            b.dx(),
            b.dscale(),
            b.dshift(),
            b.rounded());
    return () -> backward(at);
  }

  private static long write(SessionMemory memory, long... values) {
    long address = memory.take(8L * values.length);
    for (int i = 0; i < values.length; i++) {
      Memory.putLong(address + 8L * i, values[i]);
    }
    return address;
  }

  private static native void forward(long operands);

  private static native void backward(long operands);
}
