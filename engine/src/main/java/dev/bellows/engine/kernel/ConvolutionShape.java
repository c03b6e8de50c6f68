package dev.bellows.engine.kernel;

import dev.bellows.engine.tensor.DType;
import dev.bellows.engine.tensor.Shape;
import dev.bellows.engine.tensor.Window;

/**
 * The shapes of a convolution: input [N, spatial..., C], weight [kernel..., C / groups, O], output
 * [N, spatial..., O]; one to three spatial axes. Output channel o of O belongs to group o / (O /
 * groups).
 *
 * @param operands type of the two tensors that are read: FLOAT32 or BFLOAT16; sums and the result
 *     are FLOAT32 in both
 */
public record ConvolutionShape(
    Shape input, Shape weight, Window window, int groups, DType operands) {
  /** A convolution of float32 tensors. */
  public ConvolutionShape(Shape input, Shape weight, Window window, int groups) {
    this(input, weight, window, groups, DType.FLOAT32);
  }

  /** The same of operands of another type. */
  public ConvolutionShape of(DType type) {
    return new ConvolutionShape(input, weight, window, groups, type);
  }

  /** Rows of the batch. */
  public int batch() {
    return input.dim(0);
  }

  /** Channels of the input. */
  public int channels() {
    return input.dim(-1);
  }

  /** Channels of the output. */
  public int outputs() {
    return weight.dim(-1);
  }

  /** [N, spatial..., O]. */
  public Shape output() {
    int[] dims = input.dims();
    for (int i = 0; i < window.rank(); i++) {
      dims[i + 1] = window.output(i, dims[i + 1]);
    }
    dims[dims.length - 1] = outputs();
    return Shape.of(dims);
  }

  /** The same over three spatial axes: missing ones stand in front with one position. */
  public ConvolutionShape threeAxes() {
    if (window.rank() == 3) {
      return this;
    }
    return new ConvolutionShape(
        lead(input, 1, 5 - input.rank()),
        lead(weight, 0, 5 - weight.rank()),
        window.threeAxes(),
        groups,
        operands);
  }

  private static Shape lead(Shape shape, int at, int count) {
    int[] dims = new int[5];
    for (int i = 0; i < 5; i++) {
      dims[i] = i < at ? shape.dim(i) : i < at + count ? 1 : shape.dim(i - count);
    }
    return Shape.of(dims);
  }

  /** Multiplications and additions, those with padding zeros included: 2 N out k C / groups O. */
  public long flops() {
    return 2 * output().size() * (weight.size() / outputs());
  }
}
