package dev.bellows.engine.kernel.cpu;

import dev.bellows.engine.kernel.KernelCall;
import dev.bellows.engine.kernel.PoolShape;
import dev.bellows.engine.kernel.Pooling;
import dev.bellows.engine.kernel.ResizeShape;
import dev.bellows.engine.kernel.RoiShape;
import dev.bellows.engine.tensor.Memory;
import dev.bellows.engine.tensor.Shape;
import dev.bellows.engine.tensor.Window;

/** {@link Pooling} by our C library. */
final class NativePooling implements Pooling {
  private static final int AXES = 3;

  private final SessionMemory memory;

  NativePooling(SessionMemory memory) {
    this.memory = memory;
  }

  /** Writes what pooling.h calls pool_shape. */
  private long descriptor(PoolShape given) {
    PoolShape s = given.threeAxes();
    Shape out = s.output();
    Window w = s.window();
    long[] values = new long[2 + 6 * AXES + 1];
    values[0] = s.input().dim(0);
    values[1] = s.input().dim(-1);
    for (int i = 0; i < AXES; i++) {
      values[2 + i] = s.input().dim(i + 1);
      values[2 + AXES + i] = out.dim(i + 1);
      values[2 + 2 * AXES + i] = w.kernel(i);
      values[2 + 3 * AXES + i] = w.stride(i);
      values[2 + 4 * AXES + i] = w.dilation(i);
      values[2 + 5 * AXES + i] = w.low(i);
    }
    int[] dims = s.input().dims();
    values[values.length - 1] = w.tiles(dims[1], dims[2], dims[3]) ? 1 : 0;
    long address = memory.take(8L * values.length);
    for (int i = 0; i < values.length; i++) {
      Memory.putLong(address + 8L * i, values[i]);
    }
    return address;
  }

  @Override
  public KernelCall bindMax(PoolShape shape, boolean relu, long x, long y, long index) {
    long s = descriptor(shape);
    return () -> max(s, relu, x, y, index);
  }

  @Override
  public KernelCall bindMaxGrad(PoolShape shape, long dy, long index, long positive, long dx) {
    long s = descriptor(shape);
    return () -> maxGrad(s, dy, index, positive, dx);
  }

  @Override
  public KernelCall bindAverage(PoolShape shape, boolean padded, long x, long y) {
    long s = descriptor(shape);
    return () -> average(s, padded, x, y);
  }

  @Override
  public KernelCall bindAverageGrad(PoolShape shape, boolean padded, long dy, long dx) {
    long s = descriptor(shape);
    return () -> averageGrad(s, padded, dy, dx);
  }

  @Override
  public KernelCall bindTake(
      int rows, int positions, int places, int channels, long x, long index, long y) {
    return () -> take(rows, positions, places, channels, x, index, y);
  }

  @Override
  public KernelCall bindPut(
      int rows, int positions, int places, int channels, long dy, long index, long dx) {
    return () -> put(rows, positions, places, channels, dy, index, dx);
  }

  @Override
  public KernelCall bindResize(ResizeShape shape, long x, long y) {
    return new Resampling(shape).bind(x, y, false);
  }

  @Override
  public KernelCall bindResizeGrad(ResizeShape shape, long dy, long dx) {
    return new Resampling(shape).bind(dy, dx, true);
  }

  @Override
  public KernelCall bindRoiAlign(RoiShape shape, long x, long regions, long y) {
    return NativeRegions.bindAlign(memory, shape, x, regions, y);
  }

  @Override
  public KernelCall bindRoiAlignGrad(RoiShape shape, long dy, long regions, long dx) {
    return NativeRegions.bindAlignGrad(memory, shape, dy, regions, dx);
  }

  @Override
  public KernelCall bindRoiPoolIndex(RoiShape shape, long x, long regions, long index) {
    return NativeRegions.bindPoolIndex(memory, shape, x, regions, index);
  }

  @Override
  public KernelCall bindChannelSum(int rows, int channels, int half, long x, long y) {
    return () -> channelSum(rows, channels, half, x, y);
  }

  /** The corners of each output position and their weights, in native memory. */
  private final class Resampling {
    private final ResizeShape s;
    private final int places;
    private final long corners;
    private final long weights;

    Resampling(ResizeShape shape) {
      this.s = shape.threeAxes();
      this.places = pixels(s.output());
      this.corners = memory.take(4L * ResizeShape.CORNERS * places);
      this.weights = memory.take(4L * ResizeShape.CORNERS * places);
      for (int i = 0; i < ResizeShape.CORNERS * places; i++) {
        Memory.putInt(corners + 4L * i, s.corner(i / ResizeShape.CORNERS, i % ResizeShape.CORNERS));
        double weight = s.weight(i / ResizeShape.CORNERS, i % ResizeShape.CORNERS);
        Memory.putFloat(weights + 4L * i, (float) weight);
      }
    }

    KernelCall bind(long from, long to, boolean gradient) {
      long rows = s.input().dim(0);
      long channels = s.input().dim(-1);
      long positions = pixels(s.input());
      return gradient
          ? () -> resizeGrad(rows, positions, places, channels, corners, weights, from, to)
          : () -> resize(rows, positions, places, channels, corners, weights, from, to);
    }
  }

  private static int pixels(Shape image) {
    return (int) (image.size() / image.dim(0) / image.dim(-1));
  }

  private static native void max(long shape, boolean relu, long x, long y, long index);

  private static native void maxGrad(long shape, long dy, long index, long positive, long dx);

  private static native void average(long shape, boolean padded, long x, long y);

  private static native void averageGrad(long shape, boolean padded, long dy, long dx);

  private static native void take(
      long rows, long positions, long places, long channels, long x, long index, long y);

  private static native void put(
      long rows, long positions, long places, long channels, long dy, long index, long dx);

  private static native void resize(
      long rows,
      long positions,
      long places,
      long channels,
      long corners,
      long weights,
      long x,
      long y);

  private static native void resizeGrad(
      long rows,
      long positions,
      long places,
      long channels,
      long corners,
      long weights,
      long dy,
      long dx);

  private static native void channelSum(long rows, long channels, long half, long x, long y);
}
