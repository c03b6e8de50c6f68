package dev.bellows.engine.kernel;

import dev.bellows.engine.tensor.Shape;

/**
 * Regions [R, 5] (row, x1, y1, x2, y2) of images [N, H, W, C] cut into height x width bins.
 *
 * @param output [R, height, width, C]
 * @param samples bilinear samples per bin and axis; 0 for RoI pooling
 * @param scale factor from the regions' coordinates to pixels
 * @param halfPixel whether coordinates are shifted by half a pixel
 */
public record RoiShape(Shape input, Shape output, int samples, double scale, boolean halfPixel) {
  /** Sees that a bin takes a pixel (of all N H W) with a weight. */
  @FunctionalInterface
  public interface Visitor {
    /**
     * @param bin in 0 to height width - 1
     */
    void visit(int bin, long pixel, double weight);
  }

  /**
   * Visits the pixels of RoIAlign's samples of one region; a row outside the batch has none.
   *
   * @param corners row, x1, y1, x2, y2
   */
  public void align(double[] corners, Visitor visitor) {
    int row = (int) corners[0];
    if (row < 0 || row >= input.dim(0)) {
      return;
    }
    double shift = halfPixel ? 0.5 : 0;
    double least = halfPixel ? 0 : 1;
    double width = Math.max(least, (corners[3] - corners[1]) * scale) / output.dim(2);
    double height = Math.max(least, (corners[4] - corners[2]) * scale) / output.dim(1);
    for (int bin = 0; bin < output.dim(1) * output.dim(2); bin++) {
      for (int sample = 0; sample < samples * samples; sample++) {
        int line = bin / output.dim(2);
        int sampleLine = sample / samples;
        double down = (sampleLine + 0.5) / samples + line;
        double right = (sample % samples + 0.5) / samples + bin % output.dim(2);
        double y = corners[2] * scale - shift + down * height;
        double x = corners[1] * scale - shift + right * width;
        bilinear(row, bin, y, x, visitor);
      }
    }
  }

  private void bilinear(int row, int bin, double y, double x, Visitor visitor) {
    int height = input.dim(1);
    int width = input.dim(2);
    if (y < -1 || y > height || x < -1 || x > width) {
      return;
    }
    double py = Math.min(Math.max(y, 0), height - 1);
    double px = Math.min(Math.max(x, 0), width - 1);
    int top = (int) py;
    int left = (int) px;
    for (int corner = 0; corner < 4; corner++) {
      int atY = Math.min(top + corner / 2, height - 1);
      int atX = Math.min(left + corner % 2, width - 1);
      double wy = corner / 2 == 0 ? 1 - (py - top) : py - top;
      double wx = corner % 2 == 0 ? 1 - (px - left) : px - left;
      long pixel = ((long) row * height + atY) * width + atX;
      visitor.visit(bin, pixel, wy * wx / (samples * samples));
    }
  }

  /** Visits the pixels of the bins of RoI pooling of one region, in rows; weights are 1. */
  public void pool(double[] corners, Visitor visitor) {
    int row = (int) corners[0];
    if (row < 0 || row >= input.dim(0)) {
      return;
    }
    long left = Math.round(corners[1] * scale);
    long top = Math.round(corners[2] * scale);
    double width = Math.max(Math.round(corners[3] * scale) - left + 1, 1) / (double) output.dim(2);
    double height = Math.max(Math.round(corners[4] * scale) - top + 1, 1) / (double) output.dim(1);
    for (int bin = 0; bin < output.dim(1) * output.dim(2); bin++) {
      int down = bin / output.dim(2);
      int right = bin % output.dim(2);
      long fromY = inside(top + (long) Math.floor(down * height), input.dim(1));
      long toY = inside(top + (long) Math.ceil((down + 1) * height), input.dim(1));
      long fromX = inside(left + (long) Math.floor(right * width), input.dim(2));
      long toX = inside(left + (long) Math.ceil((right + 1) * width), input.dim(2));
      for (long y = fromY; y < toY; y++) {
        for (long x = fromX; x < toX; x++) {
          visitor.visit(bin, ((long) row * input.dim(1) + y) * input.dim(2) + x, 1);
        }
      }
    }
  }

  private static long inside(long at, int size) {
    return Math.min(Math.max(at, 0), size);
  }
}
