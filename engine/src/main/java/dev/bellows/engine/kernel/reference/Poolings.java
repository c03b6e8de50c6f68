package dev.bellows.engine.kernel.reference;

import dev.bellows.engine.graph.Attributes;
import dev.bellows.engine.graph.Node;
import dev.bellows.engine.graph.Op;
import dev.bellows.engine.graph.Windows;
import dev.bellows.engine.kernel.PoolShape;
import dev.bellows.engine.kernel.ResizeShape;
import dev.bellows.engine.kernel.RoiShape;
import dev.bellows.engine.tensor.Shape;
import dev.bellows.engine.tensor.Window;
import java.util.Arrays;

/** Pooling, unpooling, regions of interest and resampling. Plain loops in double precision. */
final class Poolings {
  private Poolings() {}

  static double[] compute(Node n, double[][] in) {
    Attributes a = n.attributes();
    Shape x = n.input(0).shape();
    return switch (n.op()) {
      case MAX_POOL -> max(new PoolShape(x, Windows.of(n)), in[0], true);
      case MAX_POOL_INDEX -> max(new PoolShape(x, Windows.of(n)), in[0], false);
      case POOL_TAKE -> move(x, in[1], in[0], false);
      case POOL_PUT -> move(n.shape(), in[1], in[0], true);
      case AVERAGE_POOL -> average(new PoolShape(x, Windows.of(n)), in[0], a.flag("padded"), false);
      case AVERAGE_POOL_GRAD ->
          average(new PoolShape(n.shape(), Windows.of(n)), in[0], a.flag("padded"), true);
      case RESIZE -> resize(resizing(n, x, n.shape()), in[0], false);
      case RESIZE_GRAD -> resize(resizing(n, n.shape(), x), in[0], true);
      case ROI_ALIGN, ROI_ALIGN_GRAD -> align(n, in);
      case ROI_POOL_INDEX -> regionMax(n, in);
      case CHANNEL_WINDOW_SUM -> channelSum(in[0], x.dim(-1), a.integer("half"));
      default -> throw new IllegalStateException("the reference does not know op " + n.op().id());
    };
  }

  /** The flat position of kernel position k of window p, -1 in the padding. */
  private static int position(PoolShape s, int p, int k) {
    Window w = s.window();
    Shape out = s.output();
    int rest = p;
    int kernel = k;
    int at = 0;
    int step = 1;
    for (int axis = 2; axis >= 0; axis--) {
      int o = rest % out.dim(axis + 1);
      rest /= out.dim(axis + 1);
      int position = o * w.stride(axis) + kernel % w.kernel(axis) * w.dilation(axis) - w.low(axis);
      kernel /= w.kernel(axis);
      if (position < 0 || position >= s.input().dim(axis + 1)) {
        return -1;
      }
      at += position * step;
      step *= s.input().dim(axis + 1);
    }
    return at;
  }

  private static int pixels(Shape image) {
    return (int) (image.size() / image.dim(0) / image.dim(-1));
  }

  private static double[] max(PoolShape given, double[] x, boolean value) {
    PoolShape s = given.threeAxes();
    Shape out = s.output();
    int channels = out.dim(-1);
    double[] result = new double[(int) out.size()];
    for (int i = 0; i < result.length; i++) {
      int row = i / channels / pixels(out);
      double best = Double.NEGATIVE_INFINITY;
      int at = -1;
      for (int k = 0; k < s.window().positions(); k++) {
        int position = position(s, i / channels % pixels(out), k);
        if (position >= 0) {
          double v = x[(row * pixels(s.input()) + position) * channels + i % channels];
          if (at < 0 || v > best) {
            best = v;
            at = position;
          }
        }
      }
      result[i] = value ? best : at;
    }
    return result;
  }

  /** Takes from, or adds into, an image at the index. */
  private static double[] move(Shape image, double[] index, double[] values, boolean put) {
    int channels = image.dim(-1);
    int places = index.length / image.dim(0);
    double[] result = new double[put ? (int) image.size() : index.length];
    for (int i = 0; i < index.length; i++) {
      if (index[i] >= 0) {
        int at = (i / places * pixels(image) + (int) index[i]) * channels + i % channels;
        result[put ? at : i] += values[put ? i : at];
      }
    }
    return result;
  }

