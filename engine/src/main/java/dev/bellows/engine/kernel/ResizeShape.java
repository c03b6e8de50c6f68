package dev.bellows.engine.kernel;

import dev.bellows.engine.tensor.Shape;

/**
 * Resampling of [N, spatial..., C] to other spatial sizes.
 *
 * @param linear interpolate; else take the pixel floor(o in / out)
 * @param aligned whether o maps to o (in - 1) / (out - 1); else to (o + 0.5) in / out - 0.5
 */
public record ResizeShape(Shape input, Shape output, boolean linear, boolean aligned) {
  /** Pixels that an output position takes at most: two along each of three axes. */
  public static final int CORNERS = 8;

  /** The same over three spatial axes: missing ones stand in front with one position. */
  public ResizeShape threeAxes() {
    return new ResizeShape(PoolShape.three(input), PoolShape.three(output), linear, aligned);
  }

  /** The position along spatial axis {@code axis} that output position {@code o} maps to. */
  public double position(int axis, int o) {
    int in = input.dim(axis + 1);
    int out = output.dim(axis + 1);
    if (!linear) {
      return Math.floorDiv((long) o * in, out); // nearest: a whole position
    }
    if (aligned) {
      return out == 1 ? 0 : (double) o * (in - 1) / (out - 1);
    }
    return Math.min(Math.max((o + 0.5) * in / out - 0.5, 0), in - 1);
  }

  /** The flat input position of a corner of output place {@code place}; of three axes only. */
  public int corner(int place, int corner) {
    int rest = place;
    int at = 0;
    int step = 1;
    for (int axis = 2; axis >= 0; axis--) {
      int size = input.dim(axis + 1);
      int low = (int) position(axis, rest % output.dim(axis + 1));
      rest /= output.dim(axis + 1);
      at += step * Math.min(size - 1, low + (corner >> axis & 1));
      step *= size;
    }
    return at;
  }

  /** The weight of a corner; of three axes only. */
  public double weight(int place, int corner) {
    double weight = 1;
    int rest = place;
    for (int axis = 2; axis >= 0; axis--) {
      double position = position(axis, rest % output.dim(axis + 1));
      rest /= output.dim(axis + 1);
      double upper = position - (int) position;
      weight *= (corner >> axis & 1) == 1 ? upper : 1 - upper;
    }
    return weight;
  }
}
