package dev.bellows.engine.kernel.plain;

import static dev.bellows.engine.tensor.Memory.getFloat;
import static dev.bellows.engine.tensor.Memory.getInt;
import static dev.bellows.engine.tensor.Memory.putFloat;
import static dev.bellows.engine.tensor.Memory.putInt;

import dev.bellows.engine.kernel.KernelCall;
import dev.bellows.engine.kernel.PoolShape;
import dev.bellows.engine.kernel.Pooling;
import dev.bellows.engine.kernel.ResizeShape;
import dev.bellows.engine.kernel.RoiShape;
import dev.bellows.engine.tensor.Memory;
import dev.bellows.engine.tensor.Shape;
import dev.bellows.engine.tensor.Window;

/** {@link Pooling} in plain Java; positions of windows and samples are looked up in tables. */
final class PlainPooling implements Pooling {
  /** The flat position of each kernel position of each window, -1 in the padding. */
  private static int[] positions(PoolShape given) {
    PoolShape s = given.threeAxes();
    Window w = s.window();
    Shape out = s.output();
    int[] table = new int[pixels(out) * w.positions()];
    for (int i = 0; i < table.length; i++) {
      int window = i / w.positions();
      int kernel = i % w.positions();
      int at = 0;
      int step = 1;
      for (int axis = 2; axis >= 0; axis--) {
        int size = s.input().dim(axis + 1);
        int position =
            window % out.dim(axis + 1) * w.stride(axis)
                + kernel % w.kernel(axis) * w.dilation(axis)
                - w.low(axis);
        window /= out.dim(axis + 1);
        kernel /= w.kernel(axis);
        at = at < 0 || position < 0 || position >= size ? -1 : at + position * step;
        step *= size;
      }
      table[i] = at;
    }
    return table;
  }

  private static int pixels(Shape image) {
    return (int) (image.size() / image.dim(0) / image.dim(-1));
  }

  @Override
  public KernelCall bindMax(PoolShape s, boolean relu, long x, long y, long index) {
    int[] table = positions(s);
    int window = s.window().positions();
    int channels = s.input().dim(-1);
    int places = pixels(s.output());
    long rowBytes = 4 * s.input().size() / s.input().dim(0);
    return () -> {
      for (long i = 0; i < s.output().size(); i++) {
        long pixel = i / channels;
        long from = x + pixel / places * rowBytes + 4 * (i % channels);
        int first = (int) (pixel % places) * window;
        float best = Float.NEGATIVE_INFINITY;
        int at = -1;
        for (int k = first; k < first + window; k++) {
          if (table[k] >= 0) {
            float v = getFloat(from + 4L * table[k] * channels);
            if (at < 0 || v > best || Float.isNaN(v)) {
              best = v;
              at = table[k];
            }
          }
        }
        if (y != 0) {
          putFloat(y + 4 * i, relu && best < 0 ? 0 : best);
        }
        if (index != 0) {
          putInt(index + 4 * i, at);
        }
      }
    };
  }

  @Override
  public KernelCall bindMaxGrad(PoolShape s, long dy, long index, long positive, long dx) {
    int channels = s.input().dim(-1);
    long places = (long) pixels(s.output()) * channels;
    long row = s.input().size() / s.input().dim(0);
    return () -> {
      Memory.zero(dx, 4 * s.input().size());
      for (long i = 0; i < s.output().size(); i++) {
        int at = getInt(index + 4 * i);
        if (at >= 0 && (positive == 0 || getFloat(positive + 4 * i) > 0)) {
          putFloat(
              dx + 4 * (i / places * row + (long) at * channels + i % channels),
              getFloat(dy + 4 * i));
        }
      }
    };
  }

  @Override
  public KernelCall bindAverage(PoolShape s, boolean padded, long x, long y) {
    return average(s, padded, x, y, false);
  }

  @Override
  public KernelCall bindAverageGrad(PoolShape s, boolean padded, long dy, long dx) {
    return average(s, padded, dx, dy, true);
  }

  private static KernelCall average(PoolShape s, boolean padded, long x, long y, boolean grad) {
    int[] table = positions(s);
    int window = s.window().positions();
    int channels = s.input().dim(-1);
    int places = pixels(s.output());
    long rowBytes = 4 * s.input().size() / s.input().dim(0);
    int[] counts = new int[places];
    for (int i = 0; i < table.length; i++) {
      counts[i / window] += padded || table[i] >= 0 ? 1 : 0;
    }
    return () -> {
      if (grad) {
        Memory.zero(x, 4 * s.input().size());
      }
      for (long i = 0; i < s.output().size(); i++) {
        long pixel = i / channels;
        int place = (int) (pixel % places);
        long image = x + pixel / places * rowBytes + 4 * (i % channels);
        float share = grad ? getFloat(y + 4 * i) / counts[place] : 0;
        float sum = 0;
        for (int k = place * window; k < (place + 1) * window; k++) {
          if (table[k] >= 0) {
            long at = image + 4L * table[k] * channels;
            if (grad) {
              putFloat(at, getFloat(at) + share);
            } else {
              sum += getFloat(at);
            }
          }
        }
        if (!grad) {
          putFloat(y + 4 * i, sum / counts[place]);
        }
      }
    };
  }

