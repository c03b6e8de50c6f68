package dev.bellows.engine.kernel.cpu;

import dev.bellows.engine.kernel.ConvolutionShape;
import dev.bellows.engine.kernel.KernelCall;
import dev.bellows.engine.tensor.DType;
import dev.bellows.engine.tensor.Memory;
import dev.bellows.engine.tensor.Window;

/** Products of convolutions that our C library does faster than oneDNN. */
final class NativeConvolution {
  /** oneDNN's kernels work on whole vectors of channels: with fewer most of their work is lost. */
  private static final int FEW = 12;

  private NativeConvolution() {}

  /** Whether an image of few channels is differentiated here. */
  static boolean gradInputFits(ConvolutionShape s) {
    Window w = s.window();
    return NativeLibrary.loaded()
        && w.rank() == 2
        && s.groups() == 1
        && s.operands() == DType.FLOAT32
        && s.channels() <= FEW
        && w.dilation(0) == 1
        && w.dilation(1) == 1
        && w.kernel(1) > 1;
  }

  static KernelCall bindGradInput(
      SessionMemory memory, ConvolutionShape s, long dy, long w, long dx) {
    Window win = s.window();
    int[] in = s.input().dims();
    int[] out = s.output().dims();
    long[] values = {
      in[0],
      s.channels(),
      s.outputs(),
      in[1],
      in[2],
      out[1],
      out[2],
      win.kernel(0),
      win.kernel(1),
      win.stride(0),
      win.stride(1),
      win.low(0),
      win.low(1)
    };
    long shape = memory.take(8L * values.length);
    for (int i = 0; i < values.length; i++) {
      Memory.putLong(shape + 8L * i, values[i]);
    }
    long space = memory.scratch(4 * gradInputSpace(shape));
    return () -> gradInput(shape, dy, w, dx, space);
  }

  private static native long gradInputSpace(long shape);

  private static native void gradInput(long shape, long dy, long w, long dx, long space);
}
