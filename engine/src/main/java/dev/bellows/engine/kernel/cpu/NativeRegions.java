package dev.bellows.engine.kernel.cpu;

import dev.bellows.engine.kernel.KernelCall;
import dev.bellows.engine.kernel.RoiShape;
import dev.bellows.engine.tensor.Memory;

/** Regions of interest by our C library ({@code roi.c}). */
final class NativeRegions {
  private NativeRegions() {}

  /** The struct {@code roi_shape} of roi.h. */
  private static long store(SessionMemory memory, RoiShape s) {
    int[] in = s.input().dims();
    int[] out = s.output().dims();
    long[] values = {
      in[0], in[1], in[2], in[3], out[0], out[1], out[2], s.samples(), s.halfPixel() ? 1 : 0
    };
    long address = memory.take(8L * (values.length + 1));
    for (int i = 0; i < values.length; i++) {
      Memory.putLong(address + 8L * i, values[i]);
    }
    Memory.putDouble(address + 8L * values.length, s.scale());
    return address;
  }

  static KernelCall bindAlign(SessionMemory memory, RoiShape s, long x, long regions, long y) {
    long shape = store(memory, s);
    return () -> align(shape, x, regions, y);
  }

  static KernelCall bindAlignGrad(
      SessionMemory memory, RoiShape s, long dy, long regions, long dx) {
    long shape = store(memory, s);
    return () -> alignGrad(shape, dy, regions, dx);
  }

  static KernelCall bindPoolIndex(SessionMemory memory, RoiShape s, long x, long regions, long y) {
    long shape = store(memory, s);
    return () -> poolIndex(shape, x, regions, y);
  }

  private static native void align(long shape, long x, long regions, long y);

  private static native void alignGrad(long shape, long dy, long regions, long dx);

  private static native void poolIndex(long shape, long x, long regions, long index);
}
