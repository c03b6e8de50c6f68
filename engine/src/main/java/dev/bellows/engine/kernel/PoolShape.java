package dev.bellows.engine.kernel;

import dev.bellows.engine.tensor.Shape;
import dev.bellows.engine.tensor.Window;

/** The shapes of a pooling: input [N, spatial..., C], output [N, windows..., C]. */
public record PoolShape(Shape input, Window window) {
  /** The same over three spatial axes: missing ones stand in front with one position. */
  public PoolShape threeAxes() {
    return new PoolShape(three(input), window.threeAxes());
  }

  /** [N, D, H, W, C] of an image of up to three spatial axes. */
  static Shape three(Shape image) {
    int missing = 5 - image.rank();
    int[] dims = new int[5];
    for (int i = 0; i < 5; i++) {
      dims[i] = i == 0 ? image.dim(0) : i <= missing ? 1 : image.dim(i - missing);
    }
    return Shape.of(dims);
  }

  /** [N, windows..., C]. */
  public Shape output() {
    int[] dims = input.dims();
    for (int i = 0; i < window.rank(); i++) {
      dims[i + 1] = window.output(i, dims[i + 1]);
    }
    return Shape.of(dims);
  }
}
