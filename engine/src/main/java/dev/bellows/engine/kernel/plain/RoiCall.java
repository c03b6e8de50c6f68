package dev.bellows.engine.kernel.plain;

import static dev.bellows.engine.tensor.Memory.getFloat;
import static dev.bellows.engine.tensor.Memory.getInt;
import static dev.bellows.engine.tensor.Memory.putFloat;
import static dev.bellows.engine.tensor.Memory.putInt;

import dev.bellows.engine.kernel.KernelCall;
import dev.bellows.engine.kernel.RoiShape;
import dev.bellows.engine.tensor.Memory;

/** Regions of interest, one after another: few, and each of few bins. */
final class RoiCall implements KernelCall, RoiShape.Visitor {
  enum Kind {
    ALIGN,
    ALIGN_GRAD,
    MAX_INDEX
  }

  private final RoiShape shape;
  private final long image;
  private final long regions;
  private final long bins;
  private final Kind kind;
  private final int channels;
  private final double[] corners = new double[5];
  private long region;

  RoiCall(RoiShape shape, long image, long regions, long bins, Kind kind) {
    this.shape = shape;
    this.image = image;
    this.regions = regions;
    this.bins = bins;
    this.kind = kind;
    this.channels = shape.input().dim(3);
  }

  @Override
  public void run() {
    if (kind == Kind.ALIGN_GRAD) {
      Memory.zero(image, 4 * shape.input().size());
    } else if (kind == Kind.ALIGN) {
      Memory.zero(bins, 4 * shape.output().size());
    } else {
      for (long i = 0; i < shape.output().size(); i++) {
        putInt(bins + 4 * i, -1);
      }
    }
    long perRegion = 4 * shape.output().size() / shape.output().dim(0);
    for (int r = 0; r < shape.output().dim(0); r++) {
      region = bins + r * perRegion;
      for (int i = 0; i < corners.length; i++) {
        corners[i] = getFloat(regions + 4L * (5 * r + i));
      }
      if (kind == Kind.MAX_INDEX) {
        shape.pool(corners, this);
      } else {
        shape.align(corners, this);
      }
    }
  }

  @Override
  public void visit(int bin, long pixel, double weight) {
    for (int c = 0; c < channels; c++) {
      long x = image + 4 * (pixel * channels + c);
      long y = region + 4L * (bin * channels + c);
      switch (kind) {
        case ALIGN -> putFloat(y, getFloat(y) + (float) weight * getFloat(x));
        case ALIGN_GRAD -> putFloat(x, getFloat(x) + (float) weight * getFloat(y));
        case MAX_INDEX -> {
          int at = getInt(y);
          if (at < 0 || getFloat(x) > getFloat(image + 4 * ((long) at * channels + c))) {
            putInt(y, (int) pixel);
          }
        }
      }
    }
  }
}