  private static double[] average(PoolShape given, double[] values, boolean padded, boolean grad) {
    PoolShape s = given.threeAxes();
    Shape out = s.output();
    int channels = out.dim(-1);
    double[] result = new double[(int) (grad ? s.input() : out).size()];
    int positions = s.window().positions();
    for (int i = 0; i < out.size(); i++) {
      int window = i / channels % pixels(out);
      int[] at = new int[positions];
      Arrays.setAll(at, k -> position(s, window, k));
      long inside = Arrays.stream(at).filter(position -> position >= 0).count();
      for (int position : at) {
        if (position >= 0) {
          int x =
              (i / channels / pixels(out) * pixels(s.input()) + position) * channels + i % channels;
          result[grad ? x : i] += values[grad ? i : x] / (padded ? positions : inside);
        }
      }
    }
    return result;
  }

  private static ResizeShape resizing(Node n, Shape input, Shape output) {
    Attributes a = n.attributes();
    return new ResizeShape(input, output, a.flag("linear"), a.flag("aligned")).threeAxes();
  }

  private static double[] resize(ResizeShape s, double[] values, boolean grad) {
    int channels = s.input().dim(-1);
    double[] result = new double[(int) (grad ? s.input() : s.output()).size()];
    for (int i = 0; i < s.output().size(); i++) {
      int pixel = i / channels;
      int[] low = new int[3];
      double[] rest = new double[3];
      for (int axis = 2; axis >= 0; axis--) {
        double position = s.position(axis, pixel % s.output().dim(axis + 1));
        pixel /= s.output().dim(axis + 1);
        low[axis] = (int) position;
        rest[axis] = position - low[axis];
      }
      for (int corner = 0; corner < 8; corner++) {
        double weight = 1;
        int at = pixel; // the row
        for (int axis = 0; axis < 3; axis++) {
          boolean upper = (corner >> axis & 1) == 1;
          weight *= upper ? rest[axis] : 1 - rest[axis];
          int size = s.input().dim(axis + 1);
          at = at * size + Math.min(size - 1, low[axis] + (upper ? 1 : 0));
        }
        int x = at * channels + i % channels;
        result[grad ? x : i] += weight * values[grad ? i : x];
      }
    }
    return result;
  }

  private static double[] align(Node n, double[][] in) {
    boolean grad = n.op() == Op.ROI_ALIGN_GRAD;
    Attributes a = n.attributes();
    Shape image = grad ? n.shape() : n.input(0).shape();
    Shape bins = grad ? n.input(0).shape() : n.shape();
    RoiShape s =
        new RoiShape(image, bins, a.integer("samples"), a.number("scale"), a.flag("half_pixel"));
    double[] result = new double[(int) n.shape().size()];
    int channels = image.dim(3);
    int perRegion = bins.dim(1) * bins.dim(2);
    for (int r = 0; r < bins.dim(0); r++) {
      int first = r * perRegion;
      s.align(
          Arrays.copyOfRange(in[1], 5 * r, 5 * r + 5),
          (bin, pixel, weight) -> {
            for (int c = 0; c < channels; c++) {
              int x = (int) pixel * channels + c;
              int y = (first + bin) * channels + c;
              result[grad ? x : y] += weight * in[0][grad ? y : x];
            }
          });
    }
    return result;
  }

  private static double[] regionMax(Node n, double[][] in) {
    Shape image = n.input(0).shape();
    RoiShape s = new RoiShape(image, n.shape(), 0, n.attributes().number("scale"), false);
    int channels = image.dim(3);
    int perRegion = n.shape().dim(1) * n.shape().dim(2);
    double[] result = new double[(int) n.shape().size()];
    Arrays.fill(result, -1);
    for (int r = 0; r < n.shape().dim(0); r++) {
      int first = r * perRegion;
      s.pool(
          Arrays.copyOfRange(in[1], 5 * r, 5 * r + 5),
          (bin, pixel, weight) -> {
            for (int c = 0; c < channels; c++) {
              int y = (first + bin) * channels + c;
              double v = in[0][((int) pixel) * channels + c];
              if (result[y] < 0 || v > in[0][((int) result[y]) * channels + c]) {
                result[y] = pixel;
              }
            }
          });
    }
    return result;
  }

  private static double[] channelSum(double[] x, int channels, int half) {
    double[] result = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      int c = i % channels;
      for (int j = Math.max(0, c - half); j <= Math.min(channels - 1, c + half); j++) {
        result[i] += x[i - c + j];
      }
    }
    return result;
  }
}
