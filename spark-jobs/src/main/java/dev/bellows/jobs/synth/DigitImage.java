package dev.bellows.jobs.synth;

import dev.bellows.jobs.synth.Strokes.Stroke;
import java.util.ArrayList;
import java.util.List;

/**
 * One made digit, 28x28 grey bytes: strokes under a random affine map (turn, size, shear, shift)
 * and a smooth elastic distortion, drawn with a random pen, with noise. The shift is what a linear
 * model can't follow and a hidden layer can.
 */
final class DigitImage {
  static final int SIDE = 28;
  private static final int WAVES = 3;
  private static final double STEP = 0.04;

  private final Draws draws;
  private final double[] wave = new double[WAVES * 6];
  private final double[] affine = new double[6];

  private DigitImage(Draws draws) {
    this.draws = draws;
  }

  /** The image of a row. */
  static byte[] draw(int digit, Draws draws) {
    return new DigitImage(draws).draw(digit);
  }

  private byte[] draw(int digit) {
    distortion();
    List<List<Stroke>> ways = Strokes.of(digit);
    List<double[]> lines = new ArrayList<>();
    for (Stroke stroke : ways.get(draws.below(ways.size()))) {
      lines.add(bend(stroke.points()));
    }
    double pen = draws.between(0.9, 1.7); // half width in pixels
    double ink = draws.between(185, 255);
    double grain = draws.between(4, 22);
    double[] image = new double[SIDE * SIDE];
    for (double[] line : lines) {
      paint(line, pen, image);
    }
    byte[] pixels = new byte[SIDE * SIDE];
    for (int i = 0; i < pixels.length; i++) {
      double noise = grain * draws.normal();
      double value = ink * image[i] + (image[i] > 0 ? noise : Math.max(0, noise - 1.2 * grain));
      pixels[i] = (byte) Math.round(Math.max(0, Math.min(255, value)));
    }
    return pixels;
  }

  private void distortion() {
    double turn = draws.between(-0.27, 0.27);
    double shear = draws.between(-0.27, 0.27);
    double wide = draws.between(0.82, 1.05);
    double high = draws.between(0.82, 1.05);
    double cos = StrictMath.cos(turn);
    double sin = StrictMath.sin(turn);
    affine[0] = wide * cos;
    affine[1] = high * (shear * cos - sin);
    affine[2] = wide * sin;
    affine[3] = high * (shear * sin + cos);
    affine[4] = draws.between(-0.08, 0.08);
    affine[5] = draws.between(-0.07, 0.07);
    for (int k = 0; k < WAVES; k++) {
      wave[6 * k] = draws.between(-0.035, 0.035); // amplitude in x
      wave[6 * k + 1] = draws.between(-0.035, 0.035); // amplitude in y
      wave[6 * k + 2] = draws.between(-1.6, 1.6); // waves over the square, in x and in y
      wave[6 * k + 3] = draws.between(-1.6, 1.6);
      wave[6 * k + 4] = draws.between(0, 2 * Math.PI);
      wave[6 * k + 5] = draws.between(0, 2 * Math.PI);
    }
  }

  /** The stroke in pixels: cut fine, bent, mapped. */
  private double[] bend(double[] points) {
    List<Double> fine = new ArrayList<>();
    for (int i = 0; i + 3 < points.length; i += 2) {
      double length = StrictMath.hypot(points[i + 2] - points[i], points[i + 3] - points[i + 1]);
      int parts = Math.max(1, (int) StrictMath.ceil(length / STEP));
      for (int p = i == 0 ? 0 : 1; p <= parts; p++) {
        double t = (double) p / parts;
        point(
            points[i] + t * (points[i + 2] - points[i]),
            points[i + 1] + t * (points[i + 3] - points[i + 1]),
            fine);
      }
    }
    return fine.stream().mapToDouble(Double::doubleValue).toArray();
  }

  private void point(double x, double y, List<Double> out) {
    double bx = x;
    double by = y;
    for (int k = 0; k < WAVES; k++) {
      double phase = 2 * Math.PI * (wave[6 * k + 2] * x + wave[6 * k + 3] * y);
      bx += wave[6 * k] * StrictMath.sin(phase + wave[6 * k + 4]);
      by += wave[6 * k + 1] * StrictMath.sin(phase + wave[6 * k + 5]);
    }
    double dx = bx - 0.5;
    double dy = by - 0.5;
    double size = SIDE * 0.76;
    out.add(SIDE * (0.5 + affine[4]) + size * (affine[0] * dx + affine[1] * dy));
    out.add(SIDE * (0.5 + affine[5]) + size * (affine[2] * dx + affine[3] * dy));
  }

  /** Darkens pixels near the line: full within the pen, fading over one pixel. */
  private static void paint(double[] line, double pen, double[] image) {
    double reach = pen + 1;
    for (int i = 0; i + 3 < line.length; i += 2) {
      double ax = line[i];
      double ay = line[i + 1];
      double bx = line[i + 2];
      double by = line[i + 3];
      int left = Math.max(0, (int) (Math.min(ax, bx) - reach));
      int right = Math.min(SIDE - 1, (int) (Math.max(ax, bx) + reach));
      int top = Math.max(0, (int) (Math.min(ay, by) - reach));
      int bottom = Math.min(SIDE - 1, (int) (Math.max(ay, by) + reach));
      double ux = bx - ax;
      double uy = by - ay;
      double square = ux * ux + uy * uy;
      for (int y = top; y <= bottom; y++) {
        for (int x = left; x <= right; x++) {
          double px = x + 0.5 - ax;
          double py = y + 0.5 - ay;
          double t = square == 0 ? 0 : Math.max(0, Math.min(1, (px * ux + py * uy) / square));
          double gap = Math.sqrt((px - t * ux) * (px - t * ux) + (py - t * uy) * (py - t * uy));
          double ink = Math.max(0, Math.min(1, pen + 0.5 - gap));
          image[y * SIDE + x] = Math.max(image[y * SIDE + x], ink);
        }
      }
    }
  }
}