  @Override
  public KernelCall bindTake(
      int rows, int positions, int places, int channels, long x, long index, long y) {
    long row = (long) positions * channels;
    long perRow = (long) places * channels;
    return () -> {
      for (long i = 0; i < rows * perRow; i++) {
        int at = getInt(index + 4 * i);
        long from = x + 4 * (i / perRow * row + (long) at * channels + i % channels);
        putFloat(y + 4 * i, at < 0 ? 0 : getFloat(from));
      }
    };
  }

  @Override
  public KernelCall bindPut(
      int rows, int positions, int places, int channels, long dy, long index, long dx) {
    long row = (long) positions * channels;
    long perRow = (long) places * channels;
    return () -> {
      Memory.zero(dx, 4L * rows * row);
      for (long i = 0; i < rows * perRow; i++) {
        int at = getInt(index + 4 * i);
        if (at >= 0) {
          long to = dx + 4 * (i / perRow * row + (long) at * channels + i % channels);
          putFloat(to, getFloat(to) + getFloat(dy + 4 * i));
        }
      }
    };
  }

  @Override
  public KernelCall bindResize(ResizeShape shape, long x, long y) {
    return resize(shape, x, y, false);
  }

  @Override
  public KernelCall bindResizeGrad(ResizeShape shape, long dy, long dx) {
    return resize(shape, dx, dy, true);
  }

  private static KernelCall resize(ResizeShape given, long x, long y, boolean grad) {
    ResizeShape s = given.threeAxes();
    int places = pixels(s.output());
    int[] corners = new int[ResizeShape.CORNERS * places];
    float[] weights = new float[ResizeShape.CORNERS * places];
    for (int i = 0; i < corners.length; i++) {
      corners[i] = s.corner(i / ResizeShape.CORNERS, i % ResizeShape.CORNERS);
      weights[i] = (float) s.weight(i / ResizeShape.CORNERS, i % ResizeShape.CORNERS);
    }
    int channels = s.input().dim(-1);
    long rowBytes = 4 * s.input().size() / s.input().dim(0);
    return () -> {
      if (grad) {
        Memory.zero(x, 4 * s.input().size());
      }
      for (long i = 0; i < s.output().size(); i++) {
        long pixel = i / channels;
        int first = ResizeShape.CORNERS * (int) (pixel % places);
        long image = x + pixel / places * rowBytes + 4 * (i % channels);
        float sum = 0;
        for (int k = first; k < first + ResizeShape.CORNERS; k++) {
          if (weights[k] != 0) {
            long at = image + 4L * corners[k] * channels;
            if (grad) {
              putFloat(at, getFloat(at) + weights[k] * getFloat(y + 4 * i));
            } else {
              sum += weights[k] * getFloat(at);
            }
          }
        }
        if (!grad) {
          putFloat(y + 4 * i, sum);
        }
      }
    };
  }

  @Override
  public KernelCall bindRoiAlign(RoiShape shape, long x, long regions, long y) {
    return new RoiCall(shape, x, regions, y, RoiCall.Kind.ALIGN);
  }

  @Override
  public KernelCall bindRoiAlignGrad(RoiShape shape, long dy, long regions, long dx) {
    return new RoiCall(shape, dx, regions, dy, RoiCall.Kind.ALIGN_GRAD);
  }

  @Override
  public KernelCall bindRoiPoolIndex(RoiShape shape, long x, long regions, long index) {
    return new RoiCall(shape, x, regions, index, RoiCall.Kind.MAX_INDEX);
  }

  @Override
  public KernelCall bindChannelSum(int rows, int channels, int half, long x, long y) {
    return () -> {
      for (long r = 0; r < rows; r++) {
        long row = 4 * r * channels;
        for (int c = 0; c < channels; c++) {
          float sum = 0;
          for (int j = Math.max(0, c - half); j <= Math.min(channels - 1, c + half); j++) {
            sum += getFloat(x + row + 4L * j);
          }
          putFloat(y + row + 4L * c, sum);
        }
      }
    };
  }
}
