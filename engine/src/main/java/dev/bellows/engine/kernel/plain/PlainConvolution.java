package dev.bellows.engine.kernel.plain;

import dev.bellows.engine.kernel.Convolution;
import dev.bellows.engine.kernel.ConvolutionShape;
import dev.bellows.engine.kernel.KernelCall;
import dev.bellows.engine.tensor.Bfloat16;
import dev.bellows.engine.tensor.DType;
import dev.bellows.engine.tensor.Memory;
import dev.bellows.engine.tensor.Shape;
import dev.bellows.engine.tensor.Window;
import java.util.Arrays;

/**
 * {@link Convolution} in Java: sums of heap rows with a common index, which C2 vectorises. Every
 * sum runs over kernel positions and channels in order.
 */
final class PlainConvolution implements Convolution {
  @Override
  public KernelCall bindForward(ConvolutionShape shape, long x, long w, long bias, long y) {
    return new Loops(shape, Product.FORWARD, x, w, y, bias);
  }

  @Override
  public KernelCall bindGradInput(ConvolutionShape shape, long dy, long w, long dx) {
    return new Loops(shape, Product.GRAD_INPUT, dx, w, dy, 0);
  }

  @Override
  public KernelCall bindGradWeight(ConvolutionShape shape, long x, long dy, long dw, long dbias) {
    return new Loops(shape, Product.GRAD_WEIGHT, x, dw, dy, dbias);
  }

  /** Rounding costs these loops little: what was asked for is done. */
  @Override
  public boolean prefersRounded(ConvolutionShape shape, Product product) {
    return true;
  }

  @Override
  public String describe(ConvolutionShape shape, Product product) {
    return "plain";
  }

  private static final class Loops implements KernelCall {
    private final ConvolutionShape s;
    private final Product product;
    private final Window win;
    private final Shape output;
    private final boolean rounded;
    private final long x;
    private final long w;
    private final long y;
    private final long bias;
    private final int channels;
    private final int outputs;

    /** One image, one pixel of outputs, and the weights [kernel and channel][O] or [.. O][C]. */
    private final float[] image;

    private final float[] pixel;
    private final float[][] weights;

    /** Sums per group of input channels. */
    private final float[][] inputs;

    private final double[] sums;

    Loops(ConvolutionShape shape, Product product, long x, long w, long y, long bias) {
      this.s = shape.threeAxes();
      this.product = product;
      this.win = s.window();
      this.output = s.output();
      this.rounded = s.operands() == DType.BFLOAT16;
      this.x = x;
      this.w = w;
      this.y = y;
      this.bias = bias;
      this.channels = s.channels() / s.groups();
      this.outputs = s.outputs() / s.groups();
      this.image = new float[(int) (s.input().size() / s.batch())];
      this.pixel = new float[s.outputs()];
      int rows = win.positions();
      this.weights =
          product == Product.GRAD_INPUT
              ? new float[rows * s.outputs()][channels]
              : new float[rows * channels][s.outputs()];
      this.inputs = new float[s.groups()][channels];
      this.sums = new double[s.outputs()];
    }

    @Override
    public void run() {
      if (product == Product.GRAD_WEIGHT) {
        gradWeight();
        return;
      }
      loadWeights();
      for (int n = 0; n < s.batch(); n++) {
        if (product == Product.FORWARD) {
          load(x, (long) n * image.length, image);
          forward(n);
        } else {
          gradInput(n);
        }
      }
    }

    private void loadWeights() {
      for (int row = 0; row < win.positions() * channels; row++) {
        if (product == Product.FORWARD) {
          load(w, (long) row * s.outputs(), weights[row]);
          continue;
        }
        load(w, (long) row * s.outputs(), pixel);
        for (int o = 0; o < s.outputs(); o++) {
          weights[row / channels * s.outputs() + o][row % channels] = pixel[o];
        }
      }
    }

    private void forward(int n) {
      for (int p = 0; p < pixels(output); p++) {
        if (bias == 0) {
          Arrays.fill(pixel, 0);
        } else {
          Memory.copyOut(bias, pixel, 0, pixel.length);
        }
        for (int k = 0; k < win.positions(); k++) {
          int at = inputPixel(p, k);
          for (int g = 0; at >= 0 && g < s.groups(); g++) {
            for (int c = 0; c < channels; c++) {
              float value = image[at * s.channels() + g * channels + c];
              add(pixel, g * outputs, (g + 1) * outputs, value, weights[k * channels + c]);
            }
          }
        }
        Memory.copyIn(pixel, 0, y + 4L * (n * pixels(output) + p) * pixel.length, pixel.length);
      }
    }

