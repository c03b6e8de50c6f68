package dev.bellows.engine.tensor;

import java.util.Arrays;

/**
 * How windows slide over the spatial axes of an image: kernel size, stride, dilation and padding
 * per axis. Immutable. Per axis the output size is floor((input + low + high - extent) / stride) +
 * 1 with extent = (kernel - 1) dilation + 1; positions that the last step does not reach are left
 * out.
 */
public final class Window {
  private final int[] kernel;
  private final int[] stride;
  private final int[] dilation;
  private final int[] low;
  private final int[] high;

  /**
   * A window of all five lists, one entry per spatial axis.
   *
   * @param low zeros before the first position
   * @param high zeros after the last
   * @throws IllegalArgumentException when the lists differ in length or an entry is out of range
   */
  public Window(int[] kernel, int[] stride, int[] dilation, int[] low, int[] high) {
    int rank = kernel.length;
    if (rank < 1
        || stride.length != rank
        || dilation.length != rank
        || low.length != rank
        || high.length != rank) {
      throw new IllegalArgumentException(
          "a window over "
              + rank
              + " axes needs as many strides, dilations and paddings, got "
              + stride.length
              + ", "
              + dilation.length
              + ", "
              + low.length
              + " and "
              + high.length);
    }
    this.kernel = atLeast("kernel", 1, kernel);
    this.stride = atLeast("stride", 1, stride);
    this.dilation = atLeast("dilation", 1, dilation);
    this.low = atLeast("padding", 0, low);
    this.high = atLeast("padding", 0, high);
  }

  private static int[] atLeast(String what, int bound, int[] values) {
    for (int value : values) {
      if (value < bound) {
        throw new IllegalArgumentException(
            what + " " + Arrays.toString(values) + ": every entry must be " + bound + " or more");
      }
    }
    return values.clone();
  }

  /** Stride 1, no dilation, no padding. */
  public static Window of(int... kernel) {
    int[] ones = new int[kernel.length];
    Arrays.fill(ones, 1);
    return new Window(kernel, ones, ones, new int[kernel.length], new int[kernel.length]);
  }

  /** The same with other strides. */
  public Window strides(int... strides) {
    return new Window(kernel, strides, dilation, low, high);
  }

  /** The same with other dilations. */
  public Window dilations(int... dilations) {
    return new Window(kernel, stride, dilations, low, high);
  }

  /** The same with as many zeros before as after. */
  public Window padding(int... both) {
    return new Window(kernel, stride, dilation, both, both);
  }

  /** The same with other padding. */
  public Window padding(int[] before, int[] after) {
    return new Window(kernel, stride, dilation, before, after);
  }

  /**
   * The same with the least padding that gives ceil(input / stride) outputs; an odd zero goes
   * after.
   */
  public Window same(int... input) {
    int[] before = new int[rank()];
    int[] after = new int[rank()];
    for (int i = 0; i < rank(); i++) {
      int outputs = (input[i] + stride[i] - 1) / stride[i];
      int zeros = Math.max(0, (outputs - 1) * stride[i] + extent(i) - input[i]);
      before[i] = zeros / 2;
      after[i] = zeros - before[i];
    }
    return padding(before, after);
  }

  /** Number of spatial axes. */
  public int rank() {
    return kernel.length;
  }

  /** Positions of the kernel along axis {@code i}. */
  public int kernel(int i) {
    return kernel[i];
  }

  /** Step between windows along axis {@code i}. */
  public int stride(int i) {
    return stride[i];
  }

  /** Step between positions of one window along axis {@code i}. */
  public int dilation(int i) {
    return dilation[i];
  }

  /** Zeros before the first position of axis {@code i}. */
  public int low(int i) {
    return low[i];
  }

  /** Zeros after the last position of axis {@code i}. */
  public int high(int i) {
    return high[i];
  }

  /** From the first to the last position of a window, both included. */
  public int extent(int i) {
    return (kernel[i] - 1) * dilation[i] + 1;
  }

  /** Positions of one window. */
  public int positions() {
    int product = 1;
    for (int k : kernel) {
      product *= k;
    }
    return product;
  }

  /**
   * Number of windows along axis {@code i} of {@code input} positions; 0 or less when none fits.
   */
  public int output(int i, int input) {
    return Math.floorDiv(input + low[i] + high[i] - extent(i), stride[i]) + 1;
  }

  /** Whether no two windows share a position and all of them together cover an input exactly. */
  public boolean tiles(int... input) {
    for (int i = 0; i < rank(); i++) {
      boolean exact =
          stride[i] == kernel[i]
              && dilation[i] == 1
              && low[i] == 0
              && high[i] == 0
              && input[i] % kernel[i] == 0;
      if (!exact) {
        return false;
      }
    }
    return true;
  }

  /**
   * The same window over three axes, missing ones in front: one position, stride 1, no padding.
   *
   * @throws IllegalStateException when there are more than three axes
   */
  public Window threeAxes() {
    if (rank() > 3) {
      throw new IllegalStateException("window " + this + " has more than three axes");
    }
    return new Window(
        lead(kernel, 1), lead(stride, 1), lead(dilation, 1), lead(low, 0), lead(high, 0));
  }

  private static int[] lead(int[] values, int fill) {
    int[] three = new int[3];
    Arrays.fill(three, fill);
    System.arraycopy(values, 0, three, 3 - values.length, values.length);
    return three;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Window w
        && Arrays.equals(kernel, w.kernel)
        && Arrays.equals(stride, w.stride)
        && Arrays.equals(dilation, w.dilation)
        && Arrays.equals(low, w.low)
        && Arrays.equals(high, w.high);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(kernel)
        + 31 * Arrays.hashCode(stride)
        + 961 * (Arrays.hashCode(dilation) + 31 * Arrays.hashCode(low) + Arrays.hashCode(high));
  }

  /** For example {@code kernel [3, 3] stride [1, 1] dilation [1, 1] padding [1, 1] [1, 1]}. */
  @Override
  public String toString() {
    return "kernel "
        + Arrays.toString(kernel)
        + " stride "
        + Arrays.toString(stride)
        + " dilation "
        + Arrays.toString(dilation)
        + " padding "
        + Arrays.toString(low)
        + " "
        + Arrays.toString(high);
  }
}