    private void gradInput(int n) {
      for (int q = 0; q < pixels(s.input()); q++) {
        for (float[] group : inputs) {
          Arrays.fill(group, 0);
        }
        for (int k = 0; k < win.positions(); k++) {
          long at = outputPixel(q, k);
          if (at >= 0) {
            load(y, (n * pixels(output) + at) * pixel.length, pixel);
            for (int o = 0; o < pixel.length; o++) {
              add(inputs[o / outputs], 0, channels, pixel[o], weights[k * pixel.length + o]);
            }
          }
        }
        long to = x + 4L * (n * pixels(s.input()) + q) * s.channels();
        for (float[] group : inputs) {
          Memory.copyIn(group, 0, to, channels);
          to += 4L * channels;
        }
      }
    }

    private void gradWeight() {
      for (float[] row : weights) {
        Arrays.fill(row, 0);
      }
      Arrays.fill(sums, 0);
      for (int n = 0; n < s.batch(); n++) {
        load(x, (long) n * image.length, image);
        for (int p = 0; p < pixels(output); p++) {
          load(y, (n * pixels(output) + p) * pixel.length, pixel);
          for (int o = 0; o < pixel.length; o++) {
            sums[o] += pixel[o];
          }
          for (int k = 0; k < win.positions(); k++) {
            int at = inputPixel(p, k);
            for (int g = 0; at >= 0 && g < s.groups(); g++) {
              for (int c = 0; c < channels; c++) {
                float value = image[at * s.channels() + g * channels + c];
                add(weights[k * channels + c], g * outputs, (g + 1) * outputs, value, pixel);
              }
            }
          }
        }
      }
      for (int row = 0; row < weights.length; row++) {
        Memory.copyIn(weights[row], 0, w + 4L * row * pixel.length, pixel.length);
      }
      for (int o = 0; bias != 0 && o < pixel.length; o++) {
        Memory.putFloat(bias + 4L * o, (float) sums[o]);
      }
    }

    private static void add(float[] sum, int from, int to, float factor, float[] row) {
      for (int i = from; i < to; i++) {
        sum[i] = sum[i] + factor * row[i];
      }
    }

    private static long pixels(Shape image) {
      return (long) image.dim(1) * image.dim(2) * image.dim(3);
    }

    /** The input pixel of output pixel p and kernel position k; -1 in the padding. */
    private int inputPixel(int p, int k) {
      int at = 0;
      for (int axis = 0; axis < 3; axis++) {
        int position =
            coordinate(output, p, axis) * win.stride(axis)
                + kernel(k, axis) * win.dilation(axis)
                - win.low(axis);
        if (position < 0 || position >= s.input().dim(axis + 1)) {
          return -1;
        }
        at = at * s.input().dim(axis + 1) + position;
      }
      return at;
    }

    /** The output pixel that reads input pixel q by kernel position k; -1 when none does. */
    private int outputPixel(int q, int k) {
      int at = 0;
      for (int axis = 0; axis < 3; axis++) {
        int steps =
            coordinate(s.input(), q, axis) + win.low(axis) - kernel(k, axis) * win.dilation(axis);
        int position = steps / win.stride(axis);
        if (steps < 0 || steps % win.stride(axis) != 0 || position >= output.dim(axis + 1)) {
          return -1;
        }
        at = at * output.dim(axis + 1) + position;
      }
      return at;
    }

    private static int coordinate(Shape image, int pixel, int axis) {
      return switch (axis) {
        case 0 -> pixel / (image.dim(2) * image.dim(3));
        case 1 -> pixel / image.dim(3) % image.dim(2);
        default -> pixel % image.dim(3);
      };
    }

    private int kernel(int k, int axis) {
      return switch (axis) {
        case 0 -> k / (win.kernel(1) * win.kernel(2));
        case 1 -> k / win.kernel(2) % win.kernel(1);
        default -> k % win.kernel(2);
      };
    }

    /** Fills a row from element {@code index} of an operand. */
    private void load(long operand, long index, float[] row) {
      if (!rounded) {
        Memory.copyOut(operand + 4 * index, row, 0, row.length);
        return;
      }
      for (int i = 0; i < row.length; i++) {
        row[i] = Bfloat16.value(Memory.getShort(operand + 2 * (index + i)));
      }
    }
  }
}
